//! The page of `memwall plan`.

use super::document::{DemandRow, Document, Row};
use super::print::{findings, fleets, heading, headline, part_peaks, parts, peaks};
use crate::report::{Bar, Line, Plot, Section, Sheet};

/// Places of several demands on a page: their charts need names of their own.
const FLEETS: [[&str; 2]; 6] = [
    ["fleets", "peak"],
    ["fleets-2", "peak-2"],
    ["fleets-3", "peak-3"],
    ["fleets-4", "peak-4"],
    ["fleets-5", "peak-5"],
    ["fleets-6", "peak-6"],
];

/// What `document` says, in charts and tables.
pub(super) fn sheet(document: &Document) -> Sheet {
    let demands = document.demands.iter().enumerate().zip(FLEETS);
    let of_demand = |((place, demand), ids): ((usize, &DemandRow), [&'static str; 2])| {
        let rows: Vec<&Row> = document.fleets.iter().filter(|row| row.demand == place).collect();
        [of_one_kind(document, demand, &rows, ids[0]), at_peak(&rows, ids[1])]
    };
    let mut sections: Vec<_> = demands.flat_map(of_demand).collect();
    sections.extend(day(document));
    sections.extend(document.mix.as_ref().map(|mix| Section {
        id: "mix",
        heading: "The best mixed fleet".into(),
        says: vec![format!("{}.", headline(mix, document))],
        plot: None,
        table: Some(parts(mix, document).for_page()),
    }));
    sections.extend(document.mix.as_ref().map(|mix| Section {
        id: "mix-peak",
        heading: "The mixed fleet at its peak".into(),
        says: Vec::new(),
        plot: None,
        table: Some(part_peaks(mix, document).for_page()),
    }));
    let asked = document.unfit.iter();
    Sheet {
        title: "Fleets for a demand".into(),
        schema: "memwall.plan/1",
        facts: [
            ("Service level", Some(document.slo.to_string())),
            ("Least", Some(document.objective.to_owned())),
            ("Paid", Some(document.basis.to_owned())),
            ("Spare replicas", Some(document.spare_replicas.to_string())),
            ("Steps", document.steps.clone()),
        ]
        .into_iter()
        .filter_map(|(name, fact)| Some((name, fact?)))
        .collect(),
        warnings: asked.map(|unfit| format!("{}: {}", unfit.chip, unfit.reason)).collect(),
        sections,
    }
}

fn of_one_kind(
    document: &Document,
    demand: &DemandRow,
    rows: &[&Row],
    id: &'static str,
) -> Section {
    let bar = |row: &&Row| Bar {
        name: row.names.join(", "),
        value: row.gpus as f64,
        range: row.gpus_band.low.zip(row.gpus_band.high),
        kind: row.engine.clone(),
    };
    let plot = Plot::Bars { x: "GPUs".into(), bars: rows.iter().map(bar).collect() };
    let caption = "Whiskers: 80 % band, where --explain asked for it.";
    Section {
        id,
        heading: heading(demand),
        says: findings(rows, document),
        plot: (!rows.is_empty()).then(|| (plot, caption.into())),
        table: (!rows.is_empty()).then(|| fleets(rows).for_page()),
    }
}

fn at_peak(rows: &[&Row], id: &'static str) -> Section {
    Section {
        id,
        heading: "At the peak hour".into(),
        says: Vec::new(),
        plot: None,
        table: (!rows.is_empty()).then(|| peaks(rows).for_page()),
    }
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
