//! A scene as SVG.

use std::fmt::Write;

use super::letters;
use super::shape::{Anchor, Colour, Scene, Shape, Text};

/// Fonts as wide as the letters that the layout was made for, or nearly so.
const FONTS: &str = "Ubuntu, 'Noto Sans', 'DejaVu Sans', Helvetica, Arial, sans-serif";

/// The picture `title`, which shows what `says` says.
pub(in crate::report::page::drawing) fn render(scene: &Scene, title: &str, says: &str) -> String {
    let (width, height) = scene.size;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"{FONTS}\">\n\
         <title>{}</title>\n<desc>{}</desc>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        escaped(title),
        escaped(says)
    );
    for shape in &scene.shapes {
        match shape {
            Shape::Area(corners, colour) => {
                _ = writeln!(svg, "<path d=\"{}Z\" {}/>", path(corners), paint("fill", *colour));
            }
            Shape::Disc((x, y), radius, colour) => {
                let (x, y, r) = (number(*x), number(*y), number(*radius));
                let fill = paint("fill", *colour);
                _ = writeln!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" {fill}/>");
            }
            Shape::Line(points, colour, width, dashes) => {
                let dashes = dashes.iter().map(|&dash| number(dash)).collect::<Vec<_>>().join(" ");
                let dashes = match dashes.as_str() {
                    "" => String::new(),
                    dashes => format!(" stroke-dasharray=\"{dashes}\""),
                };
                let (path, stroke) = (path(points), paint("stroke", *colour));
                let width = number(*width);
                _ = writeln!(
                    svg,
                    "<path d=\"{path}\" fill=\"none\" {stroke} stroke-width=\"{width}\"{dashes}/>"
                );
            }
            Shape::Text(text) => write_text(&mut svg, text),
        }
    }
    svg + "</svg>\n"
}

fn write_text(svg: &mut String, text: &Text) {
    let (x, y) = (number(text.at.0), number(text.at.1));
    let anchor = match text.anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    let mut looks = format!("{} font-size=\"{}\"", paint("fill", text.face.colour), text.face.size);
    for (is_set, look) in [
        (text.face.is_bold, " font-weight=\"bold\"".to_owned()),
        (text.face.is_italic, " font-style=\"italic\"".to_owned()),
        (text.is_turned, format!(" transform=\"rotate(-90 {x} {y})\"")),
    ] {
        if is_set {
            looks += &look;
        }
    }
    // Another font must not make it longer than there is room for.
    let length = number(letters::width(&text.words, text.face.size));
    _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" textLength=\"{length}\" \
         lengthAdjust=\"spacingAndGlyphs\" {looks}>{}</text>",
        escaped(&text.words)
    );
}

fn path(points: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for (place, &(x, y)) in points.iter().enumerate() {
        _ = write!(path, "{}{} {}", if place == 0 { 'M' } else { 'L' }, number(x), number(y));
    }
    path
}

fn paint(what: &str, Colour([red, green, blue, alpha]): Colour) -> String {
    let colour = format!("{what}=\"#{red:02x}{green:02x}{blue:02x}\"");
    match alpha {
        255 => colour,
        _ => format!("{colour} {what}-opacity=\"{:.2}\"", f64::from(alpha) / 255.0),
    }
}

/// A coordinate to a hundredth of a pixel, without trailing zeros.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}
