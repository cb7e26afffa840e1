//! What would move the wall: the same work, run again with more or less of one thing.
//!
//! A [`Lever`] is what can be had more of; [`Slope`] is what a run again and again says that it
//! buys. Nothing here runs a simulation: the caller does, in parallel if it likes.

mod lever;
mod slope;

pub use lever::{Lever, TILT};
pub use slope::{Slope, slopes};
