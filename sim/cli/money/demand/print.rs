//! The tables of `memwall demand`.

use super::document::Document;
use crate::cli::terminal::number;
use crate::cli::{CliError, Column, Shell, Table};
use crate::units::significant;

/// Prints what people ask for.
pub(super) fn print(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    shell.heading(format!("{}: {}", document.scenario, document.description))?;
    shell.line("")?;
    shell.table(uses(document))?;
    if let Some(model) = &document.model {
        shell.line("")?;
        shell.table(chips(document))?;
        shell.line(format!(
            "Tasks of the workload named, simulated with {model}, every chip at its best within \
             wall's\nservice level; fleets for a peak at {} % mean load.",
            significant(document.utilisation * 100.0, 2)
        ))?;
    }
    if document.statements.is_empty() {
        return Ok(());
    }
    shell.line("")?;
    let mut table = Table::new(&[
        Column::Name("published"),
        Column::Number("there"),
        Column::Number("from the inputs"),
    ]);
    for statement in &document.statements {
        table.row([statement.says.clone(), short(statement.published), short(statement.value)]);
    }
    shell.table(table)
}

pub(super) fn uses(document: &Document) -> Table {
    let mut table = Table::new(&[
        Column::Name("a day of"),
        Column::Name("era"),
        Column::Number("tokens"),
        Column::Number("cached"),
        Column::Number("output"),
        Column::Number("USD"),
        Column::Number("USD range"),
        Column::Number("USD a year"),
        Column::Number("tasks"),
    ]);
    for row in &document.uses {
        let (used, tokens) = (&row.figures, &row.figures.tokens_per_day);
        let [low, high] = used.usd_per_day_range;
        let range = if high - low < 1e-9 {
            String::new()
        } else {
            format!("{}–{}", short(low), short(high))
        };
        table.row([
            used.name.clone(),
            used.era.name().into(),
            short(tokens.total()),
            format!("{:.0} %", tokens.cached * 100.0 / tokens.total()),
            short(tokens.output),
            short(used.usd_per_day),
            range,
            short(used.usd_per_day * 365.0),
            short(used.tasks_per_day),
        ]);
    }
    table
}

pub(super) fn chips(document: &Document) -> Table {
    let mut table = Table::new(&[
        Column::Name("carried by"),
        Column::Name("chip"),
        Column::Name("workload"),
        Column::Number("GPU-s a user-day"),
        Column::Number("GPUs"),
        Column::Number("facility kW"),
    ]);
    for row in &document.uses {
        for (i, on) in row.carried.iter().enumerate() {
            let first = |text: &str| if i == 0 { text.to_owned() } else { String::new() };
            table.row([
                first(&row.figures.name),
                on.chip.clone(),
                first(&row.figures.workload),
                short(on.carried.gpu_s_per_user_day),
                short(on.carried.gpus),
                number(on.carried.facility_kw),
            ]);
        }
    }
    table
}

/// Three digits, with the suffix of a large number.
fn short(value: f64) -> String {
    let steps = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e4, " k")];
    let step = steps.iter().find(|step| value >= step.0);
    let (scale, suffix) = match step {
        Some(&(1e4, suffix)) => (1e3, suffix),
        Some(&(scale, suffix)) => (scale, suffix),
        None => (1.0, ""),
    };
    format!("{}{suffix}", significant(value / scale, 3))
}
