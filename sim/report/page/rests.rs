//! What each number of the page rests on, and how sure it is.

use maud::{Markup, html};

use super::tables::framed;
use crate::report::WallReport;
use crate::report::wall::asked;

/// Numbers, where they are from, and how sure they are.
type Line = (&'static str, String, String);

/// A table of all kinds of numbers on the page.
pub(super) fn table(report: &WallReport) -> Markup {
    let table = html! {
        thead { tr {
            @for name in ["Numbers", "From", "How sure"] { th scope="col" { (name) } }
        } }
        tbody { @for (what, from, sure) in lines(report) { tr {
            th scope="row" { (what) } td { (from) } td { (sure) }
        } } }
    };
    framed("rests", "rests-heading", &table)
}

fn lines(report: &WallReport) -> Vec<Line> {
    let document = &report.document;
    let banded = |what: &str| {
        if document.rows.iter().any(|row| !row.bands.is_empty()) {
            format!("80 % band: the ladder climbed again in 40 worlds{what}")
        } else {
            "no bands: not asked for (--explain)".to_owned()
        }
    };
    let mut lines: Vec<Line> = vec![
        (
            "Output, tasks, latencies, KV hits, MFU, MBU",
            format!(
                "a simulated run of each chip at its best load: {} on {}, seed {}, {} time model",
                document.model, document.workload, document.seed, document.cost
            ),
            banded(", widened by what no cause explains"),
        ),
        ("Shares of time", "the same run, step by step".into(), banded("")),
        (
            "Joules a token, tokens a megawatt",
            "the run's output, and the watts of the part, listed below with their classes".into(),
            banded("; watts as they are listed"),
        ),
        (
            "USD a task",
            "the run's tasks, and the middle of what renting the part costs".into(),
            banded("; the range of rents is ± a third besides"),
        ),
        (
            "Speed as the context grows",
            "the price of single steps".into(),
            banded("; ranges in the CSV"),
        ),
        (
            "Rooflines, turns, overlap, FLOP per byte",
            "prices of single steps, operator by operator".into(),
            "exact within the time model; ratios of its times, of which both sides err alike"
                .into(),
        ),
    ];
    if document.rows.iter().any(|row| row.life.is_some()) {
        let from = "the same run, watched: every second of every task within its window";
        let sure = "standard error from leaving out a twentieth of the tasks at a time";
        lines.push(("A task's life", from.into(), sure.into()));
    }
    if asked(document) {
        let from = "the ladder climbed again with 1.2 times more, and less, of one resource";
        let sure = "standard error from what ends and middle are off a straight line";
        lines.push(("Elasticities", from.into(), sure.into()));
    }
    if document.rows.iter().any(|row| !row.frontier.is_empty()) {
        let sure = "no band: forty more searches each; seeds move them by about 3 %";
        lines.push(("Frontiers", "short runs, one seed".into(), sure.into()));
    }
    if let Some(ablation) = &document.ablation {
        let from = format!("every combination, on {} seeds of work each", ablation.repeats);
        lines.push(("Techniques", from, "standard error from seed to seed".into()));
    }
    if document.rows.iter().any(|row| !row.needs.is_empty()) {
        let from = "short runs with more and more of it";
        lines.push(("What a match takes", from.into(), "found to 3 %; no band".into()));
    }
    lines.extend([
        (
            "The chips' figures",
            "data sheets, announcements, reports, estimates: one by one below".into(),
            "by class: bands count announced, reported and estimated figures as unsure".into(),
        ),
        (
            "The work",
            format!("`memwall workloads show {}` has every figure's source", document.workload),
            "not in any band".into(),
        ),
    ]);
    lines
}
