//! Planning: what is asked of fleets, what can be built, and which fleet carries it.
//!
//! [`Supply`] stacks cohorts of chips by year under the least of power, packaging and memory;
//! [`Demand`] says what people's usage is in tokens, tasks and dollars. Both are TOML scenarios
//! whose every number has a source, and where it was fitted, says so.

mod demand;
mod error;
mod fleet;
mod shelf;
mod sourced;
mod supply;

pub use demand::{
    Carried, DailyTokens, Demand, DemandFigure, End, Era, Statement, Use, UseFigures, demand_names,
};
pub use error::PlanningError;
pub use fleet::{
    Ask, AskedFor, Budget, Daily, Fleet, FleetRequest, MOST_TASKS, Mix, Objective, Part, Point,
    Settled, Stand, Unmet, best_mix, fleets, settle,
};
pub use sourced::Sourced;
pub use supply::{
    Binding, Ceilings, Cohort, CohortPart, Crossing, Efficiency, Gains, Growth, Indicator, Load,
    Multiples, NumberFormat, SimulatedRates, Supply, SupplyOutcome, YearOutcome, supply_names,
};
