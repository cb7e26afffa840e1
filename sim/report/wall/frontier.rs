//! The frontier in a terminal: what each chip yields for users of a given speed.

use super::WallRow;
use super::columns::{Column, number, words};
use crate::report::text::{printable, short, wrap};

/// From left to right: users who get at least so many tokens a second.
pub(super) const FRONTIER_COLUMNS: [Column; 7] = [
    words("Output/GPU if\nusers get", 0, |row| wrap(&printable(&row.title), 20).join("\n")),
    number("≥ 10\ntok/s", 0, |row| best_at(row, 10.0)),
    number("≥ 20\ntok/s", 0, |row| best_at(row, 20.0)),
    number("≥ 50\ntok/s", 0, |row| best_at(row, 50.0)),
    number("≥ 100\ntok/s", 1, |row| best_at(row, 100.0)),
    number("≥ 150\ntok/s", 2, |row| best_at(row, 150.0)),
    number("≥ 200\ntok/s", 3, |row| best_at(row, 200.0)),
];

/// `239 tp4×128`: the most output per GPU at that speed, its plan and tasks in flight.
fn best_at(row: &WallRow, speed: f64) -> String {
    let fast = row.frontier.iter().filter(|point| point.tok_s_per_user_p50 >= speed);
    let best = fast.max_by(|a, b| a.output_tok_s_per_gpu.total_cmp(&b.output_tok_s_per_gpu));
    best.map_or_else(
        || "–".to_owned(),
        |point| {
            let output = short(point.output_tok_s_per_gpu);
            format!("{output}\n{}×{}", printable(&point.parallel), point.concurrency)
        },
    )
}
