//! Two documents of one kind, metric by metric: what changed, and what got worse.

mod compare;
mod direction;
mod flatten;
mod markdown;

pub use compare::{DiffDocument, Incomparable, Metric, Tolerance, compare};
pub use direction::Direction;
pub use markdown::diff_markdown;
