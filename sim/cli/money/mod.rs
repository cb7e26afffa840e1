//! The commands of planners: usage, demand, supply, fleets, and what changed between two results.

mod demand;
mod diff;
mod flags;
mod import;
mod plan;
mod rank;
mod supply;

pub(in crate::cli) use demand::DemandCommand;
pub(in crate::cli) use diff::Diff;
pub(in crate::cli) use flags::{BasisFlags, share};
pub(in crate::cli) use import::ImportCommand;
pub(in crate::cli) use plan::PlanCommand;
pub(in crate::cli) use rank::RankCommand;
pub(in crate::cli) use supply::SupplyCommand;
