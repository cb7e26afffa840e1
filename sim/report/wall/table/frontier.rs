//! The frontier in a terminal: what each chip yields for users of a given speed.

use super::columns::{Column, number, words};
use crate::report::WallRow;
use crate::report::text::{printable, short, wrap};
use crate::report::wall::words::best_at;

/// From left to right: users who get at least so many tokens a second.
pub(super) const FRONTIER_COLUMNS: [Column; 7] = [
    words("Output/GPU if\nusers get", 0, |row| wrap(&printable(&row.title), 20).join("\n")),
    number("≥ 10\ntok/s", 0, |row| cell(row, 10.0)),
    number("≥ 20\ntok/s", 0, |row| cell(row, 20.0)),
    number("≥ 50\ntok/s", 0, |row| cell(row, 50.0)),
    number("≥ 100\ntok/s", 1, |row| cell(row, 100.0)),
    number("≥ 150\ntok/s", 2, |row| cell(row, 150.0)),
    number("≥ 200\ntok/s", 3, |row| cell(row, 200.0)),
];

/// `239 tp4×128`: the most output per GPU at that speed, its plan and tasks in flight.
fn cell(row: &WallRow, speed: f64) -> String {
    best_at(row, speed).map_or_else(
        || "–".to_owned(),
        |point| {
            let output = short(point.output_tok_s_per_gpu);
            format!("{output}\n{}×{}", printable(&point.parallel), point.concurrency)
        },
    )
}
