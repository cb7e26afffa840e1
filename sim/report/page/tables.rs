//! The page's tables: results, shares, sources.

use maud::{Markup, html};

use super::figures::class_name;
use super::html::glued;
use super::rests;
use super::techniques;
use crate::cost::Bound;
use crate::report::shares::long_name;
use crate::report::text::{percent, short, short_or_dash};
use crate::report::wall::{CLASS_LEGEND, COLUMNS, Column, NEED_COLUMNS, legend_of_needs};
use crate::report::{Elasticity, FrontierPoint, Provenance, Shares, WallReport, WallRow};

/// Every table, in order.
pub(super) fn all(report: &WallReport) -> Markup {
    let rows = &report.document.rows;
    html! {
        h2 #results-heading { "All results" }
        (results(rows))
        p class="soft" { (CLASS_LEGEND) }
        h2 #shares-table-heading { "Shares and elasticities in numbers" }
        p class="soft" {
            "An elasticity is the gain of output per GPU, in per cent, when a resource grows by \
             one per cent; a dash means that it was not asked for."
        }
        (shares(rows))
        @if rows.iter().any(|row| !row.frontier.is_empty()) {
            h2 #frontier-table-heading { "The frontiers in numbers" }
            (frontiers(rows))
        }
        @if let Some(legend) = legend_of_needs(&report.document) {
            h2 #needs-table-heading { "What a match takes" }
            p class="soft" {
                "How many times as much of one thing, or of several, a chip would need. " (legend)
            }
            (needs(rows))
        }
        @if let Some(ablation) = &report.document.ablation { (techniques::tables(ablation)) }
        h2 #rests-heading { "What each number rests on" }
        (rests::table(report))
        @if !report.provenance.is_empty() {
            h2 #provenance-heading { "Where the chips' figures are from" }
            (provenance(report))
        }
        @if rows.iter().any(|row| !row.constants.is_empty()) {
            h2 #constants-heading { "Where the time model's constants are from" }
            (constants(rows))
        }
    }
}

/// A table in a frame that scrolls, by keyboard too.
pub(super) fn framed(class: &str, heading: &str, table: &Markup) -> Markup {
    html! {
        div.scroll role="region" aria-labelledby=(heading) tabindex="0" {
            table class=(class) { (table) }
        }
    }
}

fn results(rows: &[WallRow]) -> Markup {
    let class = |column: &Column| column.is_number.then_some("number");
    let table = html! {
        thead { tr {
            @for column in &COLUMNS { th scope="col" class=[class(column)] { (column.header) } }
        } }
        tbody { @for row in rows { tr {
            th scope="row" { (row.title) }
            @for column in &COLUMNS[1..] { td class=[class(column)] {
                ((column.cell)(row))
                @if let Some(band) = column.key.and_then(|key| band(row, key)) {
                    span.band { (band) }
                }
            } }
        } } }
    };
    framed("results", "results-heading", &table)
}

/// Tokens per megawatt are shown in thousands.
const THOUSANDS: f64 = 1e3;

/// `77–93`: where the figure `key` falls four times in five.
fn band(row: &WallRow, key: &str) -> Option<String> {
    let (low, high) = row.band_of(key)?;
    let scale = if key == "tok_s_per_facility_mw" { THOUSANDS } else { 1.0 };
    let is_share = matches!(key, "kv_hit_rate" | "mfu" | "mbu");
    Some(if is_share {
        format!("{}–{}", percent(low).trim_end_matches(" %"), percent(high))
    } else {
        format!("{}–{}", short(low / scale), short(high / scale))
    })
}

fn shares(rows: &[WallRow]) -> Markup {
    let table = html! {
        thead { tr {
            th scope="col" { "Chip" }
            th scope="col" { "What" }
            @for bound in Bound::ALL { th scope="col" class="number" { (long_name(bound)) } }
        } }
        @for row in rows.iter().filter(|row| row.ran()) {
            tbody {
                @for (place, (kind, cells)) in number_lines(row).into_iter().enumerate() { tr {
                    @if place == 0 { th scope="rowgroup" rowspan="3" { (row.title) } }
                    td { (kind) }
                    @for (cell, range) in cells { td class="number" {
                        (glued(&cell)) @if let Some(range) = range { span.band { (glued(&range)) } }
                    } }
                } }
            }
        }
    };
    framed("results", "shares-table-heading", &table)
}

/// A number and the range that it may lie in.
type Ranged = (String, Option<String>);

