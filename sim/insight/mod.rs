//! What the wall is made of, and what would move it.
//!
//! A [`Lever`] is what can be had more of; [`slopes`] are what runs with a little more and a little
//! less say that it buys. [`crossovers`] are the batches at which decode turns from one wall to the
//! next; a [`frontier`] is what is left of many plans and loads when none is beaten by another.
//! Nothing here runs a simulation: the caller does, in parallel if it likes.

mod crossover;
mod frontier;
mod lever;
mod need;
mod slope;

pub use crossover::{CONTEXTS, Crossover, crossovers, intensity};
pub use frontier::frontier;
pub use lever::{Lever, TILT};
pub use need::{MOST, needed};
pub use slope::{Slope, slopes};
