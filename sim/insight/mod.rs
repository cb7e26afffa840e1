//! What the wall is made of, and what would move it.
//!
//! A [`Lever`] is what can be had more of; [`slopes`] are what runs with a little more and a little
//! less say that it buys. [`crossovers`] are the batches at which decode turns from one wall to the
//! next; a [`frontier`] is what is left of many plans and loads when none is beaten by another.
//! A [`Factorial`] is what techniques gain, alone and together; [`stages`] are where a task's life
//! goes. Nothing here runs a simulation but a [`Bench`], one combination of techniques at a time:
//! the caller does, in parallel if it likes.

mod ablation;
mod crossover;
mod frontier;
mod jackknife;
mod lever;
mod life;
mod need;
mod overlap;
mod slope;

pub use ablation::{
    Below, Bench, Contrast, EQUALS, Equals, Factorial, LogGain, MOST_FACTORS, Repeated, Sram,
    Switches, Technique, Variant, equal_of, larger_than,
};
pub use crossover::{CONTEXTS, Crossover, crossovers, intensity};
pub use frontier::frontier;
pub use jackknife::{LifeError, life_error};
pub use lever::{Lever, TILT};
pub use life::{Along, Stage, Use, Uses, stages, whole_life};
pub use need::{MOST, crossing, needed};
pub use overlap::overlap;
pub use slope::{Slope, slopes};
