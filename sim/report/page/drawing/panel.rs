//! Axes, and what is drawn between them.

use super::axis::Axis;
use super::figure::{AxisSpec, Figure, Note, Trace, lines};
use super::ink::{Anchor, Colour, Face, GRID, INK, SOFT, Scene, Shape, width};
use super::legend::{dashes, first_colour};
use super::marks::mark;
use super::plot::{LINE, SIZE, block};

/// A pair of axes.
pub(super) struct Panel<'a> {
    pub(super) horizontal: Axis,
    pub(super) vertical: &'a Axis,
}

/// The values that a bar reaches from and to.
struct Spot {
    across: [f64; 2],
    up: [f64; 2],
}

impl Panel<'_> {
    /// Draws lines at the ticks and the horizontal names. Returns where those end.
    pub(super) fn grid(&self, scene: &mut Scene, across: &AxisSpec, up: &AxisSpec) -> f64 {
        let ((left, right), (bottom, top)) = (self.horizontal.pixels, self.vertical.pixels);
        let mut free_from = f64::NEG_INFINITY;
        for (x, text) in &self.horizontal.ticks {
            if across.showgrid != Some(false) {
                scene.line(vec![(*x, top), (*x, bottom)], GRID, 1.0);
            }
            let text: String = lines(text).iter().map(|line| line.text.as_str()).collect();
            let half = width(&text, SIZE) / 2.0;
            if x - half >= free_from {
                scene.text((*x, bottom + 18.0), Anchor::Middle, Face::new(SIZE, INK), &text);
                free_from = x + half + 6.0;
            }
        }
        for (y, _) in self.vertical.ticks.iter().filter(|_| up.showgrid != Some(false)) {
            scene.line(vec![(left, *y), (right, *y)], GRID, 1.0);
        }
        if across.zeroline != Some(false)
            && let Some(zero) = self.horizontal.zero()
        {
            scene.line(vec![(zero, top), (zero, bottom)], SOFT, 1.0);
        }
        if across.title.text.is_empty() {
            return bottom + 22.0;
        }
        let title: String = lines(&across.title.text).iter().map(|l| l.text.as_str()).collect();
        let middle = (f64::midpoint(left, right), bottom + 42.0);
        scene.text(middle, Anchor::Middle, Face::new(SIZE + 0.5, INK), &title);
        bottom + 46.0
    }

    /// Draws bars, beside one another, over one another, or one after another.
    pub(super) fn bars(&self, scene: &mut Scene, figure: &Figure, traces: &[&Trace]) {
        let bars: Vec<&&Trace> = traces.iter().filter(|trace| trace.kind == "bar").collect();
        let thickness = 1.0 - figure.layout.bargap.unwrap_or(0.2);
        let is_stacked = figure.layout.barmode == "stack";
        let is_grouped = !matches!(figure.layout.barmode.as_str(), "stack" | "overlay");
        let lanes = if is_grouped { bars.len().max(1) as f64 } else { 1.0 };
        let mut ends: Vec<(f64, f64)> = Vec::new();
        for (lane, trace) in bars.iter().enumerate() {
            for (place, (x, y)) in trace.x.iter().zip(&trace.y).enumerate() {
                let (Some(x), Some(y)) = (*x, *y) else { continue };
                let mut start = trace.base.get(place).copied().flatten().unwrap_or(0.0);
                if is_stacked {
                    start = ends
                        .iter()
                        .rev()
                        .find(|(at, _)| at.to_bits() == y.to_bits())
                        .map_or(start, |end| end.1);
                    ends.push((y, start + x));
                }
                let lane = if is_grouped { lane as f64 } else { 0.0 };
                let upper = y - thickness / 2.0 + thickness * lane / lanes;
                let spot =
                    Spot { across: [start, start + x], up: [upper, upper + thickness / lanes] };
                self.bar(scene, trace, place, &spot);
            }
        }
    }

    fn bar(&self, scene: &mut Scene, trace: &Trace, place: usize, spot: &Spot) {
        let across = spot.across.map(|value| self.horizontal.at(value));
        let up = spot.up.map(|value| self.vertical.at(value));
        let ([Some(left), Some(right)], [Some(top), Some(bottom)]) = (across, up) else { return };
        let colour = trace.marker.color.get(place).and_then(|code| Colour::of(code));
        scene.rectangle((left, top), (right, bottom), colour.unwrap_or(SOFT));
        let middle = f64::midpoint(top, bottom);
        self.whisker(scene, trace, place, middle);
        let Some(text) = trace.text.get(place).filter(|text| !text.is_empty()) else { return };
        if width(text, 12.0) + 4.0 <= (right - left).abs() {
            let ink = trace.insidetextfont.color.as_deref().and_then(Colour::of).unwrap_or(INK);
            let at = (f64::midpoint(left, right), middle + 4.2);
            scene.text(at, Anchor::Middle, Face::new(12.0, ink), text);
        }
    }

    fn whisker(&self, scene: &mut Scene, trace: &Trace, place: usize, y: f64) {
        let Some((below, above)) = whiskers(trace, place) else { return };
        let Some(x) = trace.x[place] else { return };
        let ends = (self.horizontal.at(x - below), self.horizontal.at(x + above));
        let (Some(low), Some(high)) = ends else { return };
        let code = trace.error_x.color.as_deref();
        let colour = code.and_then(Colour::of).unwrap_or(SOFT);
        // Whiskers over a bar are drawn in ink: grey on a colour is hard to see.
        let colour = if trace.kind == "bar" { INK } else { colour };
        let width = trace.error_x.thickness.unwrap_or(1.5);
        scene.line(vec![(low, y), (high, y)], colour, width);
        if trace.kind == "bar" {
            for end in [low, high] {
                scene.line(vec![(end, y - 4.0), (end, y + 4.0)], colour, width);
            }
        }
    }

    /// Draws lines, markers and words of a trace of points.
    pub(super) fn points(&self, scene: &mut Scene, trace: &Trace) {
        if trace.kind == "bar" {
            return;
        }
        let places: Vec<Option<(f64, f64)>> = trace
            .x
            .iter()
            .zip(&trace.y)
            .map(|(x, y)| Some((self.horizontal.at((*x)?)?, self.vertical.at((*y)?)?)))
            .collect();
        if trace.mode.contains("lines") {
            let code = trace.line.color.as_deref();
            let colour = code.and_then(Colour::of).unwrap_or_else(|| first_colour(trace));
            let width = trace.line.width.unwrap_or(2.0);
            for piece in places.split(Option::is_none) {
                let points: Vec<(f64, f64)> = piece.iter().copied().flatten().collect();
                if points.len() > 1 {
                    let dashes = dashes(trace.line.dash.as_deref());
                    scene.shapes.push(Shape::Line(points, colour, width, dashes));
                }
            }
        }
        for (place, at) in places.iter().enumerate() {
            let Some(at) = *at else { continue };
            self.whisker(scene, trace, place, at.1);
            let size = trace.marker.size.get(place).copied().unwrap_or(8.0);
            if trace.mode.contains("markers") {
                let code = trace.marker.color.get(place);
                let colour = code.and_then(|code| Colour::of(code)).unwrap_or(INK);
                let colour = colour.faded(trace.marker.opacity.unwrap_or(1.0));
                let symbol = trace.marker.symbol.get(place).map_or("circle", String::as_str);
                mark(scene, symbol, at, size, colour);
            }
            if trace.mode.contains("text")
                && let Some(text) = trace.text.get(place)
            {
                let position = trace.textposition.get(place).map_or("middle right", String::as_str);
                let reach = if trace.mode.contains("markers") { size / 2.0 } else { 0.0 };
                beside(scene, text, at, (position, reach));
            }
        }
    }

    pub(super) fn note(&self, scene: &mut Scene, note: &Note) {
        let x = self.horizontal.at_scaled(note.x) + note.xshift;
        let y = self.vertical.at_scaled(note.y) - note.yshift;
        let lines = lines(&note.text);
        let height = LINE * lines.len() as f64;
        let first = match note.yanchor.as_str() {
            "bottom" => y - height + LINE - 5.0,
            "top" => y + LINE,
            _ => y - height / 2.0 + LINE - 5.0,
        };
        let anchor = match note.xanchor.as_str() {
            "left" => Anchor::Start,
            "right" => Anchor::End,
            _ => Anchor::Middle,
        };
        // Where there is no room to the left, it begins at the axis.
        let widest = lines.iter().map(|l| width(&l.text, SIZE)).fold(0.0, f64::max);
        let left = self.horizontal.pixels.0 + 6.0;
        let is_clipped = anchor == Anchor::End && x - widest < left;
        let (x, anchor) = if is_clipped { (left, Anchor::Start) } else { (x, anchor) };
        block(scene, &lines, (x, first), anchor, SIZE);
    }
}

/// Words beside a point: `middle right`, `bottom left`.
fn beside(scene: &mut Scene, text: &str, at: (f64, f64), (position, reach): (&str, f64)) {
    let words: String = lines(text).iter().map(|line| line.text.as_str()).collect();
    let (x, anchor) = if position.contains("right") {
        (at.0 + reach + 5.0, Anchor::Start)
    } else if position.contains("left") {
        (at.0 - reach - 5.0, Anchor::End)
    } else {
        (at.0, Anchor::Middle)
    };
    let y = if position.contains("bottom") {
        at.1 + reach + 10.0
    } else if position.contains("top") {
        at.1 - reach - 4.0
    } else {
        at.1 + 0.35 * SIZE
    };
    scene.text((x, y), anchor, Face::new(12.0, INK), words.trim());
}

/// How far the point in `place` may be off, downward and upward.
pub(super) fn whiskers(trace: &Trace, place: usize) -> Option<(f64, f64)> {
    let whiskers = &trace.error_x;
    let above = whiskers.array.get(place).copied().flatten()?;
    let below = whiskers.arrayminus.get(place).copied().flatten().unwrap_or(above);
    (whiskers.visible != Some(false)).then_some((below, above))
}
