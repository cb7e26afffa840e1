//! Where time goes: the whole task and decode, side by side.

use serde_json::{Value, json};

use super::{BAND, chip_axis, colour, heading, height, ink_on, plain};
use crate::cost::Bound;
use crate::report::shares::long_name;
use crate::report::text::percent;
use crate::report::{Shares, WallRow};

/// The smallest share that gets its number printed into the bar.
const READABLE: f64 = 0.12;

/// What a panel shows, the axis it is drawn on, its shares, and their key in a row.
type Panel = (&'static str, &'static str, fn(&WallRow) -> Shares, &'static str);

/// Two stacked bars a chip.
pub(in crate::report::page::figures) fn figure(rows: &[WallRow]) -> Value {
    let panels: [Panel; 2] = [
        ("whole task", "x", |row| row.time_share, "time_share"),
        ("decode", "x2", |row| row.decode_bound, "decode_bound"),
    ];
    let traces: Vec<Value> = panels
        .iter()
        .flat_map(|panel| Bound::ALL.iter().filter_map(|&bound| trace(rows, panel, bound)))
        .collect();
    if traces.is_empty() {
        return Value::Null;
    }
    json!({
        "data": traces,
        "layout": {
            "height": height(rows, 80),
            "barmode": "stack",
            "uniformtext": { "mode": "hide", "minsize": 10 },
            "bargap": 0.3,
            "showlegend": false,
            "meta": { "range": BAND },
            "margin": { "t": 35, "r": 20, "b": 30, "l": 20 },
            "xaxis": axis([0.0, 0.47]),
            "xaxis2": axis([0.53, 1.0]),
            "yaxis": chip_axis(rows),
            "annotations": [heading("Whole task", 0.0), heading("Decode", 0.53)],
        },
    })
}

fn axis(domain: [f64; 2]) -> Value {
    json!({
        "domain": domain,
        "range": [0, 1],
        "tickvals": [0, 0.5, 1],
        "ticktext": ["", "50 %", ""],
        "fixedrange": true,
    })
}

fn trace(rows: &[WallRow], &(what, axis, shares, key): &Panel, bound: Bound) -> Option<Value> {
    let known: Vec<(usize, &WallRow, f64)> = rows
        .iter()
        .enumerate()
        .filter_map(|(place, row)| Some((place, row, shares(row).get(bound)?)))
        .collect();
    let key = format!("{key}.{}", bound.key());
    let bands: Vec<_> = known.iter().map(|(_, row, _)| row.band_of(&key)).collect();
    let hovers: Vec<String> = known
        .iter()
        .zip(&bands)
        .map(|((_, row, share), band)| {
            let (title, name) = (plain(&row.title), long_name(bound));
            let band = band.map_or_else(String::new, |(low, high)| {
                format!(" ({} to {})", percent(low), percent(high))
            });
            format!("<b>{title}</b>, {what}<br>{name}: {}{band}", percent(*share))
        })
        .collect();
    known.iter().any(|(_, _, share)| *share > 0.0).then(|| {
        json!({
            "type": "bar",
            "orientation": "h",
            "xaxis": axis,
            "name": long_name(bound),
            "meta": format!("{what}: {}", long_name(bound)),
            "x": known.iter().map(|(_, _, share)| share).collect::<Vec<_>>(),
            "y": known.iter().map(|(place, ..)| place).collect::<Vec<_>>(),
            "text": known.iter().map(|(_, _, share)| printed(*share)).collect::<Vec<_>>(),
            "textposition": "inside",
            "insidetextanchor": "middle",
            "textangle": 0,
            "customdata": bands,
            "hovertext": hovers,
            "hoverinfo": "text",
            "marker": { "color": colour(bound) },
            "insidetextfont": { "color": ink_on(bound) },
        })
    })
}

fn printed(share: f64) -> String {
    if share < READABLE { String::new() } else { percent(share) }
}
