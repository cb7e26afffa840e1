//! The legend: what lines, markers and bars stand for.

use super::figure::{Figure, Many, Trace, lines};
use super::ink::{self, Anchor, Colour, Face, INK, Scene, Shape};
use super::marks::mark;

/// Height of a row, and the width that a sign takes, in pixels.
const ROW: f64 = 20.0;
const SIGN: f64 = 34.0;
const GAP: f64 = 18.0;
const SIZE: f64 = 12.5;

/// A sign and its name.
struct Entry<'a> {
    trace: &'a Trace,
    name: String,
}

/// Every name once, in the order of the traces.
fn entries(figure: &Figure) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry> = Vec::new();
    for trace in figure.data.iter().filter(|trace| trace.showlegend != Some(false)) {
        let Some(name) = &trace.name else { continue };
        let name: String = lines(name).iter().map(|line| line.text.as_str()).collect();
        if !entries.iter().any(|entry| entry.name == name) {
            entries.push(Entry { trace, name });
        }
    }
    entries
}

/// Draws the legend between `left` and `right` from `top` on. Returns where it ends.
pub(super) fn draw(scene: &mut Scene, figure: &Figure, (left, right): (f64, f64), top: f64) -> f64 {
    let entries = entries(figure);
    if entries.is_empty() {
        return top;
    }
    let (mut x, mut y) = (left, top + ROW / 2.0);
    for entry in &entries {
        let width = SIGN + ink::width(&entry.name, SIZE);
        if x > left && x + width > right {
            (x, y) = (left, y + ROW);
        }
        sign(scene, entry.trace, (x, y));
        let at = (x + SIGN, y + 0.35 * SIZE);
        scene.text(at, Anchor::Start, Face::new(SIZE, INK), &entry.name);
        x += width + GAP;
    }
    y + ROW / 2.0 + 6.0
}

fn sign(scene: &mut Scene, trace: &Trace, (x, y): (f64, f64)) {
    let colour = first_colour(trace);
    if trace.kind == "bar" {
        scene.rectangle((x + 14.0, y - 6.0), (x + 26.0, y + 6.0), colour);
        return;
    }
    if trace.mode.contains("lines") {
        let ends = vec![(x, y), (x + SIGN - 6.0, y)];
        let dashes = dashes(trace.line.dash.as_deref());
        scene.shapes.push(Shape::Line(ends, colour, trace.line.width.unwrap_or(2.0), dashes));
    }
    if trace.mode.contains("markers") {
        // A legend stands for all points: filled ones are the rule.
        let symbol = match &trace.marker.symbol {
            Many::All(symbol) => symbol.as_str(),
            Many::Each(_) => "circle",
        };
        mark(scene, symbol, (x + (SIGN - 6.0) / 2.0, y), 9.0, colour);
    }
}

/// The colour that a trace has in the legend.
pub(super) fn first_colour(trace: &Trace) -> Colour {
    let code = trace.marker.color.get(0).or(trace.line.color.as_ref());
    code.and_then(|code| Colour::of(code)).unwrap_or(INK)
}

/// Lengths of dashes and gaps.
pub(super) fn dashes(name: Option<&str>) -> Vec<f64> {
    match name {
        Some("dash") => vec![7.0, 4.0],
        Some("dot") => vec![2.0, 3.0],
        _ => Vec::new(),
    }
}
