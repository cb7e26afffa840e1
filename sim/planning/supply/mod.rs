//! What can be built, year by year: cohorts of chips under the least of power, packaging and HBM.

mod catalog;
mod demand;
mod outcome;
mod part;
mod scenario;
mod year;

pub use catalog::supply_names;
pub use demand::{Growth, Indicator};
pub use outcome::{Crossing, Gains, Load, Multiples, NumberFormat, SupplyOutcome, YearOutcome};
pub use part::SimulatedRates;
pub use scenario::{Efficiency, Supply};
pub use year::{Binding, Ceilings, Cohort, CohortPart};
