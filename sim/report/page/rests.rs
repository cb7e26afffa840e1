//! What each number of the page rests on, and how sure it is.

use maud::{Markup, html};

use super::tables::framed;
use crate::report::wall::asked;
use crate::report::{WallDocument, WallReport, WallRow};

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
    let mut lines = of_every_ladder(&report.document);
    lines.extend(of_what_was_asked(&report.document));
    lines.extend([
        (
            "The chips' figures",
            "data sheets, announcements, reports, estimates: one by one below".into(),
            "by class: bands count announced, reported and estimated figures as unsure".into(),
        ),
        (
            "The work",
            format!("`memwall workloads show {}` has its sources", report.document.workload),
            "not in any band".into(),
        ),
    ]);
    lines
}

fn of_every_ladder(document: &WallDocument) -> Vec<Line> {
    let banded = |what: &str| {
        if document.rows.iter().any(|row| !row.bands.is_empty()) {
            format!("80 % band: the ladder climbed again in 40 worlds{what}")
        } else {
            "no bands: not asked for (--explain)".to_owned()
        }
    };
    let run = format!(
        "a simulated run of each chip at its best load: {} on {}, seed {}, {} time model",
        document.model, document.workload, document.seed, document.cost
    );
    vec![
        (
            "Output, tasks, latencies, KV hits, MFU, MBU",
            run,
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
            banded("; ranges where the pointer rests, and in the CSV"),
        ),
    ]
}

/// What is on the page only if it was asked for.
fn of_what_was_asked(document: &WallDocument) -> Vec<Line> {
    let any = |holds: fn(&WallRow) -> bool| document.rows.iter().any(holds);
    let seeds = document.ablation.as_ref().map_or(0, |ablation| ablation.repeats);
    let lines = [
        (
            any(|row| row.life.is_some()),
            "A task's life",
            "the same run, watched: every second of every task within its window".to_owned(),
            "standard error from leaving out a twentieth of the tasks at a time",
        ),
        (
            asked(document),
            "Elasticities",
            "the ladder climbed again with 1.2 times more, and less, of one resource".to_owned(),
            "standard error from what ends and middle are off a straight line",
        ),
        (
            any(|row| !row.frontier.is_empty()),
            "Frontiers",
            "short runs, one seed".to_owned(),
            if asked(document) {
                "80 % band to first order: run again with one thing a deviation off, thing by thing"
            } else {
                "no bands: not asked for (--explain); seeds move them by about 3 %"
            },
        ),
        (
            seeds > 0,
            "Techniques",
            format!("every combination, on {seeds} seeds of work each"),
            "standard error from seed to seed; none with one seed",
        ),
        (
            any(|row| !row.needs.is_empty()),
            "What a match takes",
            "short runs with more and more of it".to_owned(),
            if asked(document) {
                "found to 3 %; 80 % band of the two chips' ratio in the same 40 worlds"
            } else {
                "found to 3 %; no bands: not asked for (--explain)"
            },
        ),
    ];
    let wanted = lines.into_iter().filter(|(is_there, ..)| *is_there);
    wanted.map(|(_, what, from, sure)| (what, from, sure.to_owned())).collect()
}
