//! One bar a chip, coloured by what binds decode.

use serde_json::{Value, json};

use super::{BAND, GREY, chip_axis, colour, height, plain};
use crate::cost::Bound;
use crate::report::WallRow;
use crate::report::shares::{long_name, short_name};
use crate::report::text::{percent, short};

/// Output tokens per second and GPU, with bands where they are known.
pub(in crate::report::page::figures) fn per_gpu(rows: &[WallRow]) -> Value {
    bars(rows, "output tokens/s per GPU", "output_tok_s_per_gpu", |row| row.output_tok_s_per_gpu)
}

/// Output tokens per second and megawatt at the meter.
pub(in crate::report::page::figures) fn per_megawatt(rows: &[WallRow]) -> Value {
    bars(rows, "output tokens/s per facility MW", "tok_s_per_facility_mw", |row| {
        row.tok_s_per_facility_mw
    })
}

/// Right margin that the longest caption fits into, in pixels.
const CAPTION_WIDTH: u32 = 120;

/// Bars of the figure `key`, whose bands are drawn where they are known.
fn bars(rows: &[WallRow], unit: &str, key: &str, figure: fn(&WallRow) -> Option<f64>) -> Value {
    if rows.iter().all(|row| figure(row).is_none()) {
        return Value::Null;
    }
    let placed: Vec<Placed> = rows
        .iter()
        .enumerate()
        .filter_map(|(place, row)| {
            let (value, bound) = (figure(row)?, row.decode_bound.largest());
            let band = row.band_of(key);
            let reach = band.map(|(low, high)| ((value - low).max(0.0), (high - value).max(0.0)));
            Some(Placed { place, row, value, bound, reach })
        })
        .collect();
    let groups = Bound::ALL.into_iter().map(Some).chain([None]);
    let mut traces: Vec<Value> = groups.filter_map(|bound| trace(&placed, bound, unit)).collect();
    traces.push(captions(&placed));
    traces.extend(gaps(rows, figure));
    json!({
        "data": traces,
        "layout": {
            "height": height(rows, 65),
            "barmode": "overlay",
            "bargap": 0.3,
            "showlegend": false,
            "margin": { "t": 10, "r": CAPTION_WIDTH, "b": 55, "l": 20 },
            "meta": { "range": BAND },
            "xaxis": { "title": { "text": unit }, "rangemode": "tozero", "fixedrange": true },
            "yaxis": chip_axis(rows),
        },
    })
}

/// A bar and where it stands.
struct Placed<'a> {
    place: usize,
    row: &'a WallRow,
    value: f64,
    bound: Option<(Bound, f64)>,
    reach: Option<(f64, f64)>,
}

/// The bars that `bound` leads, as one trace.
fn trace(placed: &[Placed], bound: Option<Bound>, unit: &str) -> Option<Value> {
    let led: Vec<&Placed> =
        placed.iter().filter(|bar| bar.bound.map(|(leader, _)| leader) == bound).collect();
    if led.is_empty() {
        return None;
    }
    let banded = led.iter().any(|bar| bar.reach.is_some());
    let reach = |pick: fn((f64, f64)) -> f64| -> Vec<Option<f64>> {
        led.iter().map(|bar| bar.reach.map(pick)).collect()
    };
    Some(json!({
        "type": "bar",
        "orientation": "h",
        "name": bound.map_or("not known", long_name),
        "x": led.iter().map(|bar| bar.value).collect::<Vec<_>>(),
        "y": led.iter().map(|bar| bar.place).collect::<Vec<_>>(),
        "hovertext": led.iter().map(|bar| hover(bar, unit)).collect::<Vec<_>>(),
        "hoverinfo": "text",
        "marker": { "color": bound.map_or(GREY, colour) },
        "error_x": {
            "visible": banded,
            "array": reach(|(_, above)| above),
            "arrayminus": reach(|(below, _)| below),
            "symmetric": false,
            "color": GREY,
            "thickness": 1.5,
        },
    }))
}

/// The words to the right of bars and bands; they may reach into the margin.
fn captions(placed: &[Placed]) -> Value {
    let end = |bar: &Placed| bar.value + bar.reach.map_or(0.0, |(_, above)| above);
    json!({
        "type": "scatter",
        "mode": "text",
        "x": placed.iter().map(end).collect::<Vec<_>>(),
        "y": placed.iter().map(|bar| bar.place).collect::<Vec<_>>(),
        "text": placed.iter().map(|bar| format!(" {}", caption(bar))).collect::<Vec<_>>(),
        "textposition": "middle right",
        "hoverinfo": "skip",
        "cliponaxis": false,
    })
}

fn caption(bar: &Placed) -> String {
    bar.bound.map_or_else(
        || short(bar.value),
        |(bound, _)| format!("{} · {}", short(bar.value), short_name(bound)),
    )
}

fn hover(bar: &Placed, unit: &str) -> String {
    let band = bar.reach.map(|(below, above)| {
        format!("band {} to {}", short(bar.value - below), short(bar.value + above))
    });
    let lines = [
        Some(format!("<b>{}</b>", plain(&bar.row.title))),
        Some(format!("{} {unit}", short(bar.value))),
        band,
        bar.bound
            .map(|(bound, share)| format!("decode: {} on {}", percent(share), long_name(bound))),
        bar.row.parallel.as_ref().map(|plan| format!("plan {}", plain(plan))),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join("<br>")
}

/// The words in place of bars that are missing.
fn gaps(rows: &[WallRow], figure: fn(&WallRow) -> Option<f64>) -> Option<Value> {
    let missing: Vec<(usize, &WallRow)> =
        rows.iter().enumerate().filter(|(_, row)| figure(row).is_none()).collect();
    (!missing.is_empty()).then(|| {
        json!({
            "type": "scatter",
            "mode": "text",
            "x": missing.iter().map(|_| 0).collect::<Vec<_>>(),
            "y": missing.iter().map(|(place, _)| place).collect::<Vec<_>>(),
            "text": missing
                .iter()
                .map(|(_, row)| if row.reason.is_some() { " does not fit" } else { " not known" })
                .collect::<Vec<_>>(),
            "textposition": "middle right",
            "hovertext": missing
                .iter()
                .map(|(_, row)| plain(row.reason.as_deref().unwrap_or("not known")))
                .collect::<Vec<_>>(),
            "hoverinfo": "text",
            "cliponaxis": false,
        })
    })
}
