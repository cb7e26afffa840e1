//! Sentences computed from the numbers of a ladder.

mod charts;
mod findings;
mod ladder;
mod life;

pub use findings::findings;

pub(in crate::report::wall) use charts::best_at;
pub(in crate::report) use charts::{context, frontier, intensity, rooflines, turns};
pub(in crate::report::wall) use ladder::times;
pub(in crate::report) use ladder::{comparison, formats, growth, levers, megawatt, time};
pub(in crate::report) use life::{life, stages};
