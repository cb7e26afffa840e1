//! A report as tables.

use serde_json::Value;

use super::document::SweepReport;
use super::effects::Effect;
use super::results::{Row, text};
use crate::cli::sweep::document::tell_ends;
use crate::cli::terminal::{count, counted};
use crate::cli::{CliError, Column, Shell, Table};
use crate::units::significant;

/// Points of the frontier that are shown.
const FRONTIER: usize = 12;

/// Prints it.
pub(super) fn print(report: &SweepReport, shell: &mut Shell) -> Result<(), CliError> {
    let by = &report.by;
    shell.heading(format!("{}: {} points", report.name, count(report.points)))?;
    tell_ends(&report.states, &report.reasons, shell)?;
    if !report.conditions.is_empty() {
        let conditions = report.conditions.join(" and ");
        shell.line(format!("{} where {conditions}", counted(report.kept as usize, "point")))?;
    }
    if report.kept == 0 {
        return shell.line("No point is left.");
    }
    if report.best.is_empty() {
        return shell.line(format!("{by} is not known of any point."));
    }
    shell.line("")?;
    let least = if report.least_first { "least" } else { "most" };
    shell.line(format!("{} with the {least} {by}:", counted(report.best.len(), "point")))?;
    shell.table(points(report, &report.best))?;
    if report.frontier.len() > 1 {
        shell.line("")?;
        shell.line(format!(
            "Speed per user against output per GPU, {} that no other beats in both:",
            counted(report.frontier.len(), "point")
        ))?;
        shell.table(points(report, spread(&report.frontier).as_slice()))?;
    }
    for effect in &report.effects {
        shell.line("")?;
        shell.table(groups(effect, by))?;
    }
    Ok(())
}

/// At most so many of the frontier, both ends among them.
fn spread(rows: &[Row]) -> Vec<Row> {
    if rows.len() <= FRONTIER {
        return rows.to_vec();
    }
    let place = |i: usize| i * (rows.len() - 1) / (FRONTIER - 1);
    (0..FRONTIER).map(|i| rows[place(i)].clone()).collect()
}

fn points(report: &SweepReport, rows: &[Row]) -> Table {
    let names = report.columns();
    let is_number = |name: &&str| rows.iter().all(|row| !matches!(row[*name], Value::String(_)));
    let kinds: Vec<_> = names
        .iter()
        .map(|name| if is_number(name) { Column::Number("") } else { Column::Name("") })
        .collect();
    let titles = names.iter().map(|name| title(name)).collect();
    let mut table = Table::titled(&kinds, titles);
    for row in rows {
        table.row(names.iter().map(|name| cell(&row[*name])).collect::<Vec<_>>());
    }
    table
}

/// What a column is called in a table.
pub(super) fn title(column: &str) -> String {
    column.strip_prefix("figure_").unwrap_or(column).to_owned()
}

pub(super) fn cell(value: &Value) -> String {
    match value.as_f64() {
        Some(number) if value.is_f64() => significant(number, 3),
        _ => text(value),
    }
}

fn groups(effect: &Effect, by: &str) -> Table {
    let kinds = [
        Column::Name(""),
        Column::Number(""),
        Column::Number(""),
        Column::Number(""),
        Column::Number(""),
    ];
    let [points, least, most] = ["points", "least", "most"].map(str::to_owned);
    let titles = vec![title(&effect.axis), points, format!("mean {by}"), least, most];
    let mut table = Table::titled(&kinds, titles);
    for group in &effect.groups {
        let figures = [group.mean, group.least, group.most].map(|figure| significant(figure, 3));
        let [mean, least, most] = figures;
        table.row([group.value.clone(), count(group.points), mean, least, most]);
    }
    table
}
