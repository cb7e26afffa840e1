//! The commands of planners: usage, demand, supply, fleets, and what changed between two results.

mod diff;
mod import;
mod prices;

pub(in crate::cli) use diff::Diff;
pub(in crate::cli) use import::ImportCommand;
