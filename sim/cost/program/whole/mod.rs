//! Prices as whole numbers: costs, series of steps, and the lines that decode steps lie on.

mod curve;
mod exact;
mod ledger;
mod lockstep;
mod pace;
mod series;
mod table;

pub(super) use curve::{Curve, Sample, sums_of};
pub(super) use exact::FULL_CLOCK;
pub use exact::{Cost, FineSpan, FineTime, Throttled};
pub(super) use ledger::Sums;
pub use ledger::{DecodeSteps, Ledger, Line, LineId};
pub use lockstep::{Lockstep, Skew};
pub use pace::Pace;
pub use series::Series;
pub(super) use table::{CurveTable, RowPrice, RowTable};
