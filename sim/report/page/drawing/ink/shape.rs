//! What pictures are made of.

/// Dark text, soft text, grid lines and paper, as on the page in light dress.
pub(in crate::report::page::drawing) const INK: Colour = Colour([0x1b, 0x1f, 0x24, 255]);
pub(in crate::report::page::drawing) const SOFT: Colour = Colour([0x57, 0x60, 0x6a, 255]);
pub(in crate::report::page::drawing) const GRID: Colour = Colour([0xd5, 0xda, 0xe0, 255]);
pub(in crate::report::page::drawing) const PAPER: Colour = Colour([255, 255, 255, 255]);

/// Red, green, blue, opacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report::page::drawing) struct Colour(pub(in crate::report::page::drawing) [u8; 4]);

impl Colour {
    /// Of `#D55E00`.
    pub(in crate::report::page::drawing) fn of(code: &str) -> Option<Self> {
        let digits = code.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self([part(0)?, part(2)?, part(4)?, 255]))
    }

    /// The same, that much of it.
    pub(in crate::report::page::drawing) fn faded(self, opacity: f64) -> Self {
        let Self([red, green, blue, alpha]) = self;
        Self([red, green, blue, (f64::from(alpha) * opacity.clamp(0.0, 1.0)).round() as u8])
    }
}

/// Where text stands with regard to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report::page::drawing) enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report::page::drawing) struct Face {
    /// Height of a line's letters, in pixels.
    pub(in crate::report::page::drawing) size: f64,
    pub(in crate::report::page::drawing) colour: Colour,
    pub(in crate::report::page::drawing) is_bold: bool,
    pub(in crate::report::page::drawing) is_italic: bool,
}

impl Face {
    pub(in crate::report::page::drawing) const fn new(size: f64, colour: Colour) -> Self {
        Self { size, colour, is_bold: false, is_italic: false }
    }

    pub(in crate::report::page::drawing) const fn bold(self) -> Self {
        Self { is_bold: true, ..self }
    }
}

/// A line of text.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report::page::drawing) struct Text {
    /// On the line that its letters stand on.
    pub(in crate::report::page::drawing) at: (f64, f64),
    pub(in crate::report::page::drawing) anchor: Anchor,
    pub(in crate::report::page::drawing) face: Face,
    /// Read upward.
    pub(in crate::report::page::drawing) is_turned: bool,
    pub(in crate::report::page::drawing) words: String,
}

/// Anything that is drawn; in pixels, from the upper left corner.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report::page::drawing) enum Shape {
    /// A filled polygon.
    Area(Vec<(f64, f64)>, Colour),
    /// A filled circle: middle and radius.
    Disc((f64, f64), f64, Colour),
    /// An open line, of a colour and a width, with dashes and gaps of these lengths.
    Line(Vec<(f64, f64)>, Colour, f64, Vec<f64>),
    /// Text.
    Text(Text),
}

/// A picture's size and what is on it, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::report::page::drawing) struct Scene {
    pub(in crate::report::page::drawing) size: (f64, f64),
    pub(in crate::report::page::drawing) shapes: Vec<Shape>,
}

impl Scene {
    pub(in crate::report::page::drawing) fn area(
        &mut self,
        corners: Vec<(f64, f64)>,
        colour: Colour,
    ) {
        self.shapes.push(Shape::Area(corners, colour));
    }

    /// A rectangle between two corners.
    pub(in crate::report::page::drawing) fn rectangle(
        &mut self,
        a: (f64, f64),
        b: (f64, f64),
        colour: Colour,
    ) {
        self.area(vec![a, (b.0, a.1), b, (a.0, b.1)], colour);
    }

    pub(in crate::report::page::drawing) fn line(
        &mut self,
        points: Vec<(f64, f64)>,
        colour: Colour,
        width: f64,
    ) {
        self.shapes.push(Shape::Line(points, colour, width, Vec::new()));
    }

    pub(in crate::report::page::drawing) fn text(
        &mut self,
        at: (f64, f64),
        anchor: Anchor,
        face: Face,
        text: &str,
    ) {
        let text = Text { at, anchor, face, is_turned: false, words: text.to_owned() };
        self.shapes.push(Shape::Text(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_from_their_codes() {
        assert_eq!(Colour::of("#D55E00"), Some(Colour([0xd5, 0x5e, 0, 255])));
        assert_eq!(Colour::of("rgba(0,0,0,0)"), None);
        assert_eq!(PAPER.faded(0.5), Colour([255, 255, 255, 128]));
    }
}
