//! What `calibrate --floor` says beside the errors.

use serde::Serialize;

use super::rows::{Document, Row, percent};
use crate::cli::terminal::known;
use crate::cli::{CliError, Column, Shell, Table};
use crate::fidelity::fit::{Score, Twins};

/// Errors on the same held-out shapes, had the table been interpolated.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct FloorScores {
    /// The table alone.
    table: Score,
    /// What the form missed of it.
    joined: Score,
}

/// How far the same kernel is from itself.
#[derive(Debug, Serialize)]
pub(super) struct TwinRow {
    family: &'static str,
    key: String,
    /// A pool of chips, or `all`.
    place: String,
    twins_differ_in: &'static str,
    n: usize,
    median: f64,
    p90: f64,
}

impl FloorScores {
    /// The scores of predicted over measured, by the table and by form and table; none of no rows.
    pub(super) fn of(table: &[f64], joined: &[f64]) -> Option<Self> {
        Some(Self { table: Score::of(table)?, joined: Score::of(joined)? })
    }
}

impl TwinRow {
    /// The row of `twins` of a family.
    pub(super) fn of(family: &'static str, twins: Twins) -> Self {
        let Twins { difference, key, place, score } = twins;
        let (n, median, p90) = (score.n, score.median, score.p90);
        Self { family, key, place, twins_differ_in: difference.name(), n, median, p90 }
    }
}

/// Both for people.
pub(super) fn print_floors(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    shell
        .line("\nThe floor: the same held-out shapes, interpolated among the rows not held out")?;
    shell.table(interpolated(&document.rows))?;
    shell.line("\nThe floor: twins, which forms cannot tell apart, against their mean")?;
    shell.table(apart(&document.twins))
}

fn interpolated(rows: &[Row]) -> Table {
    let mut table = Table::new(&[
        Column::Name("Family"),
        Column::Name("Key"),
        Column::Name("Place"),
        Column::Name("Engine"),
        Column::Number("n"),
        Column::Number("form"),
        Column::Number("p90"),
        Column::Number("table"),
        Column::Number("p90"),
        Column::Number("form + table"),
        Column::Number("p90"),
        Column::Number("target"),
    ]);
    for row in rows {
        let Some((form, floor)) = row.held_out.zip(row.floor) else { continue };
        let names = [row.family, &row.key, &row.place, &row.engine].map(str::to_owned);
        let errors = [form, floor.table, floor.joined]
            .into_iter()
            .flat_map(|score| [percent(score.median), percent(score.p90)]);
        let cells = names.into_iter().chain([form.n.to_string()]).chain(errors);
        table.row(cells.chain([known(row.shown_target())]).collect::<Vec<_>>());
    }
    table
}

fn apart(twins: &[TwinRow]) -> Table {
    let mut table = Table::new(&[
        Column::Name("Family"),
        Column::Name("Key"),
        Column::Name("Place"),
        Column::Name("Twins differ in"),
        Column::Number("n"),
        Column::Number("median"),
        Column::Number("p90"),
    ]);
    for row in twins {
        table.row([
            row.family.to_owned(),
            row.key.clone(),
            row.place.clone(),
            row.twins_differ_in.to_owned(),
            row.n.to_string(),
            percent(row.median),
            percent(row.p90),
        ]);
    }
    table
}
