//! Output per GPU against speed per user: what no other plan and load of a chip beats.

use serde_json::{Value, json};

use super::{BAND, line_look, log_axis, plain};
use crate::report::text::short;
use crate::report::{FrontierPoint, WallRow};

/// One line a chip; null if nothing was asked.
pub(in crate::report::page::figures) fn figure(rows: &[WallRow]) -> Value {
    let known: Vec<&WallRow> = rows.iter().filter(|row| !row.frontier.is_empty()).collect();
    let traces: Vec<Value> =
        known.iter().enumerate().map(|(place, row)| line(row, place)).collect();
    if traces.is_empty() {
        return Value::Null;
    }
    let points = || known.iter().flat_map(|row| &row.frontier);
    json!({
        "data": traces,
        "layout": {
            "height": 560,
            "margin": { "t": 10, "r": 20, "b": 55, "l": 20 },
            "meta": { "range": BAND },
            "legend": { "orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom" },
            "xaxis": log_axis("tokens/s per user", points().map(|point| point.tok_s_per_user_p50)),
            "yaxis": log_axis(
                "output tokens/s per GPU",
                points().map(|point| point.output_tok_s_per_gpu),
            ),
        },
    })
}

fn line(row: &WallRow, place: usize) -> Value {
    let (colour, dash) = line_look(place);
    let points = &row.frontier;
    let symbol = |point: &FrontierPoint| if point.meets_slo { "circle" } else { "circle-open" };
    json!({
        "type": "scatter",
        "mode": "lines+markers",
        "name": plain(&row.title),
        "x": points.iter().map(|point| point.tok_s_per_user_p50).collect::<Vec<_>>(),
        "y": points.iter().map(|point| point.output_tok_s_per_gpu).collect::<Vec<_>>(),
        "customdata": points
            .iter()
            .map(|point| { let band = point.band_of("output_tok_s_per_gpu"); [band.low, band.high] })
            .collect::<Vec<_>>(),
        "hovertext": points.iter().map(|point| hover(row, point)).collect::<Vec<_>>(),
        "hoverinfo": "text",
        "line": { "color": colour, "dash": dash, "width": 2 },
        "marker": {
            "color": colour,
            "symbol": points.iter().map(symbol).collect::<Vec<_>>(),
            "size": 8,
        },
    })
}

fn hover(row: &WallRow, point: &FrontierPoint) -> String {
    let per_mw = point.tok_s_per_facility_mw.map_or_else(String::new, |rate| {
        format!("<br>{} output tokens/s per facility MW", short(rate))
    });
    let per_task = point
        .usd_per_task
        .map_or_else(String::new, |usd| format!("<br>{} USD per task", short(usd)));
    format!(
        "<b>{}</b>, {} with {} tasks in flight<br>\
         {} tokens/s per user{}, {} per GPU{}{per_mw}{per_task}",
        plain(&row.title),
        plain(&point.parallel),
        point.concurrency,
        short(point.tok_s_per_user_p50),
        point.band_of("tok_s_per_user_p50").beside(short),
        short(point.output_tok_s_per_gpu),
        point.band_of("output_tok_s_per_gpu").beside(short),
    )
}
