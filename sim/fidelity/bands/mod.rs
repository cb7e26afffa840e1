//! How far a prediction may be off: draws of what is uncertain, and what they come to.
//!
//! A [`Doubt`] says how uncertain a chip's prices and figures are; its [`draws`](Doubt::draws) are
//! worlds in which the same work is run again; [`spread`] sums up what those runs gave.

mod doubt;
mod evidence;
mod remainder;
mod spread;
mod table;

pub use doubt::{Cause, Doubt, World};
pub use evidence::Evidence;
pub use remainder::{Remainders, half_width, remainder_of};
pub use spread::{Spread, shift, spread};
