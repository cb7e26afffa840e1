//! The page of `memwall plan`.

use super::document::{DemandRow, Document, Row};
use super::print::{fleets, heading, headline, parts};
use crate::report::{Bar, Line, Plot, Section, Sheet};
use crate::units::significant;

/// Places of several demands on a page: their charts need names of their own.
const FLEETS: [&str; 6] = ["fleets", "fleets-2", "fleets-3", "fleets-4", "fleets-5", "fleets-6"];

/// What `document` says, in charts and tables.
pub(super) fn sheet(document: &Document) -> Sheet {
    let demands = document.demands.iter().enumerate().zip(FLEETS);
    let mut sections: Vec<_> =
        demands.map(|((place, demand), id)| of_one_kind(document, place, demand, id)).collect();
    sections.extend(day(document));
    sections.extend(document.mix.as_ref().map(|mix| Section {
        id: "mix",
        heading: "The best mixed fleet".into(),
        says: vec![format!("{}.", headline(mix))],
        plot: None,
        table: Some(parts(mix, document).for_page()),
    }));
    let asked = document.unfit.iter();
    Sheet {
        title: "Fleets for a demand".into(),
        schema: "memwall.plan/1",
        facts: vec![
            ("Least", document.objective.to_owned()),
            ("Paid", document.basis.to_owned()),
            ("Spare replicas", document.spare_replicas.to_string()),
        ],
        warnings: asked.map(|unfit| format!("{}: {}", unfit.chip, unfit.reason)).collect(),
        sections,
    }
}

fn of_one_kind(document: &Document, place: usize, demand: &DemandRow, id: &'static str) -> Section {
    let rows: Vec<&Row> = document.fleets.iter().filter(|row| row.demand == place).collect();
    let bar = |row: &&Row| Bar {
        name: format!("{}, {}", row.chip, row.plan.as_deref().unwrap_or("")),
        value: row.gpus as f64,
        range: row.gpus_band.low.zip(row.gpus_band.high),
        kind: row.engine.clone(),
    };
    let plot = Plot::Bars { x: "GPUs".into(), bars: rows.iter().map(bar).collect() };
    let caption = "Whiskers: 80 % band, where --explain asked for it.";
    Section {
        id,
        heading: heading(demand, document),
        says: rows.first().map(|row| first(row)).into_iter().collect(),
        plot: (!rows.is_empty()).then(|| (plot, caption.into())),
        table: Some(fleets(&rows).for_page()),
    }
}

/// What the first fleet is, and what holds it.
fn first(row: &Row) -> String {
    let paid = row
        .usd_per_task
        .map_or_else(String::new, |usd| format!(", {} USD a task", significant(usd, 3)));
    let scaled = row.scaled_usd_per_hour.zip(row.usd_per_hour).map_or_else(
        String::new,
        |(scaled, fixed)| {
            let less = significant((1.0 - scaled / fixed) * 100.0, 2);
            format!(" Rented by the hour as the day needs it, it would cost {less} % less.")
        },
    );
    format!(
        "First comes {} with {} GPUs in {} replicas{paid}; {} keeps a replica from more.{scaled}",
        row.chip, row.gpus, row.replicas, row.binding
    )
}

/// The hours of the day; none where only peaks are known.
fn day(document: &Document) -> Option<Section> {
    let lines: Vec<Line> = document
        .demands
        .iter()
        .filter_map(|demand| {
            let hours = demand.hours.as_ref()?.iter().enumerate();
            let name = if demand.name.is_empty() { "tasks" } else { &demand.name };
            let points = hours.map(|(hour, &tasks)| (hour as f64, tasks)).collect();
            Some(Line { name: name.into(), points })
        })
        .collect();
    let is_flat = document.demands.iter().all(|one| one.peak_tasks_per_hour <= one.tasks_per_hour);
    if lines.is_empty() || is_flat {
        return None;
    }
    let plot = Plot::Lines { x: "hour".into(), y: "tasks an hour".into(), is_log: false, lines };
    Some(Section {
        id: "day",
        heading: "The day".into(),
        says: Vec::new(),
        plot: Some((plot, "Fleets are sized for each demand's busiest hour.".into())),
        table: None,
    })
}
