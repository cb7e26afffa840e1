//! The step program: operators compiled once, priced often.

mod compile;
mod host;
mod price;
mod pricer;
mod stretch;
mod table;

pub use price::{OpTime, StepProgram, StepTime};
pub use pricer::{Demand, Pricer};
pub use stretch::{OpFamily, Stretch};
