//! Where decode turns: batches against contexts, one figure a chip.

use serde_json::{Value, json};

use super::{BAND, GREY, PALETTE, Series, log_axis, plain};
use crate::report::text::short;
use crate::report::{Band, Turn, WallRow};

/// The range of a batch.
type Ranged = fn(&Turn) -> Band;

/// Batches and how they look, and their ranges.
const SERIES: [(Series<Turn>, Ranged); 3] = [
    (
        Series {
            name: "KV takes as long to read as the weights",
            colour: PALETTE[0],
            symbol: "circle",
            of: |turn| turn.kv_batch.map(f64::from),
        },
        |turn| turn.kv_band,
    ),
    (
        Series {
            name: "computing takes longer than reading",
            colour: PALETTE[1],
            symbol: "square",
            of: |turn| turn.compute_batch.map(f64::from),
        },
        |turn| turn.compute_band,
    ),
    (
        Series {
            name: "the KV cache is full",
            colour: GREY,
            symbol: "diamond",
            of: |turn| Some(f64::from(turn.capacity_batch)),
        },
        |turn| turn.capacity_band,
    ),
];

/// One figure a chip that ran, all on the same axes; null if none did.
pub(in crate::report::page::figures) fn figures(rows: &[WallRow]) -> Value {
    let known: Vec<&WallRow> = rows.iter().filter(|row| !row.turns.is_empty()).collect();
    let turns = || known.iter().flat_map(|row| &row.turns);
    let contexts = log_axis(
        "context of every sequence, tokens",
        turns().map(|turn| f64::from(turn.context_tokens)),
    );
    let batches = turns().map(|turn| f64::from(turn.capacity_batch));
    let batches = log_axis("sequences in one replica's batch", batches.chain([1.0]));
    let figures: Vec<Value> = known
        .iter()
        .map(|row| {
            let figure = figure(row, &contexts, &batches);
            json!({ "chip": row.chip, "title": row.title, "figure": figure })
        })
        .collect();
    if figures.is_empty() { Value::Null } else { json!(figures) }
}

fn figure(row: &WallRow, contexts: &Value, batches: &Value) -> Value {
    json!({
        "data": SERIES.iter().map(|(series, band)| line(row, series, *band)).collect::<Vec<_>>(),
        "layout": {
            "height": 440,
            "margin": { "t": 10, "r": 20, "b": 55, "l": 20 },
            "meta": { "range": BAND },
            "legend": { "orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom" },
            "xaxis": contexts,
            "yaxis": batches,
        },
    })
}

fn line(row: &WallRow, series: &Series<Turn>, band: Ranged) -> Value {
    let known: Vec<(u32, f64, Band)> = row
        .turns
        .iter()
        .filter_map(|turn| Some((turn.context_tokens, (series.of)(turn)?, band(turn))))
        .collect();
    let hover = |&(context, batch, band): &(u32, f64, Band)| {
        format!(
            "<b>{}</b>, {} tokens each<br>{} from a batch of {}{}",
            plain(&row.title),
            short(f64::from(context)),
            series.name,
            short(batch),
            band.beside(short)
        )
    };
    json!({
        "type": "scatter",
        "mode": "lines+markers",
        "name": series.name,
        "x": known.iter().map(|(context, ..)| context).collect::<Vec<_>>(),
        "y": known.iter().map(|(_, batch, _)| batch).collect::<Vec<_>>(),
        "customdata": known.iter().map(|(.., band)| [band.low, band.high]).collect::<Vec<_>>(),
        "hovertext": known.iter().map(hover).collect::<Vec<_>>(),
        "hoverinfo": "text",
        "line": { "color": series.colour, "width": 2 },
        "marker": { "color": series.colour, "symbol": series.symbol, "size": 9 },
    })
}
