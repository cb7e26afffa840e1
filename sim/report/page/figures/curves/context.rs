//! Speed per user as the context grows.

use serde_json::{Value, json};

use super::{BAND, line_look, plain, title_of};
use crate::cost::Bound;
use crate::report::shares::long_name;
use crate::report::text::short;
use crate::report::{ContextCurve, ContextPoint, WallReport};

/// One line a chip; its markers tell what binds.
pub(in crate::report::page::figures) fn figure(report: &WallReport) -> Value {
    if report.context_curves.iter().all(|curve| curve.points.is_empty()) {
        return Value::Null;
    }
    let traces: Vec<Value> = report
        .context_curves
        .iter()
        .enumerate()
        .map(|(place, curve)| line(curve, place, &title_of(report, &curve.chip)))
        .collect();
    let (tickvals, ticktext) = ticks(report);
    json!({
        "data": traces,
        "layout": {
            "height": 500,
            "margin": { "t": 10, "r": 20, "b": 55, "l": 20 },
            "meta": { "range": BAND },
            "legend": { "orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom" },
            "xaxis": {
                "type": "log",
                "title": { "text": "context, tokens" },
                "tickvals": tickvals,
                "ticktext": ticktext,
            },
            "yaxis": {
                "title": { "text": "tokens/s per user" },
                "rangemode": "tozero",
                "automargin": true,
            },
        },
    })
}

fn line(curve: &ContextCurve, place: usize, title: &str) -> Value {
    let (colour, dash) = line_look(place);
    let points = &curve.points;
    json!({
        "type": "scatter",
        "mode": "lines+markers",
        "name": title,
        "x": points.iter().map(|point| point.context_tokens).collect::<Vec<_>>(),
        "y": points.iter().map(|point| point.tok_s_per_user).collect::<Vec<_>>(),
        "customdata": points
            .iter()
            .map(|point| [point.band.low, point.band.high])
            .collect::<Vec<_>>(),
        "hovertext": points.iter().map(|point| hover(curve, point, title)).collect::<Vec<_>>(),
        "hoverinfo": "text",
        "line": { "color": colour, "dash": dash, "width": 2 },
        "marker": {
            "color": colour,
            "size": 8,
            "symbol": points.iter().map(|point| symbol(point.bound)).collect::<Vec<_>>(),
        },
    })
}

/// The marker of `bound`.
pub(super) const fn symbol(bound: Bound) -> &'static str {
    match bound {
        Bound::HbmBandwidth => "circle",
        Bound::Compute => "square",
        Bound::Interconnect => "triangle-up",
        Bound::HbmCapacity => "diamond",
        Bound::Latency => "cross",
        Bound::Host => "star",
        Bound::Idle => "circle-open",
    }
}

fn hover(curve: &ContextCurve, point: &ContextPoint, title: &str) -> String {
    let band = point.band.beside(short);
    let sequences = if curve.batch == 1 { "sequence" } else { "sequences" };
    format!(
        "<b>{title}</b>, {} {sequences}<br>{} tokens of context<br>\
         {} tokens/s per user{band}<br>{}",
        curve.batch,
        plain(&short(point.context_tokens as f64)),
        short(point.tok_s_per_user),
        long_name(point.bound)
    )
}

/// Powers of four times 1,024 tokens within the curves' range.
fn ticks(report: &WallReport) -> (Vec<u64>, Vec<String>) {
    let lengths =
        || report.context_curves.iter().flat_map(|curve| &curve.points).map(|p| p.context_tokens);
    let (low, high) = (lengths().min().unwrap_or(1), lengths().max().unwrap_or(1));
    let powers = std::iter::successors(Some(1024_u64), |tokens| tokens.checked_mul(4));
    let within = powers.skip_while(|&tokens| tokens < low).take_while(|&tokens| tokens <= high);
    within.map(|tokens| (tokens, binary(tokens))).unzip()
}

fn binary(tokens: u64) -> String {
    if tokens < 1 << 20 { format!("{} Ki", tokens >> 10) } else { format!("{} Mi", tokens >> 20) }
}
