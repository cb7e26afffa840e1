//! Times between tokens: many samples, kept as few numbers.

mod ramp;
mod runs;

pub use runs::Runs;
