//! Dollars, joules and megawatts per token and per task.
//!
//! What silicon costs: a chip rents at the middle of its price range, and draws its all-in share
//! of power whether busy or not, as a planner provisions it. What an API charges: a [`PriceBook`]
//! of list prices. What somebody used: [`UsageReader`] reads the logs of coding agents. A figure
//! that is not known is `None`, never a guess.

mod escalation;
mod prices;
mod silicon;
mod unit_costs;
mod usage;

pub use escalation::Attempt;
pub use prices::{ApiPrice, BilledTokens, PriceBook, PriceError, Rates, Tier};
pub use silicon::{Activity, Basis, EnergyUse, Ownership, PowerModel};
pub use unit_costs::{Yield, rental_rate};
pub use usage::{
    Agent, Bill, LoggedCall, Moment, SessionShape, Skipped, UsageError, UsageLog, UsageReader,
    UsageRow, calibrated_workload, read_ccusage,
};
