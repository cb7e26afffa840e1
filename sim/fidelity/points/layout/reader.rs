//! From a file to points, whichever layout it has.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};

use super::table::{Columns, Row};
use super::twice::Listed;
use super::{published, serving};
use crate::fidelity::points::point::{Metric, Point, Tags};
use crate::fidelity::points::scenario::Scenario;
use crate::hardware;
use crate::model;

/// What names resolve against.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// Chips.
    pub chips: &'a hardware::Catalog,
    /// Models.
    pub models: &'a model::Catalog,
}

/// Why a file gives no points.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointsError {
    /// Columns of neither layout.
    #[error(
        "{file}: lacks the columns {}; write those of e2e_published.csv (`metric`, `value`, …) \
         or of serving_ttft_tpot.csv (`mode`, `silicon_tpot_ms`, …)",
        missing.join(", ")
    )]
    Columns {
        /// Which file.
        file: String,
        /// What the nearer layout needs besides.
        missing: Vec<String>,
    },
    /// Two columns of one name.
    #[error("{file}: two columns `{column}`; remove one, or name them apart")]
    Twice {
        /// Which file.
        file: String,
        /// Which column.
        column: String,
    },
    /// Not CSV at all.
    #[error("{file}: is not a CSV file: {problem}")]
    Csv {
        /// Which file.
        file: String,
        /// What is wrong.
        problem: String,
    },
}

/// What a row gives: figures that share one question.
pub(super) struct Figures {
    pub(super) tags: Tags,
    /// Each a metric and its value, or what is wrong with it.
    pub(super) values: Vec<(Metric, Result<f64, String>)>,
    pub(super) ask: Result<Scenario, String>,
}

/// The catalogues' names of what a file calls its chips and models, each looked up once.
pub(super) struct Names<'a> {
    pub(super) reader: Reader<'a>,
    chips: Found,
    models: Found,
}

/// Names by how they are written, or why there is none.
type Found = BTreeMap<String, Result<String, String>>;

/// What columns tell a file apart by.
enum Layout {
    /// With the runs that were listed so far.
    Serving(Listed<serving::Run>),
    Published,
}

/// Reads `text`, which is of `file`. Rows that cannot be used become points with a reason.
pub fn read_points(file: &str, text: &str, reader: Reader) -> Result<Vec<Point>, PointsError> {
    let csv_error =
        |error: csv::Error| PointsError::Csv { file: file.to_owned(), problem: error.to_string() };
    let mut rows =
        ReaderBuilder::new().flexible(true).comment(Some(b'#')).from_reader(text.as_bytes());
    let header = rows.headers().map_err(csv_error)?.clone();
    if let Some(column) = Columns::twice(&header) {
        return Err(PointsError::Twice { file: file.to_owned(), column });
    }
    let columns = Columns::of(&header);
    let mut layout = Layout::of(&columns);
    let missing = columns.missing(layout.columns());
    if !missing.is_empty() {
        let missing = missing.into_iter().map(|name| format!("`{name}`")).collect();
        return Err(PointsError::Columns { file: file.to_owned(), missing });
    }
    let (mut points, mut names) = (Vec::new(), Names::of(reader));
    for (row, cells) in rows.records().enumerate() {
        let cells = cells.map_err(csv_error)?;
        let found = match ragged(&cells, &header) {
            Some(reason) => Figures { tags: Tags::default(), values: Vec::new(), ask: Err(reason) },
            None => layout.figures(&Row { columns: &columns, cells: &cells }, &mut names),
        };
        points.extend(found.points(file, row));
    }
    Ok(points)
}

fn ragged(cells: &StringRecord, header: &StringRecord) -> Option<String> {
    let (has, needs) = (cells.len(), header.len());
    (has != needs).then(|| format!("the row has {has} cells, the header {needs}"))
}

impl Layout {
    fn of(columns: &Columns) -> Self {
        let is_serving =
            ["silicon_tpot_ms", "silicon_ttft_ms", "mode"].iter().any(|name| columns.has(name));
        if is_serving { Self::Serving(Listed::new()) } else { Self::Published }
    }

    /// What a file of it must have.
    const fn columns(&self) -> &'static [&'static str] {
        match self {
            Self::Serving(_) => &serving::COLUMNS,
            Self::Published => &published::COLUMNS,
        }
    }

    /// What it makes of a row that follows others.
    fn figures(&mut self, row: &Row, names: &mut Names) -> Figures {
        match self {
            Self::Serving(listed) => serving::figures(row, names, listed),
            Self::Published => published::figures(row, names),
        }
    }
}

impl Figures {
    fn points(self, file: &str, row: usize) -> Vec<Point> {
        let Self { tags, mut values, ask } = self;
        if values.is_empty() {
            // The row itself is to be named.
            let metric = Metric::named("tpot_ms").expect("a metric of the layouts");
            values.push((metric, Ok(f64::NAN)));
        }
        let point = |(metric, value): (Metric, Result<f64, String>)| {
            let (measured, ask) = match value {
                Ok(value) => (value, ask.clone()),
                Err(reason) => (f64::NAN, Err(reason)),
            };
            Point { file: file.to_owned(), row, metric, measured, tags: tags.clone(), ask }
        };
        values.into_iter().map(point).collect()
    }
}

impl<'a> Names<'a> {
    const fn of(reader: Reader<'a>) -> Self {
        Self { reader, chips: Found::new(), models: Found::new() }
    }

    /// The catalogue's name of a chip.
    pub(super) fn chip(&mut self, name: &str) -> Result<String, String> {
        let chips = self.reader.chips;
        let find = || Ok(chips.chip(name).map_err(|error| error.to_string())?.name.clone());
        once(&mut self.chips, name, find)
    }

    /// The catalogue's name of a model.
    pub(super) fn model(&mut self, name: &str) -> Result<String, String> {
        let models = self.reader.models;
        let find = || Ok(models.model(name).map_err(|error| error.to_string())?.name);
        once(&mut self.models, name, find)
    }
}

fn once(
    found: &mut Found,
    name: &str,
    find: impl FnOnce() -> Result<String, String>,
) -> Result<String, String> {
    if let Some(known) = found.get(name) {
        return known.clone();
    }
    found.entry(name.to_owned()).or_insert_with(find).clone()
}
