//! What each generation multiplied, against the first chip that ran.

use serde_json::{Value, json};

use super::{PALETTE, Series, chip_axis, height, plain};
use crate::report::text::short;
use crate::report::wall::words::comparison;
use crate::report::{WallDocument, WallRow};

const SERIES: [Series<WallRow>; 5] = [
    Series { name: "HBM bandwidth", colour: PALETTE[0], symbol: "circle", of: |row| row.hbm_tb_s },
    Series { name: "HBM capacity", colour: PALETTE[3], symbol: "diamond", of: |row| row.hbm_gb },
    Series {
        name: "dense FLOP/s",
        colour: PALETTE[1],
        symbol: "square",
        of: |row| row.dense_pflop_s,
    },
    Series {
        name: "of that silicon: FLOP/s in BF16",
        colour: PALETTE[5],
        symbol: "triangle-up",
        of: |row| row.bf16_pflop_s,
    },
    Series {
        name: "output tokens/s per GPU",
        colour: PALETTE[2],
        symbol: "star",
        of: |row| row.output_tok_s_per_gpu,
    },
];

/// One line a figure, one place a chip; null unless two chips ran.
pub(in crate::report::page::figures) fn figure(document: &WallDocument) -> Value {
    let Some((base, _)) = comparison(document) else { return Value::Null };
    let traces: Vec<Value> =
        SERIES.iter().filter_map(|series| line(&document.rows, base, series)).collect();
    let name = |&tick: &f64| format!("×{}", short(tick));
    let ticks: Vec<f64> = (-3..6)
        .flat_map(|decade| [1.0, 2.0, 5.0].map(|step| step * libm::pow(10.0, f64::from(decade))))
        .collect();
    json!({
        "data": traces,
        "layout": {
            "height": height(&document.rows, 110),
            "margin": { "t": 10, "r": 20, "b": 55, "l": 20 },
            "legend": { "orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom" },
            "xaxis": {
                "type": "log",
                "title": { "text": format!("multiple of {}", plain(&base.title)) },
                "ticktext": ticks.iter().map(name).collect::<Vec<_>>(),
                "tickvals": ticks,
            },
            "yaxis": chip_axis(&document.rows),
        },
    })
}

fn line(rows: &[WallRow], base: &WallRow, series: &Series<WallRow>) -> Option<Value> {
    let unit = (series.of)(base).filter(|&unit| unit > 0.0)?;
    let places: Vec<(usize, &WallRow, f64)> = rows
        .iter()
        .enumerate()
        .filter_map(|(place, row)| Some((place, row, (series.of)(row)? / unit)))
        .filter(|&(_, _, multiple)| multiple > 0.0)
        .collect();
    Some(json!({
        "type": "scatter",
        "mode": "lines+markers",
        "name": series.name,
        "x": places.iter().map(|(_, _, multiple)| multiple).collect::<Vec<_>>(),
        "y": places.iter().map(|(place, ..)| place).collect::<Vec<_>>(),
        "hovertext": places
            .iter()
            .map(|(_, row, multiple)| {
                format!("<b>{}</b><br>{} ×{}", plain(&row.title), series.name, short(*multiple))
            })
            .collect::<Vec<_>>(),
        "hoverinfo": "text",
        "line": { "color": series.colour, "width": 1.5 },
        "marker": { "color": series.colour, "symbol": series.symbol, "size": 10 },
    }))
}
