//! A scene as PNG.

use tiny_skia::{
    FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, StrokeDash, Transform,
};
use ttf_parser::OutlineBuilder;

use super::letters;
use super::shape::{Anchor, Colour, PAPER, Scene, Shape, Text};

/// Pixels of a picture for one of its layout: sharp on screens of today, and in print.
pub(super) const SCALE: f32 = 2.0;

/// Width of the stroke that makes light letters regular, and bold ones bold, in parts of the size.
const REGULAR: f64 = 0.018;
const BOLD: f64 = 0.055;

/// How far italic letters lean.
const LEAN: f32 = 0.2;

/// The picture's bytes.
///
/// # Panics
/// If it has no size, or takes more memory than there is.
pub(in crate::report::page::drawing) fn render(scene: &Scene) -> Vec<u8> {
    let [width, height] =
        [scene.size.0, scene.size.1].map(|side| (side as f32 * SCALE).round() as u32);
    let mut paper = Pixmap::new(width, height).expect("a picture has a size");
    paper.fill(solid(PAPER));
    let scale = Transform::from_scale(SCALE, SCALE);
    for shape in &scene.shapes {
        match shape {
            Shape::Area(corners, colour) => {
                fill(&mut paper, outline(corners, true), *colour, scale);
            }
            Shape::Disc((x, y), radius, colour) => {
                let disc = PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32);
                fill(&mut paper, disc, *colour, scale);
            }
            Shape::Line(points, colour, width, dashes) => {
                let stroke = stroke(*width as f32, dashes);
                draw(&mut paper, outline(points, false), (*colour, &stroke), scale);
            }
            Shape::Text(text) => write(&mut paper, text, scale),
        }
    }
    paper.encode_png().expect("a picture that was painted can be packed")
}

fn solid(Colour([red, green, blue, alpha]): Colour) -> tiny_skia::Color {
    tiny_skia::Color::from_rgba8(red, green, blue, alpha)
}

fn paint(colour: Colour) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(solid(colour));
    paint.anti_alias = true;
    paint
}

fn stroke(width: f32, dashes: &[f64]) -> Stroke {
    let dashes: Vec<f32> = dashes.iter().map(|&dash| dash as f32).collect();
    let dash = if dashes.is_empty() { None } else { StrokeDash::new(dashes, 0.0) };
    Stroke { width, dash, line_cap: LineCap::Butt, line_join: LineJoin::Round, ..Stroke::default() }
}

fn fill(paper: &mut Pixmap, path: Option<Path>, colour: Colour, transform: Transform) {
    if let Some(path) = path {
        paper.fill_path(&path, &paint(colour), FillRule::Winding, transform, None);
    }
}

fn draw(
    paper: &mut Pixmap,
    path: Option<Path>,
    (colour, stroke): (Colour, &Stroke),
    transform: Transform,
) {
    if let Some(path) = path {
        paper.stroke_path(&path, &paint(colour), stroke, transform, None);
    }
}

fn outline(points: &[(f64, f64)], is_closed: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for (place, &(x, y)) in points.iter().enumerate() {
        let (x, y) = (x as f32, y as f32);
        if place == 0 { builder.move_to(x, y) } else { builder.line_to(x, y) }
    }
    if is_closed {
        builder.close();
    }
    builder.finish()
}

/// An outline of letters in the making.
struct Pen {
    builder: PathBuilder,
    /// Where the letter stands, in parts of the size.
    x: f32,
    scale: f32,
    lean: f32,
}

impl Pen {
    /// A point of a letter, downward.
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        let (x, y) = (x * self.scale, y * self.scale);
        (self.x + x + self.lean * y, -y)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.builder.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.builder.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.builder.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.builder.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.builder.close();
    }
}

fn write(paper: &mut Pixmap, text: &Text, scale: Transform) {
    let size = text.face.size;
    let length = letters::width(&text.words, 1.0);
    let start = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => -length / 2.0,
        Anchor::End => -length,
    };
    let lean = if text.face.is_italic { LEAN } else { 0.0 };
    let mut pen = Pen { builder: PathBuilder::new(), x: start as f32, scale: 1.0, lean };
    for sign in text.words.chars() {
        let letter = letters::letter(sign);
        pen.scale = letter.scale as f32;
        letter.outline(&mut pen);
        pen.x += letter.advance as f32;
    }
    let turn = if text.is_turned { Transform::from_rotate(-90.0) } else { Transform::identity() };
    let transform = scale
        .pre_translate(text.at.0 as f32, text.at.1 as f32)
        .pre_concat(turn)
        .pre_scale(size as f32, size as f32);
    let weight = if text.face.is_bold { BOLD } else { REGULAR };
    if let Some(path) = pen.builder.finish() {
        let stroke = stroke(weight as f32, &[]);
        paper.fill_path(&path, &paint(text.face.colour), FillRule::Winding, transform, None);
        paper.stroke_path(&path, &paint(text.face.colour), &stroke, transform, None);
    }
}
