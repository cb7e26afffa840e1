//! The tables of `memwall plan`.

use super::document::{DemandRow, Document, MixRow, PartRow, Row};
use super::peak::PeakHour;
use crate::cli::terminal::{count, counted, known, number};
use crate::cli::{CliError, Column, Shell, Table};
use crate::units::significant;

pub(super) fn print(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    for (i, demand) in document.demands.iter().enumerate() {
        shell.heading(heading(demand))?;
        shell.sentence(terms(demand, document))?;
        shell.line("")?;
        let rows: Vec<_> = document.fleets.iter().filter(|row| row.demand == i).collect();
        if rows.is_empty() {
            shell.line("No fleet of one kind keeps the limits.")?;
        } else {
            shell.table(fleets(&rows))?;
            shell.line("")?;
            shell.table(peaks(&rows))?;
            shell.line("")?;
            for sentence in findings(&rows, document) {
                shell.sentence(sentence)?;
            }
        }
        for unfit in document.unfit.iter().filter(|unfit| unfit.demand == i) {
            shell.sentence(format!("{}: {}.", unfit.chip, unfit.reason))?;
        }
        shell.line("")?;
    }
    let Some(mix) = &document.mix else {
        return shell.line("No mix of kinds does better than the first.");
    };
    shell.heading(headline(mix, document))?;
    shell.line("")?;
    shell.table(parts(mix, document))?;
    shell.line("")?;
    shell.table(part_peaks(mix, document))
}

pub(super) fn heading(demand: &DemandRow) -> String {
    let name = if demand.name.is_empty() { String::new() } else { format!("{}: ", demand.name) };
    let peak = significant(demand.peak_tasks_per_hour, 3);
    let mean = significant(demand.tasks_per_hour, 3);
    let rate = if peak == mean {
        format!("{mean} tasks an hour")
    } else {
        format!("{mean} tasks an hour, {peak} at the peak")
    };
    format!("{name}{} on {}, {rate}", demand.model, demand.workload)
}

/// What fleets have to keep, and how they are told apart.
fn terms(demand: &DemandRow, document: &Document) -> String {
    let spare = match document.spare_replicas {
        0 => "without spare replicas".to_owned(),
        1 => "even if one replica fails".to_owned(),
        many => format!("even if {many} replicas fail"),
    };
    let first = match document.objective {
        "cheapest" => "cheapest",
        "smallest" => "fewest chips",
        _ => "least power",
    };
    let paid = if document.basis == "rental" { "rented" } else { "bought" };
    let at = if demand.peak_tasks_per_hour > demand.tasks_per_hour { " at the peak" } else { "" };
    let steps = document.steps.as_ref().map_or_else(String::new, |steps| format!("; {steps}"));
    format!("Keeping {}{at}, {spare}; {first} first; chips {paid}{steps}.", document.slo)
}

/// Fleets of one kind.
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
        Column::Number("kW"),
        Column::Name("frontier"),
    ]);
    let mut table = Table::new(&columns);
    for row in rows {
        let [chips, plans] = row.names.clone();
        let mut cells = vec![chips, count(row.gpus)];
        if has_bands {
            cells.push(match (row.gpus_band.low, row.gpus_band.high) {
                (Some(low), Some(high)) => format!("{}–{}", count(low as u64), count(high as u64)),
                _ => known(None::<String>),
            });
        }
        cells.extend([count(row.replicas), plans]);
        cells.extend(has_engines.then(|| row.engine.clone()));
        cells.extend([
            number(row.usd_per_hour),
            number(row.usd_per_task),
            number(row.facility_mw.map(|megawatts| megawatts * 1e3)),
            if row.on_frontier { "yes".into() } else { String::new() },
        ]);
        table.row(cells);
    }
    table
}

/// What fleets of one kind come to at their peak.
pub(super) fn peaks(rows: &[&Row]) -> Table {
    let mut table = peak_table(&[Column::Name("at the peak hour"), Column::Number("load")]);
    for row in rows {
        let added = match row.added_replicas {
            0 => String::new(),
            some => format!("+{some}"),
        };
        let own = vec![row.names[0].clone(), format!("{:.0} %", row.load * 100.0)];
        table.row([own, reached(row.peak.as_ref()), vec![row.binding.clone(), added]].concat());
    }
    table
}

fn peak_table(first: &[Column]) -> Table {
    let reached = ["p99 TTFT, s", "p50 TPOT, ms", "p99 TPOT, ms"].map(Column::Number);
    let last = [Column::Name("binds"), Column::Number("added")];
    Table::new(&[first, &reached, &last].concat())
}

fn reached(peak: Option<&PeakHour>) -> Vec<String> {
    let reached = peak.map(|peak| peak.reached).unwrap_or_default();
    let seconds = reached.ttft_ms_p99.map(|ms| ms / 1e3);
    vec![number(seconds), number(reached.tpot_ms_p50), number(reached.tpot_ms_p99)]
}

/// What the first fleet is, and how it was tried.
pub(super) fn findings(rows: &[&Row], document: &Document) -> Vec<String> {
    let Some(first) = rows.first() else { return Vec::new() };
    let mut said = vec![chosen(first)];
    if let Some(runner_up) = rows.get(1) {
        said.extend(second(first, runner_up, document.objective));
    }
    said.extend(tried(first));
    if let Some(missing) = rows.iter().find(|row| row.peak.as_ref().is_some_and(|p| !p.meets_slo)) {
        said.push(format!(
            "{} misses the service level at the peak all the same.",
            missing.names[0]
        ));
    }
    if rows.iter().any(|row| row.prefill.is_some()) {
        said.push(
            "Written a + b: replicas of a prefill for those of b; a group of both counts as one \
             replica."
                .into(),
        );
    }
    said
}

