//! Dollars, joules and megawatts per token and per task.
//!
//! First order on purpose: a chip rents at the middle of its price range, and draws its all-in
//! share of power whether busy or not, as a planner provisions it. A figure that is not known for
//! a chip is `None`, never a guess.

mod unit_costs;

pub use unit_costs::{Yield, rental_rate};
