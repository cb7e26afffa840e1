//! Which points are fitted to, and which judge the fit.

use crate::des::Streams;
use crate::fidelity::points::point::Point;

/// Share of the groups that are fitted to.
const FITTED: f64 = 0.5;

/// The group of a point: what is fitted to or held out as a whole.
pub(in crate::fidelity::points) fn group(point: &Point) -> String {
    let tags = &point.tags;
    format!("{} {} {}", tags.chip, tags.model, tags.engine)
}

/// By a fixed hash of the group's name.
pub(in crate::fidelity::points) fn is_held_out(group: &str) -> bool {
    Streams::new(0).named(group, 0).unit() >= FITTED
}
