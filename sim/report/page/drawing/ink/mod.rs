//! Shapes, and the two ways to put them on paper.

mod letters;
mod png;
mod shape;
mod svg;

pub(super) use letters::width;
pub(super) use png::render as png;
pub(super) use shape::{Anchor, Colour, Face, GRID, INK, PAPER, SOFT, Scene, Shape, Text};
pub(super) use svg::render as svg;
