//! The step program: operators compiled once, priced often.

mod clock;
mod compile;
mod host;
mod pass;
mod price;
mod pricer;
mod split;
mod stretch;
mod whole;

pub use clock::Envelope;
pub use price::{Layout, OpTime, StepProgram, StepTime};
pub use pricer::{Demand, Pricer};
pub use split::{Beat, Division, Hidden};
pub use stretch::{OpFamily, Stretch};
pub use whole::{
    Cost, DecodeSteps, FineSpan, FineTime, Ledger, Line, LineId, Lockstep, Pace, Series, Skew,
    Throttled,
};
