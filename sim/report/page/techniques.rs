//! What techniques gain: charts and tables of the wall's page, and a page of their own.

use maud::{Markup, html};
use serde_json::{Value, json};

use super::charts::{Chart, Titled, choice};
use super::figures;
use super::html::{facts, footer, glued, render_page, warned, without_script};
use super::tables::framed;
use crate::report::text::{short, short_or_dash};
use crate::report::{AblateDocument, ChipGains, Configuration, gained, spoken};

/// The charts, in order.
pub(super) fn charts(document: &AblateDocument) -> Vec<Chart> {
    let said: Vec<(&str, [Vec<String>; 3])> =
        document.chips.iter().map(|chip| (chip.title.as_str(), spoken(document, chip))).collect();
    let of = |parts: &[usize]| {
        let chip = |(title, said): &(&str, [Vec<String>; 3])| {
            let said = parts.iter().flat_map(|&part| said[part].clone());
            let said = said.collect::<Vec<_>>().join(" ");
            if said.is_empty() { said } else { format!("On {title}: {said}") }
        };
        said.iter().map(chip).filter(|said| !said.is_empty()).collect::<Vec<_>>()
    };
    let titles = || document.chips.iter().filter(|chip| chip.joint.is_some());
    let titles = || titles().map(|chip| chip.title.as_str());
    let mut charts = vec![Chart {
        id: "techniques",
        heading: "What each technique gains",
        above: choice("techniques", titles()),
        says: of(&[0, 2]),
        caption: "Every combination of the techniques was simulated. Alone: with it alone over \
            with none. Last: with all over with all but it. Shapley: its mean over all orders of \
            adding them; these multiply to what all gain together. Bars behind are what is said \
            elsewhere of each alone; whiskers are one standard error, from work to work.",
    }];
    if titles().next().is_some() && !document.interactions.is_empty() {
        charts.push(Chart {
            id: "pairs",
            heading: "Which techniques help one another",
            above: choice("pairs", titles()),
            says: of(&[1]),
            caption: "What both gain over the product of what each gains: right of ×1 they help \
                one another, left of it one takes what the other would have gained. On average \
                over all sets of the others; the strongest pairs.",
        });
    }
    charts
}

/// What stands over the charts.
pub(super) fn titles(document: &AblateDocument) -> Vec<Titled> {
    charts(document).iter().map(Chart::titled).collect()
}

/// The figures by the names of their charts.
pub(super) fn figures(document: &AblateDocument) -> Value {
    json!({ "techniques": figures::gains(document), "pairs": figures::pairs(document) })
}

/// What was measured, and how.
pub(super) fn setting(document: &AblateDocument) -> String {
    format!(
        "{} on {}; {}; {} time model, {} engine",
        document.model,
        document.workload,
        measured(document),
        document.cost,
        document.engine_profile
    )
}

fn measured(document: &AblateDocument) -> String {
    match document.concurrency {
        None => format!("best load within {}", document.slo),
        Some(tasks) => format!("{tasks} tasks in flight, whatever the latency"),
    }
}

/// The study as one HTML file that works offline.
pub fn render_ablate_page(document: &AblateDocument) -> String {
    let title = format!("{} on {}: what techniques gain", document.model, document.workload);
    let last = document.seed + u64::from(document.repeats.max(1)) - 1;
    let seeds = format!("{} to {last}", document.seed);
    let body = html! {
        main {
            h1 { (title) }
            (facts(&[
                ("Model", &document.model),
                ("Workload", &document.workload),
                ("Measured", &measured(document)),
                ("Time model", &document.cost),
                ("Serving engine", &document.engine_profile),
                ("Seeds", &seeds),
            ]))
            (warned(&document.warnings))
            (without_script())
            @for chart in charts(document) { (chart.markup()) }
            (tables(document))
        }
        (footer(env!("CARGO_PKG_VERSION"), document.schema))
    };
    render_page(&title, &body, document, &figures(document))
}

