//! Runs that are watched: everything that happens on a run's clock, told as it happens.
//!
//! [`Recorded`] puts itself between a run and its [`Service`](super::Service), which it tells to
//! keep notes, and hands them on to a [`Witness`]. What is not recorded pays nothing for it.

mod happening;
mod recorded;

pub use happening::{Happening, Witness};
pub use recorded::{Recorded, Traced};
