//! What a tenth more of each resource buys, chip by chip.

use serde_json::{Value, json};

use super::{GREY, PALETTE, chip_axis, height, plain};
use crate::report::wall::{LEVERS, gain};
use crate::report::{Slope, WallRow};

/// Colour and marker of each lever.
const LOOKS: [(&str, &str); LEVERS.len()] = [
    (PALETTE[0], "circle"),
    (PALETTE[3], "diamond"),
    (GREY, "hexagon"),
    (PALETTE[1], "square"),
    (PALETTE[2], "triangle-up"),
    (PALETTE[5], "star"),
];

/// One marker a lever with its standard error; null if nothing was asked.
pub(in crate::report::page::figures) fn figure(rows: &[WallRow]) -> Value {
    let traces: Vec<Value> = (0..LEVERS.len()).filter_map(|lever| trace(rows, lever)).collect();
    if traces.is_empty() {
        return Value::Null;
    }
    json!({
        "data": traces,
        "layout": {
            "height": height(rows, 110),
            "margin": { "t": 10, "r": 20, "b": 55, "l": 20 },
            "meta": { "range": "one standard error" },
            "legend": { "orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom" },
            "xaxis": {
                "title": { "text": "gain in output tokens/s per GPU, %" },
                "zeroline": true,
                "fixedrange": true,
            },
            "yaxis": chip_axis(rows),
        },
    })
}

fn trace(rows: &[WallRow], lever: usize) -> Option<Value> {
    let (colour, symbol) = LOOKS[lever];
    let lever = &LEVERS[lever];
    let known: Vec<(usize, &WallRow, f64, Option<f64>)> = rows
        .iter()
        .enumerate()
        .filter_map(|(place, row)| {
            let Slope { value, error } = (lever.slope)(row)?;
            Some((place, row, gain(value), error.map(gain)))
        })
        .collect();
    let hover = |(_, row, gain, error): &(usize, &WallRow, f64, Option<f64>)| {
        let title = plain(&row.title);
        let error = error.map_or_else(String::new, |error| format!(" ± {error:.1}"));
        format!("<b>{title}</b><br>10 % more {}: {gain:+.1}{error} %", lever.name)
    };
    (!known.is_empty()).then(|| {
        json!({
            "type": "scatter",
            "mode": "markers",
            "name": lever.name,
            "x": known.iter().map(|of| of.2).collect::<Vec<_>>(),
            "y": known.iter().map(|of| of.0).collect::<Vec<_>>(),
            "error_x": {
                "array": known.iter().map(|of| of.3).collect::<Vec<_>>(),
                "color": colour, "thickness": 1, "width": 0,
            },
            "hovertext": known.iter().map(hover).collect::<Vec<_>>(),
            "hoverinfo": "text",
            "marker": { "color": colour, "symbol": symbol, "size": 10 },
        })
    })
}
