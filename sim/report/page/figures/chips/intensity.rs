//! Operations per byte: what each chip offers and what the work asks for.

use serde_json::{Value, json};

use super::{PALETTE, Series, chip_axis, height, log_axis, plain};
use crate::report::text::short;
use crate::report::{Intensity, WallRow};

const SERIES: [Series<Intensity>; 3] = [
    Series {
        name: "the chip offers",
        colour: PALETTE[1],
        symbol: "square",
        of: |intensity| intensity.chip_flop_b,
    },
    Series {
        name: "the whole task asks for",
        colour: PALETTE[2],
        symbol: "circle",
        of: |intensity| intensity.task_flop_b,
    },
    Series {
        name: "decode asks for",
        colour: PALETTE[0],
        symbol: "diamond",
        of: |intensity| intensity.decode_flop_b,
    },
];

/// One marker a figure and chip; null if no chip ran.
pub(in crate::report::page::figures) fn figure(rows: &[WallRow]) -> Value {
    let values = || SERIES.iter().flat_map(|series| places(rows, series)).map(|of| of.2);
    if values().next().is_none() {
        return Value::Null;
    }
    json!({
        "data": SERIES.iter().map(|series| trace(rows, series)).collect::<Vec<_>>(),
        "layout": {
            "height": height(rows, 110),
            "margin": { "t": 10, "r": 20, "b": 55, "l": 20 },
            "legend": { "orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom" },
            "xaxis": log_axis("FLOP per byte of HBM traffic", values()),
            "yaxis": chip_axis(rows),
        },
    })
}

fn places<'a>(rows: &'a [WallRow], series: &Series<Intensity>) -> Vec<(usize, &'a WallRow, f64)> {
    let known = rows.iter().enumerate();
    known.filter_map(|(place, row)| Some((place, row, (series.of)(&row.intensity)?))).collect()
}

fn trace(rows: &[WallRow], series: &Series<Intensity>) -> Value {
    let known = places(rows, series);
    let hover = |(_, row, value): &(usize, &WallRow, f64)| {
        format!("<b>{}</b><br>{} {} FLOP/byte", plain(&row.title), series.name, short(*value))
    };
    json!({
        "type": "scatter",
        "mode": "markers",
        "name": series.name,
        "x": known.iter().map(|of| of.2).collect::<Vec<_>>(),
        "y": known.iter().map(|of| of.0).collect::<Vec<_>>(),
        "hovertext": known.iter().map(hover).collect::<Vec<_>>(),
        "hoverinfo": "text",
        "marker": { "color": series.colour, "symbol": series.symbol, "size": 11 },
    })
}
