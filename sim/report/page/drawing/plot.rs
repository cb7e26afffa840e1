//! A figure, laid out.

use super::axis::Axis;
use super::figure::{AxisSpec, Figure, Trace, Words, lines};
use super::ink::{Anchor, Face, INK, SOFT, Scene, Shape, Text, width};
use super::legend;
use super::panel::{Panel, whiskers};

/// Width of a picture, and what stays free at its sides, in pixels.
const WIDTH: f64 = 960.0;
const SIDE: f64 = 24.0;
/// Distance of lines of text.
pub(super) const LINE: f64 = 16.0;
/// Size of text.
pub(super) const SIZE: f64 = 12.5;
/// Smallest height of a plot.
const LEAST: f64 = 180.0;

/// What stands above and below a figure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around<'a> {
    pub(super) heading: &'a str,
    pub(super) setting: &'a str,
    pub(super) foot: &'a str,
}

/// Where values are drawn.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// `figure` between its heading and its foot.
pub(super) fn draw(figure: &Figure, words: &Around) -> Scene {
    let mut scene = Scene::default();
    let mut top = head(&mut scene, words);
    top = legend::draw(&mut scene, figure, (SIDE, WIDTH - SIDE), top);
    let panels = figure.layout.annotations.iter().any(|note| note.xref == "paper");
    top += if panels { LINE + 4.0 } else { 6.0 };
    let layout = &figure.layout;
    let spare = layout.margin.t + layout.margin.b;
    let height = (layout.height.unwrap_or(450.0) - spare).max(LEAST);
    let frame = Frame {
        left: SIDE + names_width(figure),
        right: WIDTH - SIDE - (layout.margin.r - 20.0).max(0.0),
        top,
        bottom: top + height,
    };
    let end = plot(&mut scene, figure, &frame);
    let foot = Face::new(10.5, SOFT);
    scene.text((WIDTH - SIDE, end + 20.0), Anchor::End, foot, words.foot);
    scene.size = (WIDTH, (end + 32.0).ceil());
    scene
}

fn head(scene: &mut Scene, words: &Around) -> f64 {
    let title = Face::new(20.0, INK).bold();
    scene.text((SIDE, 36.0), Anchor::Start, title, words.heading);
    let face = Face::new(SIZE, SOFT);
    let mut y = 58.0;
    for line in folded(words.setting, WIDTH - 2.0 * SIDE) {
        scene.text((SIDE, y), Anchor::Start, face, &line);
        y += LINE;
    }
    y
}

/// `text` in lines of at most `most` pixels.
fn folded(text: &str, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), SIZE) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Room for the names of ticks, and of the axis, to the left of the plot.
fn names_width(figure: &Figure) -> f64 {
    let spec = &figure.layout.yaxis;
    let values = figure.data.iter().flat_map(|trace| trace.y.iter().copied().flatten());
    let axis = Axis::new(spec, values, (100.0, 0.0));
    let names = axis.ticks.iter().flat_map(|(_, text)| lines(text));
    let widest = names.map(|line| width(&line.text, SIZE)).fold(0.0, f64::max);
    widest + 10.0 + if spec.title.text.is_empty() { 0.0 } else { 24.0 }
}

/// Draws axes, traces and notes. Returns where they end.
fn plot(scene: &mut Scene, figure: &Figure, frame: &Frame) -> f64 {
    let layout = &figure.layout;
    let vertical = {
        let values = figure.data.iter().flat_map(|trace| trace.y.iter().copied().flatten());
        Axis::new(&layout.yaxis, values, (frame.bottom, frame.top))
    };
    let mut end = frame.bottom;
    let panels = [("x", Some(&layout.xaxis)), ("x2", layout.xaxis2.as_ref())];
    for (id, spec) in panels.into_iter().filter_map(|(id, spec)| Some((id, spec?))) {
        let is_of = |trace: &&Trace| trace.xaxis.as_deref().unwrap_or("x") == id;
        let traces: Vec<&Trace> = figure.data.iter().filter(is_of).collect();
        let [from, to] = spec.domain.unwrap_or([0.0, 1.0]);
        let across = frame.right - frame.left;
        let pixels = (frame.left + from * across, frame.left + to * across);
        let horizontal = Axis::new(spec, reached(&traces, layout.barmode == "stack"), pixels);
        let panel = Panel { horizontal, vertical: &vertical };
        end = end.max(panel.grid(scene, spec, &layout.yaxis));
        panel.bars(scene, figure, &traces);
        for trace in &traces {
            panel.points(scene, trace);
        }
        for note in layout.annotations.iter().filter(|note| note.xref != "paper" && id == "x") {
            panel.note(scene, note);
        }
    }
    for note in layout.annotations.iter().filter(|note| note.xref == "paper") {
        let x = frame.left + note.x * (frame.right - frame.left);
        let y = frame.bottom - note.y * (frame.bottom - frame.top);
        block(scene, &lines(&note.text), (x, y - 6.0), Anchor::Start, SIZE);
    }
    name_vertical(scene, &layout.yaxis, &vertical, frame);
    end
}

/// The values that `traces` reach along the horizontal axis, their whiskers included.
fn reached(traces: &[&Trace], is_stacked: bool) -> impl Iterator<Item = f64> {
    let mut values = Vec::new();
    for trace in traces {
        for (place, x) in trace.x.iter().enumerate() {
            let Some(x) = *x else { continue };
            let (below, above) = whiskers(trace, place).unwrap_or((0.0, 0.0));
            values.extend([x - below, x + above]);
        }
        if trace.kind == "bar" {
            values.push(0.0);
        }
    }
    if is_stacked {
        values.push(1.0);
    }
    values.into_iter()
}

fn name_vertical(scene: &mut Scene, spec: &AxisSpec, axis: &Axis, frame: &Frame) {
    for (y, text) in &axis.ticks {
        let lines = lines(text);
        let top = y - LINE * (lines.len() as f64 - 1.0) / 2.0 + 0.35 * SIZE;
        block(scene, &lines, (frame.left - 8.0, top), Anchor::End, SIZE);
    }
    if !spec.title.text.is_empty() {
        let at = (SIDE + 6.0, f64::midpoint(frame.top, frame.bottom));
        let face = Face::new(SIZE + 0.5, INK);
        let words = spec.title.text.clone();
        let text = Text { at, anchor: Anchor::Middle, face, is_turned: true, words };
        scene.shapes.push(Shape::Text(text));
    }
}

/// Lines of text from a first one on downward.
pub(super) fn block(
    scene: &mut Scene,
    lines: &[Words],
    (x, y): (f64, f64),
    anchor: Anchor,
    size: f64,
) {
    for (place, line) in lines.iter().enumerate() {
        let face = Face {
            is_bold: line.is_bold,
            is_italic: line.is_italic,
            ..Face::new(size, if line.is_italic { SOFT } else { INK })
        };
        scene.text((x, y + LINE * place as f64), anchor, face, &line.text);
    }
}
