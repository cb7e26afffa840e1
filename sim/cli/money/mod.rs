//! The commands of planners: usage, demand, supply, fleets, and what changed between two results.

mod basis;
mod demand;
mod diff;
mod import;
mod plan;
mod prices;
mod rank;
mod rates;
mod supply;

pub(in crate::cli) use basis::BasisFlags;
pub(in crate::cli) use demand::DemandCommand;
pub(in crate::cli) use diff::Diff;
pub(in crate::cli) use import::ImportCommand;
pub(in crate::cli) use plan::PlanCommand;
pub(in crate::cli) use rank::RankCommand;
pub(in crate::cli) use supply::SupplyCommand;
