//! The page: text, places for the charts, tables, and everything they need.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;

use super::{figures, library, tables};
use crate::cost::Bound;
use crate::report::shares::long_name;
use crate::report::wall::asked;
use crate::report::{Shares, WallDocument, WallReport, WallRow, findings, to_json_line};

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
                main { (introduction(document, &title)) (charts(report)) (tables::all(report)) }
                (footer(document))
                script type="application/json" id="document" { (PreEscaped(embedded(report))) }
                script type="application/json" id="figures" {
                    (PreEscaped(embedded(&figures::all(report))))
                }
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
        @if !document.warnings.is_empty() {
            section class="warnings" aria-label="Warnings" {
                @for warning in &document.warnings { p { b { "Warning: " } (warning) } }
            }
        }
        h2 { "What it shows" }
        ul class="findings" { @for sentence in findings(document) { li { (glued(&sentence)) } } }
        p class="soft" {
            "Decode and the whole task are reported apart, since models with heavy prefill, or \
             with latent attention (MLA), can be bound otherwise in the one than in the other."
        }
        noscript {
            p { b { "The charts need JavaScript." } " The tables below have the same figures." }
        }
        p #trouble role="alert" hidden {}
    }
}

/// Keeps per cent signs on the line of their number.
fn glued(sentence: &str) -> String {
    sentence.replace(" %", "\u{a0}%")
}

/// What was simulated.
fn setting(document: &WallDocument) -> Markup {
    let facts = [
        ("Model", &document.model),
        ("Workload", &document.workload),
        ("Latency targets", &document.slo.to_string()),
        ("Time model", &document.cost),
        ("Serving engine", &document.engine_profile),
        ("Precision", &document.precision),
        ("Seed", &document.seed.to_string()),
    ];
    html! {
        dl { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } }
    }
}

fn charts(report: &WallReport) -> Markup {
    let rows = &report.document.rows;
    let leaders = key(|bound| leads(rows, bound));
    let with_roofs: Vec<&str> =
        report.rooflines.iter().map(|roof| title(rows, &roof.chip)).collect();
    let with_turns = rows.iter().filter(|row| !row.turns.is_empty());
    let with_turns: Vec<&str> = with_turns.map(|row| row.title.as_str()).collect();
    let all_bounds = key(|bound| takes_time(rows, bound));
    html! {
        (chart("ladder", "Output per GPU", &leaders, "Output tokens per second and \
            GPU at the best plan and concurrency within the latency targets. Colour and word tell \
            what takes most of decode time; whiskers are the band, where it was asked for."))
        (chart("megawatt", "Output per megawatt", &leaders, "Output tokens per \
            second and megawatt at the utility meter, cooling and overhead included."))
        (chart("shares", "Where the time goes", &all_bounds, "Left \
            the whole task, prefill and idle time included; right decode alone."))
        @if asked(&report.document) {
            (chart("levers", "What a tenth more would buy", &html! {}, "Each chip run again with \
                a little more and a little less of one resource, on the same work at its best \
                load. Both: HBM bandwidth and capacity by the same factor, as a taller stack \
                brings. Whiskers are the standard error."))
        }
        @if rows.iter().any(|row| !row.frontier.is_empty()) {
            (chart("frontier", "Speed per user against output per GPU", &html! {}, "Plans and \
                loads that no other of the same chip beats in both. Full markers meet the latency \
                targets, open ones do not."))
        }
        (chart("roofline", "Rooflines", &choice("roofline", &with_roofs), "Operators under the roof of \
            the matrix engine and the HBM of one chip; the larger, the more time. The axes are \
            the same for every chip."))
        (chart("intensity", "Arithmetic per byte", &html! {}, "What a chip offers is its dense \
            peak over its HBM bandwidth; work that asks for less is held back by memory. Compute \
            in ever narrower formats moves the chips to the right, not the work."))
        (chart("turns", "Where decode turns", &choice("turns", &with_turns), "Under the plan of \
            the ladder: up to the first line a decode step spends most of its reading on weights, \
            beyond it on KV. A line that is missing lies above the one where the cache is full."))
        (chart("context", "Speed per user as the context grows", &html! {}, "One decode step at \
            each context length. Marker: ● HBM bandwidth, ■ compute, ▲ interconnect, ◆ HBM \
            capacity, ✚ latency, ★ host. A line ends where the KV cache no longer fits."))
        (chart("multiples", "What each generation multiplied", &html! {}, "Against the first chip \
            with a result. FLOP/s are the dense peak of the engine that multiplies the weights, so \
            a narrower number format counts as growth."))
    }
}

/// A place for a figure; the script fills it. `above` stands between heading and chart.
fn chart(id: &str, heading: &str, above: &Markup, caption: &str) -> Markup {
    html! {
        section {
            h2 #{ (id) "-heading" } { (heading) }
            figure {
                (above)
                div.chart id=(id) role="img" aria-labelledby={ (id) "-heading" } {}
                figcaption {
                    (caption) " "
                    button type="button" id={ (id) "-csv" } { "These numbers as CSV" }
                }
            }
        }
    }
}

/// The colours of the bounds for which `occurs` holds.
fn key(occurs: impl Fn(Bound) -> bool) -> Markup {
    html! {
        ul class="key" aria-label="Colours" {
            @for bound in Bound::ALL.into_iter().filter(|&bound| occurs(bound)) {
                li {
                    svg viewBox="0 0 10 10" aria-hidden="true" {
                        rect width="10" height="10" rx="2" fill=(figures::colour(bound)) {}
                    }
                    (long_name(bound))
                }
            }
        }
    }
}

/// Whether `bound` leads decode anywhere.
fn leads(rows: &[WallRow], bound: Bound) -> bool {
    rows.iter().any(|row| row.decode_bound.largest().is_some_and(|(leader, _)| leader == bound))
}

/// Whether `bound` takes any time anywhere.
fn takes_time(rows: &[WallRow], bound: Bound) -> bool {
    let of = |shares: &Shares| shares.get(bound).is_some_and(|share| share > 0.0);
    rows.iter().any(|row| of(&row.time_share) || of(&row.decode_bound))
}

/// The title of the chip named `chip`.
fn title<'a>(rows: &'a [WallRow], chip: &'a str) -> &'a str {
    rows.iter().find(|row| row.chip == chip).map_or(chip, |row| &row.title)
}

/// Chooses the chip of the figure `id`.
fn choice(id: &str, titles: &[&str]) -> Markup {
    html! {
        label {
            "Chip "
            select #{ (id) "-chip" } autocomplete="off" {
                @for title in titles { option { (title) } }
            }
        }
    }
}

fn footer(document: &WallDocument) -> Markup {
    html! {
        footer {
            "memwall " (document.memwall_version) ", document " (document.schema) ". Charts by \
            plotly.js, MIT licence, Plotly, Inc. This page is one file and fetches nothing."
        }
    }
}
