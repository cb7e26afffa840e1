//! The roofline of each chip with the model's operators under it.

use serde_json::{Value, json};

use super::{BAND, PALETTE, plain, title_of};
use crate::report::text::{percent, short};
use crate::report::{Band, Phase, Roofline, RooflinePoint, WallReport};
use crate::units::with_prefix;

/// Room that a name takes, as shares of the frame's width and height.
const NAME: (f64, f64) = (0.12, 0.05);

/// One figure a chip, all on the same axes, so that switching between them compares.
pub(in crate::report::page::figures) fn figures(report: &WallReport) -> Value {
    let Some(frame) = Frame::around(&report.rooflines) else { return Value::Null };
    let figures: Vec<Value> = report
        .rooflines
        .iter()
        .map(|roof| {
            json!({
                "chip": roof.chip,
                "title": report
                    .document
                    .rows
                    .iter()
                    .find(|row| row.chip == roof.chip)
                    .map_or(&roof.chip, |row| &row.title),
                "figure": figure(roof, &title_of(report, &roof.chip), frame),
            })
        })
        .collect();
    json!(figures)
}

/// The ends of both axes: (intensity, FLOP/s).
#[derive(Clone, Copy)]
struct Frame {
    low: (f64, f64),
    high: (f64, f64),
}

impl Frame {
    /// Room for every roof's ridge and every point; none if there is no roof to draw.
    fn around(roofs: &[Roofline]) -> Option<Self> {
        let roofs = roofs.iter().filter(|roof| roof.bandwidth_b_s > 0.0 && roof.peak_flop_s > 0.0);
        let corners = roofs.flat_map(|roof| {
            let ridge = (roof.peak_flop_s / roof.bandwidth_b_s, roof.peak_flop_s);
            let points = roof.points.iter().filter(|point| is_drawable(point));
            points.map(|point| (point.intensity_flop_b, point.achieved_flop_s)).chain([ridge])
        });
        corners
            .map(|corner| Self { low: corner, high: corner })
            .reduce(|a, b| Self {
                low: (a.low.0.min(b.low.0), a.low.1.min(b.low.1)),
                high: (a.high.0.max(b.high.0), a.high.1.max(b.high.1)),
            })
            .map(|frame| Self {
                low: (frame.low.0 / 3.0, frame.low.1 / 3.0),
                high: (frame.high.0 * 3.0, frame.high.1 * 3.0),
            })
    }

    /// Where `point` stands, as shares of the frame's width and height.
    fn place(self, point: &RooflinePoint) -> (f64, f64) {
        let along =
            |value: f64, low: f64, high: f64| libm::log(value / low) / libm::log(high / low);
        (
            along(point.intensity_flop_b, self.low.0, self.high.0),
            along(point.achieved_flop_s, self.low.1, self.high.1),
        )
    }
}

/// A logarithmic axis has no zero.
fn is_drawable(point: &RooflinePoint) -> bool {
    point.intensity_flop_b > 0.0 && point.achieved_flop_s > 0.0
}

fn figure(roof: &Roofline, title: &str, frame: Frame) -> Value {
    let ridge = roof.peak_flop_s / roof.bandwidth_b_s;
    let phases = [
        (Phase::Prefill, "prefill", PALETTE[1], "circle"),
        (Phase::Decode, "decode", PALETTE[0], "diamond"),
    ];
    let mut traces = vec![roof_line(roof, ridge, frame)];
    traces.extend(phases.into_iter().map(|look| operators(roof, look, frame)));
    json!({
        "data": traces,
        "layout": {
            "height": 480,
            "margin": { "t": 10, "r": 20, "b": 55, "l": 20 },
            "legend": { "orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom" },
            "meta": { "title": title, "range": BAND },
            "xaxis": axis("FLOP per byte of HBM traffic", frame.low.0, frame.high.0),
            "yaxis": axis("FLOP/s of one chip", frame.low.1, frame.high.1),
            "annotations": notes(roof, ridge),
        },
    })
}

