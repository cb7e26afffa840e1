//! The page of `memwall demand`.

use super::document::{Document, Row};
use super::print::{chips, uses};
use crate::report::{Bar, Plot, Section, Sheet};
use crate::units::significant;

/// What `document` says, in charts and tables.
pub(super) fn sheet(document: &Document) -> Sheet {
    let mut sections = vec![tokens(document), dollars(document)];
    sections.extend(document.model.as_ref().map(|model| carried(document, model)));
    Sheet {
        title: format!("Demand: {}", document.description),
        schema: "memwall.demand/1",
        facts: vec![("Scenario", document.scenario.clone())],
        warnings: document.warnings.clone(),
        sections,
    }
}

/// A bar for each use.
fn bars(
    document: &Document,
    value: impl Fn(&Row) -> f64,
    range: impl Fn(&Row) -> Option<(f64, f64)>,
) -> Vec<Bar> {
    let bar = |row: &Row| Bar {
        name: row.figures.name.clone(),
        value: value(row),
        range: range(row),
        kind: row.figures.era.name().into(),
    };
    document.uses.iter().map(bar).collect()
}

fn tokens(document: &Document) -> Section {
    let bars = bars(document, |row| row.figures.tokens_per_day.total() / 1e6, |_| None);
    let plot = Plot::Bars { x: "million tokens a day".into(), bars };
    Section {
        id: "tokens",
        heading: "Tokens a day".into(),
        says: document
            .statements
            .iter()
            .map(|one| {
                let value = significant(one.value, 3);
                format!(
                    "{}: {} published, {value} from the inputs.",
                    one.says,
                    significant(one.published, 3)
                )
            })
            .collect(),
        plot: Some((plot, "All tokens, cache reads among them.".into())),
        table: Some(uses(document).for_page()),
    }
}

fn dollars(document: &Document) -> Section {
    let range = |row: &Row| {
        let [low, high] = row.figures.usd_per_day_range;
        (high - low > 1e-9).then_some((low, high))
    };
    let bars = bars(document, |row| row.figures.usd_per_day, range);
    let plot = Plot::Bars { x: "dollars a day at API list prices".into(), bars };
    Section {
        id: "dollars",
        heading: "Dollars a day".into(),
        says: Vec::new(),
        plot: Some((plot, "Whiskers: the range of the inputs.".into())),
        table: None,
    }
}

fn carried(document: &Document, model: &str) -> Section {
    let bar = |row: &Row| {
        let of = |on: &super::document::OnChip| Bar {
            name: format!("{}, {}", row.figures.name, on.chip),
            value: on.carried.gpu_s_per_user_day,
            range: None,
            kind: row.figures.era.name().into(),
        };
        row.carried.iter().map(of).collect::<Vec<_>>()
    };
    let bars = document.uses.iter().flat_map(bar).collect();
    let plot = Plot::Bars { x: "GPU-seconds a user and day".into(), bars };
    Section {
        id: "chips",
        heading: format!("What carries it, with {model}"),
        says: Vec::new(),
        plot: Some((plot, "Every chip at its best within the service level of `wall`.".into())),
        table: Some(chips(document).for_page()),
    }
}
