//! The step program: operators compiled once, priced often.

mod compile;
mod curve;
mod exact;
mod host;
mod price;
mod pricer;
mod series;
mod stretch;
mod table;

pub use exact::{Cost, FineSpan, FineTime};
pub use price::{OpTime, StepProgram, StepTime};
pub use pricer::{Demand, Pricer};
pub use series::Series;
pub use stretch::{OpFamily, Stretch};
