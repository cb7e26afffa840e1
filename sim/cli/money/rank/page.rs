//! The page of `memwall rank`.

use super::document::{Document, Row};
use super::print::{findings, ranked};
use crate::report::{Bar, Plot, Section, Sheet};

/// What `document` says, in a chart and a table.
pub(super) fn sheet(document: &Document) -> Sheet {
    let bar = |row: &Row| {
        Some(Bar {
            name: format!("{} on {}", row.model, row.chip),
            value: row.usd_per_task?,
            range: None,
            kind: row.model.clone(),
        })
    };
    let bars = document.rows.iter().filter_map(bar).collect();
    let plot = Plot::Bars { x: "dollars a completed task".into(), bars };
    let unfit = document.unfit.iter();
    Sheet {
        title: format!("What a task of {} costs", document.workload),
        schema: "memwall.rank/1",
        facts: vec![("Workload", document.workload.clone()), ("Paid", document.basis.to_owned())],
        warnings: unfit
            .map(|one| format!("{} on {}: {}", one.model, one.chip, one.reason))
            .collect(),
        sections: vec![Section {
            id: "ranked",
            heading: "Cheapest first".into(),
            says: findings(document),
            plot: Some((plot, "Attempts that fail are paid for, too.".into())),
            table: Some(ranked(document).for_page()),
        }],
    }
}