fn chosen(row: &Row) -> String {
    let paid = row
        .usd_per_task
        .map_or_else(String::new, |usd| format!(", {} USD a task", significant(usd, 3)));
    let scaled = row.scaled_usd_per_hour.zip(row.usd_per_hour);
    let scaled = scaled.filter(|(scaled, fixed)| *scaled < 0.995 * fixed);
    let scaled = scaled.map_or_else(String::new, |(scaled, fixed)| {
        let less = significant((1.0 - scaled / fixed) * 100.0, 2);
        format!(" Rented by the hour as the day needs it, it would cost {less} % less.")
    });
    format!(
        "First comes {} with {} in {}{paid}; {} keeps a replica from more.{scaled}",
        row.names[0],
        counted(row.gpus as usize, "GPU"),
        counted(row.replicas as usize, "replica"),
        row.binding
    )
}

/// What the next best fleet takes more of.
fn second(first: &Row, row: &Row, objective: &str) -> Option<String> {
    let (of_first, of_second) = match objective {
        "cheapest" => (first.usd_per_hour?, row.usd_per_hour?),
        "smallest" => (first.gpus as f64, row.gpus as f64),
        _ => (first.facility_mw?, row.facility_mw?),
    };
    let more = (of_second / of_first - 1.0) * 100.0;
    let [chips, plan] = &row.names;
    let more = if more < 0.5 { None } else { Some(significant(more, 2)) };
    let takes = match (objective, more) {
        ("cheapest", None) => "costs as much".to_owned(),
        ("cheapest", Some(more)) => format!("costs {more} % more"),
        ("smallest", None) => "takes as many chips".to_owned(),
        ("smallest", Some(more)) => format!("takes {more} % more chips"),
        (_, None) => "draws as much power".to_owned(),
        (_, Some(more)) => format!("draws {more} % more power"),
    };
    Some(format!("The runner-up, {chips} as {plan}, {takes}."))
}

/// How the first fleet was tried, and what that changed.
fn tried(row: &Row) -> Option<String> {
    let peak = row.peak.as_ref()?;
    let part = if u64::from(peak.simulated_replicas) == peak.replicas {
        String::new()
    } else {
        let all = counted(peak.replicas as usize, "replica");
        format!(
            "; of the first {} of {all} stood for all, at their share of the load",
            peak.simulated_replicas
        )
    };
    let added = match row.added_replicas {
        0 => "none had to be added to the first".to_owned(),
        some => format!("{} had to be added to the first", counted(some as usize, "replica")),
    };
    Some(format!(
        "Each fleet was tried behind one router for an hour in which tasks arrive at random at the \
         peak's rate{part}; {added}."
    ))
}

/// What a mixed fleet takes, and gains.
pub(super) fn headline(mix: &MixRow, document: &Document) -> String {
    let gain = match mix.against_single {
        Some(share) if share < 0.9995 => {
            let less = significant((1.0 - share) * 100.0, 2);
            match document.objective {
                "cheapest" => format!(", {less} % cheaper than of one kind each"),
                "smallest" => format!(", {less} % fewer chips than of one kind each"),
                _ => format!(", {less} % less power than of one kind each"),
            }
        }
        _ => String::new(),
    };
    format!(
        "Mixed: {}, {} USD an hour, {} kW{gain}",
        counted(mix.gpus as usize, "GPU"),
        number(mix.usd_per_hour),
        number(mix.facility_mw.map(|megawatts| megawatts * 1e3))
    )
}

/// What a part is for, where there is more than one demand.
fn purpose(part: &PartRow, document: &Document) -> Option<String> {
    (document.demands.len() > 1).then(|| document.demands[part.demand].name.clone())
}

/// The parts of a mixed fleet.
pub(super) fn parts(mix: &MixRow, document: &Document) -> Table {
    let mut columns = Vec::new();
    columns.extend((document.demands.len() > 1).then_some(Column::Name("for")));
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
        let [chips, plans] = part.names.clone();
        let mut cells: Vec<String> = purpose(part, document).into_iter().collect();
        cells.extend([
            chips,
            count(part.gpus),
            count(part.replicas),
            plans,
            part.engine.clone(),
            number(Some(part.tasks_per_hour_per_replica)),
        ]);
        table.row(cells);
    }
    table
}

/// What the parts of a mixed fleet come to at their peak.
pub(super) fn part_peaks(mix: &MixRow, document: &Document) -> Table {
    let mut columns = Vec::new();
    columns.extend((document.demands.len() > 1).then_some(Column::Name("for")));
    columns.extend([Column::Name("at the peak hour"), Column::Number("tasks/h")]);
    columns.extend(["p99 TTFT, s", "p50 TPOT, ms", "p99 TPOT, ms"].map(Column::Number));
    let mut table = Table::new(&columns);
    for part in &mix.parts {
        let mut cells: Vec<String> = purpose(part, document).into_iter().collect();
        let rate = part.peak.as_ref().map(|peak| peak.tasks_per_hour);
        cells.extend([part.names[0].clone(), number(rate)]);
        cells.extend(reached(part.peak.as_ref()));
        table.row(cells);
    }
    table
}
