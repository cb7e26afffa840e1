//! The page: text, places for the charts, tables, and everything they need.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;
use serde_json::Value;

use super::library;
use crate::report::page::{charts, figures, tables};
use crate::report::{WallDocument, WallReport, findings, to_json_line};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Nothing is fetched from anywhere; the scripts and styles are the page's own.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; \
                      style-src 'unsafe-inline'; img-src data: blob:; \
                      base-uri 'none'; form-action 'none'";

/// The ladder as one HTML file, under 3 MB, that works offline.
pub fn render_wall_page(report: &WallReport) -> String {
    let document = &report.document;
    let title = format!("{} on {}: the memory wall", document.model, document.workload);
    let body = html! {
        main { (introduction(document, &title)) (charts::all(report)) (tables::all(report)) }
        (footer(document.memwall_version, document.schema))
    };
    render_page(&title, &body, report, &figures::all(report))
}

/// A page around `body` that draws `figures` into the elements that they are named after.
pub(crate) fn render_page(
    title: &str,
    body: &Markup,
    document: &impl Serialize,
    figures: &Value,
) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · memwall" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (body)
                script type="application/json" id="document" { (PreEscaped(embedded(document))) }
                script type="application/json" id="figures" { (PreEscaped(embedded(figures))) }
                script type="application/octet-stream" id="plotly" {
                    (PreEscaped(library::packed_plotly()))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// JSON that cannot end the script element it stands in.
fn embedded<T: Serialize>(value: &T) -> String {
    to_json_line(value).replace('<', "\\u003c")
}

fn introduction(document: &WallDocument, title: &str) -> Markup {
    html! {
        h1 { (title) }
        (setting(document))
        (warned(&document.warnings))
        h2 { "What it shows" }
        ul class="findings" { @for sentence in findings(document) { li { (glued(&sentence)) } } }
        p class="soft" {
            "Decode and the whole task are reported apart, since models with heavy prefill, or \
             with latent attention (MLA), can be bound otherwise in the one than in the other."
        }
        (without_script())
    }
}

/// Warnings, if there are any.
pub(in crate::report::page) fn warned(warnings: &[String]) -> Markup {
    html! {
        @if !warnings.is_empty() {
            section class="warnings" aria-label="Warnings" {
                @for warning in warnings { p { b { "Warning: " } (warning) } }
            }
        }
    }
}

/// What is said where charts cannot be drawn.
pub(in crate::report::page) fn without_script() -> Markup {
    html! {
        noscript {
            p { b { "The charts need JavaScript." } " The tables below have the same figures." }
        }
        p #trouble role="alert" hidden {}
    }
}

/// Keeps per cent signs and prefixes of units on the line of their number: `263 k`.
pub(in crate::report::page) fn glued(sentence: &str) -> String {
    let signs: Vec<char> = sentence.chars().collect();
    let is_tight = |place: usize| {
        let before = place.checked_sub(1).is_some_and(|before| signs[before].is_ascii_digit());
        let unit = signs.get(place + 1).is_some_and(|&unit| "%kMGTP".contains(unit));
        let ends = signs.get(place + 2).is_none_or(|&sign| !sign.is_alphabetic());
        signs[place] == ' ' && before && unit && ends
    };
    let glue = |place| if is_tight(place) { '\u{a0}' } else { signs[place] };
    (0..signs.len()).map(glue).collect()
}

/// What was simulated.
fn setting(document: &WallDocument) -> Markup {
    let (slo, seed) = (document.slo.to_string(), document.seed.to_string());
    let mut known = vec![
        ("Model", document.model.as_str()),
        ("Workload", &document.workload),
        ("Latency targets", &slo),
        ("Time model", &document.cost),
        ("Serving engine", &document.engine_profile),
        ("Precision", &document.precision),
        ("Seed", &seed),
    ];
    known.extend(document.steps.as_deref().map(|steps| ("Steps", steps)));
    facts(&known)
}

/// Names and values in a row.
pub(in crate::report::page) fn facts(facts: &[(&str, &str)]) -> Markup {
    html! {
        dl { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } }
    }
}

/// Which program and document a page is of.
pub(crate) fn footer(version: &str, schema: &str) -> Markup {
    html! {
        footer {
            "memwall " (version) ", document " (schema) ". Charts by plotly.js, MIT licence, \
            Plotly, Inc. This page is one file and fetches nothing."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_stay_with_their_numbers() {
        assert_eq!(glued("4.0 %, 263 k tokens"), "4.0\u{a0}%, 263\u{a0}k tokens");
        assert_eq!(glued("tp8 Kept 12 Megawatts"), "tp8 Kept 12 Megawatts");
    }
}