fn axis(title: &str, low: f64, high: f64) -> Value {
    let (first, last) = (libm::log10(low), libm::log10(high));
    let decades = libm::ceil(first) as i32..=libm::floor(last) as i32;
    let ticks: Vec<f64> = decades.map(|decade| libm::pow(10.0, f64::from(decade))).collect();
    json!({
        "type": "log",
        "title": { "text": title },
        "range": [first, last],
        "ticktext": ticks.iter().map(|&tick| with_prefix(tick, "")).collect::<Vec<_>>(),
        "tickvals": ticks,
        "automargin": true,
        "zeroline": false,
    })
}

fn roof_line(roof: &Roofline, ridge: f64, frame: Frame) -> Value {
    let (left, right) = (frame.low.0, frame.high.0.max(ridge));
    json!({
        "type": "scatter",
        "mode": "lines",
        "name": "roofline",
        "x": [left, ridge, right],
        "y": [left * roof.bandwidth_b_s, roof.peak_flop_s, roof.peak_flop_s],
        "line": { "color": "#8C8C8C", "width": 2.5 },
        "hoverinfo": "skip",
    })
}

fn operators(roof: &Roofline, look: (Phase, &str, &str, &str), frame: Frame) -> Value {
    let (phase, name, colour, symbol) = look;
    let points: Vec<&RooflinePoint> =
        roof.points.iter().filter(|point| point.phase == phase && is_drawable(point)).collect();
    let names = names(&points, frame);
    json!({
        "type": "scatter",
        "mode": "markers+text",
        "name": name,
        "x": points.iter().map(|point| point.intensity_flop_b).collect::<Vec<_>>(),
        "y": points.iter().map(|point| point.achieved_flop_s).collect::<Vec<_>>(),
        "customdata": points
            .iter()
            .map(|point| [point.band.low, point.band.high])
            .collect::<Vec<_>>(),
        "text": names,
        "textposition": if phase == Phase::Decode { "bottom right" } else { "bottom left" },
        "hovertext": points.iter().map(|point| hover(point, name)).collect::<Vec<_>>(),
        "hoverinfo": "text",
        "marker": {
            "color": colour,
            "symbol": symbol,
            "opacity": 0.85,
            "size": points
                .iter()
                .map(|point| 7.0 + 28.0 * point.time_share.max(0.0).sqrt())
                .collect::<Vec<_>>(),
        },
    })
}

/// The names beside `points`: an operator goes without where a weightier one needs the room.
fn names(points: &[&RooflinePoint], frame: Frame) -> Vec<String> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| points[b].time_share.total_cmp(&points[a].time_share));
    let mut names = vec![String::new(); points.len()];
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for place in order {
        let (x, y) = frame.place(points[place]);
        let is_free =
            |&(left, low): &(f64, f64)| (x - left).abs() > NAME.0 || (y - low).abs() > NAME.1;
        if taken.iter().all(is_free) {
            names[place] = plain(&points[place].operator);
            taken.push((x, y));
        }
    }
    names
}

fn hover(point: &RooflinePoint, phase: &str) -> String {
    format!(
        "<b>{}</b>, {phase}<br>{} FLOP/byte<br>{}{}<br>{} of the time",
        plain(&point.operator),
        short(point.intensity_flop_b),
        with_prefix(point.achieved_flop_s, "FLOP/s"),
        point.band.beside(|rate| with_prefix(rate, "FLOP/s")),
        percent(point.time_share)
    )
}

/// A band that has a width: figures of data sheets are taken for certain.
fn unsure(band: Band) -> Band {
    if band.low < band.high { band } else { Band::default() }
}

fn notes(roof: &Roofline, ridge: f64) -> Value {
    let text = format!(
        "{} {}{},<br>{}{}:<br>ridge at {} FLOP/byte",
        plain(&roof.matrix_engine),
        with_prefix(roof.peak_flop_s, "FLOP/s"),
        unsure(roof.peak_band).beside(|rate| with_prefix(rate, "")),
        with_prefix(roof.bandwidth_b_s, "B/s"),
        unsure(roof.bandwidth_band).beside(|rate| with_prefix(rate, "")),
        short(ridge)
    );
    json!([{
        "text": text,
        "x": libm::log10(ridge), "y": libm::log10(roof.peak_flop_s),
        "xanchor": "right", "yanchor": "bottom", "align": "right",
        "showarrow": false, "xshift": -8, "yshift": -4,
    }])
}