/// What stands beside a chip's name, line by line, each by [`Bound::ALL`].
fn number_lines(row: &WallRow) -> [(&'static str, [Ranged; 7]); 3] {
    let share = |of: &Shares, kind: &str, bound: Bound| {
        let value = of.get(bound).map_or_else(|| "–".to_owned(), percent);
        let range = row.band_of(&format!("{kind}.{}", bound.key()));
        let range = range.map(|(low, high)| (percent(low), percent(high)));
        let range = range.filter(|(low, high)| low != high);
        (value, range.map(|(low, high)| format!("{low} to {high}")))
    };
    [
        ("whole task", Bound::ALL.map(|bound| share(&row.time_share, "time_share", bound))),
        ("decode", Bound::ALL.map(|bound| share(&row.decode_bound, "decode_bound", bound))),
        ("elasticity", Bound::ALL.map(|bound| elasticity(row, bound))),
    ]
}

fn elasticity(row: &WallRow, bound: Bound) -> Ranged {
    let of = |by: &Elasticity| match bound {
        Bound::Compute => by.compute,
        Bound::HbmBandwidth => by.hbm_bandwidth,
        Bound::HbmCapacity => by.hbm_capacity,
        Bound::Interconnect => by.interconnect,
        Bound::Host => by.host,
        Bound::Latency | Bound::Idle => None,
    };
    if matches!(bound, Bound::Latency | Bound::Idle) {
        return (String::new(), None);
    }
    let error = of(&row.elasticity_error).map(|error| format!("± {}", hundredths(error)));
    (of(&row.elasticity).map_or_else(|| "–".to_owned(), hundredths), error)
}

/// Two decimals: errors are about as large.
fn hundredths(value: f64) -> String {
    let rounded = format!("{value:.2}");
    if rounded == "-0.00" { "0.00".to_owned() } else { rounded.replace('-', "−") }
}

/// Each chip's frontier with its plans, folded.
fn frontiers(rows: &[WallRow]) -> Markup {
    const HEADERS: [&str; 8] = [
        "tok/s\n/user",
        "Output\ntok/s/GPU",
        "Plan",
        "In\nflight",
        "p99\nTTFT ms",
        "k tok/s\n/MW",
        "USD\n/task",
        "Within\ntargets",
    ];
    html! {
        @for row in rows.iter().filter(|row| !row.frontier.is_empty()) {
            details {
                summary { (row.title) }
                div.scroll role="region" aria-label=(row.title) tabindex="0" {
                    table.frontier {
                        thead { tr {
                            @for header in HEADERS { th.number scope="col" { (header) } }
                        } }
                        tbody { @for point in &row.frontier { tr {
                            @for (cell, key) in frontier_line(point) { td.number {
                                (cell)
                                @if let Some(band) = key.and_then(|key| point_band(point, key)) {
                                    span.band { (band) }
                                }
                            } }
                        } } }
                    }
                }
            }
        }
    }
}

/// Cells, and the keys of their figures.
fn frontier_line(point: &FrontierPoint) -> [(String, Option<&'static str>); 8] {
    let per_mw = point.tok_s_per_facility_mw.map(|rate| rate / THOUSANDS);
    [
        (short(point.tok_s_per_user_p50), Some("tok_s_per_user_p50")),
        (short(point.output_tok_s_per_gpu), Some("output_tok_s_per_gpu")),
        (point.parallel.clone(), None),
        (point.concurrency.to_string(), None),
        (short_or_dash(point.ttft_ms_p99), Some("ttft_ms_p99")),
        (short_or_dash(per_mw), Some("tok_s_per_facility_mw")),
        (short_or_dash(point.usd_per_task), Some("usd_per_task")),
        (if point.meets_slo { "yes" } else { "no" }.to_owned(), None),
    ]
}

fn point_band(point: &FrontierPoint, key: &str) -> Option<String> {
    let band = point.band_of(key);
    let scale = if key == "tok_s_per_facility_mw" { THOUSANDS } else { 1.0 };
    let (low, high) = band.low.zip(band.high)?;
    Some(format!("{}–{}", short(low / scale), short(high / scale)))
}

/// What each chip would need of what, and the range of it.
fn needs(rows: &[WallRow]) -> Markup {
    let asked = || rows.iter().filter(|row| !row.needs.is_empty());
    let table = html! {
        thead { tr {
            th scope="col" { "Chip" }
            @for column in &NEED_COLUMNS[1..] { th.number scope="col" { (column.header) } }
        } }
        tbody { @for row in asked() { tr {
            th scope="row" { (row.title) }
            @for column in &NEED_COLUMNS[1..] { td.number {
                @for (place, line) in (column.cell)(row).lines().enumerate() {
                    @if place == 0 { (line) } @else { span.band { (line) } }
                }
            } }
        } } }
    };
    framed("results", "needs-table-heading", &table)
}

/// Each chip's constants, folded: a chip that was not measured has another's.
fn constants(rows: &[WallRow]) -> Markup {
    html! {
        @for row in rows.iter().filter(|row| !row.constants.is_empty()) {
            details {
                summary { (row.title) }
                ul { @for line in &row.constants { li { (line) } } }
            }
        }
    }
}

fn provenance(report: &WallReport) -> Markup {
    let title = |chip: &str| {
        let row = report.document.rows.iter().find(|row| row.chip == chip);
        row.map_or(chip, |row| &row.title).to_owned()
    };
    let chips = chips_in(&report.provenance);
    let table = html! {
        thead { tr {
            @for name in ["Chip", "Figure", "Value", "Class", "Source", "Date", "Note"] {
                th scope="col" { (name) }
            }
        } }
        tbody { @for line in &report.provenance { (source(line, &title(&line.chip))) } }
    };
    html! {
        label {
            "Show "
            select #provenance-chip autocomplete="off" {
                option value="" { "all chips" }
                @for chip in chips { option value=(chip) { (title(chip)) } }
            }
        }
        div #provenance { (framed("provenance", "provenance-heading", &table)) }
    }
}

/// The chips that have sources, each once, in the order in which they come.
fn chips_in(lines: &[Provenance]) -> Vec<&str> {
    let mut seen = std::collections::BTreeSet::new();
    lines.iter().map(|line| line.chip.as_str()).filter(|chip| seen.insert(*chip)).collect()
}

fn source(line: &Provenance, title: &str) -> Markup {
    html! {
        tr data-chip=(line.chip) {
            td { (title) }
            td { (line.figure) }
            td { (line.value) }
            td { (class_name(line.class)) }
            td { (line.source) }
            td { (line.date.as_deref().unwrap_or("–")) }
            td { (line.note.as_deref().unwrap_or_default()) }
        }
    }
}
