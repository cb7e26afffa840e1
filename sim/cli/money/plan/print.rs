//! The tables of `memwall plan`.

use super::document::{DemandRow, Document, MixRow, Row};
use crate::cli::terminal::{known, number};
use crate::cli::{CliError, Column, Shell, Table};
use crate::units::significant;

pub(super) fn print(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    for (i, demand) in document.demands.iter().enumerate() {
        shell.heading(heading(demand, document))?;
        shell.line("")?;
        let rows: Vec<_> = document.fleets.iter().filter(|row| row.demand == i).collect();
        if rows.is_empty() {
            shell.line("No fleet of one kind keeps the limits.")?;
        } else {
            shell.table(fleets(&rows))?;
        }
        for unfit in document.unfit.iter().filter(|unfit| unfit.demand == i) {
            shell.line(format!("{}: {}", unfit.chip, unfit.reason))?;
        }
        shell.line("")?;
    }
    match &document.mix {
        Some(mix) => mixed(mix, document, shell),
        None => shell.line("No mix of chips does better than the first."),
    }
}

pub(super) fn heading(demand: &DemandRow, document: &Document) -> String {
    let name = if demand.name.is_empty() { String::new() } else { format!("{}: ", demand.name) };
    format!(
        "{name}{} on {}: {} tasks an hour at the peak, {} on average; {} spare replicas, {} \
         first ({})",
        demand.model,
        demand.workload,
        significant(demand.peak_tasks_per_hour, 3),
        significant(demand.tasks_per_hour, 3),
        document.spare_replicas,
        document.objective,
        document.basis
    )
}

/// Fleets of one kind of replica.
pub(super) fn fleets(rows: &[&Row]) -> Table {
    let has_engines = rows.iter().any(|row| row.engine != rows[0].engine);
    let has_bands = rows.iter().any(|row| row.gpus_band.low.is_some());
    let mut columns = vec![Column::Name("chip"), Column::Number("GPUs")];
    columns.extend(has_bands.then_some(Column::Number("80 %")));
    columns.extend([Column::Number("replicas"), Column::Name("plan")]);
    columns.extend(has_engines.then_some(Column::Name("engine")));
    columns.extend([
        Column::Number("USD/h"),
        Column::Number("USD/task"),
        Column::Number("MW"),
        Column::Number("load"),
        Column::Name("binds"),
        Column::Name("frontier"),
    ]);
    let mut table = Table::new(&columns);
    for row in rows {
        let mut cells = vec![row.chip.clone(), row.gpus.to_string()];
        if has_bands {
            cells.push(match (row.gpus_band.low, row.gpus_band.high) {
                (Some(low), Some(high)) => format!("{low:.0}–{high:.0}"),
                _ => known(None::<String>),
            });
        }
        cells.extend([row.replicas.to_string(), known(row.plan.as_ref())]);
        cells.extend(has_engines.then(|| row.engine.clone()));
        cells.extend([
            number(row.usd_per_hour),
            number(row.usd_per_task),
            number(row.facility_mw),
            format!("{:.0} %", row.load * 100.0),
            row.binding.clone(),
            if row.on_frontier { "yes".into() } else { String::new() },
        ]);
        table.row(cells);
    }
    table
}

fn mixed(mix: &MixRow, document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    shell.heading(headline(mix))?;
    shell.line("")?;
    shell.table(parts(mix, document))
}

/// What a mixed fleet takes, and gains.
pub(super) fn headline(mix: &MixRow) -> String {
    let gain = match mix.against_single {
        Some(share) if share < 0.9995 => {
            format!(", {} % less than of one kind each", significant((1.0 - share) * 100.0, 2))
        }
        _ => String::new(),
    };
    format!(
        "Mixed: {} GPUs, {} USD an hour, {} MW{gain}",
        mix.gpus,
        number(mix.usd_per_hour),
        number(mix.facility_mw)
    )
}

/// The parts of a mixed fleet.
pub(super) fn parts(mix: &MixRow, document: &Document) -> Table {
    let has_demands = document.demands.len() > 1;
    let mut columns = Vec::new();
    columns.extend(has_demands.then_some(Column::Name("for")));
    columns.extend([
        Column::Name("chip"),
        Column::Number("GPUs"),
        Column::Number("replicas"),
        Column::Name("plan"),
        Column::Name("engine"),
        Column::Number("tasks/h each"),
    ]);
    let mut table = Table::new(&columns);
    for part in &mix.parts {
        let mut cells = Vec::new();
        cells.extend(has_demands.then(|| document.demands[part.demand].name.clone()));
        cells.extend([
            part.chip.clone(),
            part.gpus.to_string(),
            part.replicas.to_string(),
            known(part.plan.as_ref()),
            part.engine.clone(),
            number(Some(part.tasks_per_hour_per_replica)),
        ]);
        table.row(cells);
    }
    table
}