/// The numbers, what each technique is, and what was taken for granted.
pub(super) fn tables(document: &AblateDocument) -> Markup {
    html! {
        @for (place, chip) in document.chips.iter().enumerate() {
            @let id = format!("gains-{place}-heading");
            h2 id=(id) { "Techniques in numbers: " (chip.title) }
            p class="soft" { (resting_on(document, chip)) }
            (gains(document, chip, &id))
            (combinations(document, chip))
        }
        @if !document.assumptions.is_empty() {
            h2 { "What was taken for granted" }
            ul { @for line in &document.assumptions { li { (line) "." } } }
        }
    }
}

fn resting_on(document: &AblateDocument, chip: &ChipGains) -> String {
    let combinations = document.configurations.iter().filter(|of| of.chip == chip.chip).count();
    let last = document.seed + u64::from(document.repeats.max(1)) - 1;
    let errors = if document.repeats > 1 {
        format!("seeds {} to {last}; ± is a standard error", document.seed)
    } else {
        format!("seed {last}; no errors with one repeat")
    };
    format!(
        "{combinations} combinations, each at its {}, {errors}. What is said elsewhere: {}.",
        if document.concurrency.is_some() { "fixed load" } else { "own best load" },
        chip.claims.source
    )
}

fn gains(document: &AblateDocument, chip: &ChipGains, heading: &str) -> Markup {
    let cells = |values: [String; 4]| {
        html! { @for value in values { td.number { (glued(&value)) } } }
    };
    let said = |claim: Option<[f64; 2]>| {
        claim.map_or_else(|| "–".to_owned(), |[low, high]| format!("{low}–{high}×"))
    };
    let table = html! {
        thead { tr {
            th scope="col" { "Technique" }
            @for name in ["Alone", "Last", "Shapley", "Said of it"] {
                th.number scope="col" { (name) }
            }
            th scope="col" { "With it; without" }
        } }
        tbody {
            @for row in document.techniques_on(&chip.chip) { tr {
                th scope="row" {
                    (row.name) @if row.class == "what-if" { span.soft { " (a what-if)" } }
                }
                (cells([
                    gained(row.alone, row.alone_error),
                    gained(row.last, row.last_error),
                    gained(row.shapley, row.shapley_error),
                    said(row.claim),
                ]))
                td {
                    (row.with) "; " (row.without)
                    @if let Some(reason) = &row.reason {
                        span.reason { ". Not all is known: " (reason) }
                    }
                }
            } }
            tr {
                th scope="row" { "multiplied" }
                (cells([
                    gained(chip.product_alone, None),
                    gained(chip.product_last, None),
                    gained(chip.joint, chip.joint_error),
                    "–".to_owned(),
                ]))
                td { }
            }
        }
    };
    html! {
        (framed("techniques", heading, &table))
        @for row in document.left_out.iter().filter(|row| row.chip == chip.chip) {
            p class="soft" { (row.name) " is left out: " (row.reason) "." }
        }
    }
}

/// Every combination, folded.
fn combinations(document: &AblateDocument, chip: &ChipGains) -> Markup {
    const HEADERS: [&str; 6] =
        ["Output\ntok/s/GPU", "Plan", "GPUs", "In\nflight", "p99\nTTFT ms", "p50\nTPOT ms"];
    let line = |row: &Configuration| {
        let count = |count: Option<u32>| count.map_or_else(|| "–".to_owned(), |n| n.to_string());
        [
            row.output_tok_s_per_gpu.map_or_else(|| "–".to_owned(), short),
            row.parallel.clone().unwrap_or_else(|| "–".to_owned()),
            count(row.gpus),
            count(row.concurrency),
            short_or_dash(row.ttft_ms_p99),
            short_or_dash(row.tpot_ms_p50),
        ]
    };
    let of_chip = || document.configurations.iter().filter(|row| row.chip == chip.chip);
    html! {
        details {
            summary { "Every combination" }
            div.scroll role="region" aria-label={ "Every combination on " (chip.title) }
                tabindex="0" {
                table.frontier {
                    thead { tr {
                        th scope="col" { "With" }
                        @for header in HEADERS { th.number scope="col" { (header) } }
                    } }
                    tbody { @for row in of_chip() { tr {
                        td {
                            @if row.with.is_empty() { "none" } @else { (row.with.join(", ")) }
                            @if let Some(reason) = &row.reason { span.reason { ": " (reason) } }
                        }
                        @for cell in line(row) { td.number { (cell) } }
                    } } }
                }
            }
        }
    }
}
