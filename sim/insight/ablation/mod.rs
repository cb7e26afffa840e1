//! What serving techniques gain, alone and together, from all their combinations.
//!
//! A [`Technique`] is on or off; a [`Bench`] measures what a chip yields with any combination of
//! them; a [`Factorial`] says of the figures of all combinations what each gains alone, last, and
//! on average over all orders. Gains are logarithms inside, so that they add up.

mod bench;
mod factorial;
mod kin;
mod repeated;
mod technique;

pub use bench::{Below, Bench, Sram, Variant};
pub use factorial::{Contrast, Factorial, MOST_FACTORS};
pub use kin::{EQUALS, Equals, equal_of, larger_than};
pub use repeated::{LogGain, Repeated};
pub use technique::{Switches, Technique};
