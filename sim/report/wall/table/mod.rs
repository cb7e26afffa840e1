//! The ladder in a terminal.

mod columns;
mod frontier;
mod ladder;
mod turns;

pub use ladder::render_wall_table;

pub(in crate::report) use columns::{CLASS_LEGEND, COLUMNS, Column};
pub(super) use columns::{number, words};
