//! The flags of `run` that make a fleet of a replica.

mod acceptance;
mod better;
mod flags;
mod parts;
mod rates;
mod tiers;

pub(in crate::cli::simulate) use acceptance::Drafting;
pub(super) use better::BetterPool;
pub(super) use flags::{FleetFlags, PrefillPool};
pub(super) use parts::Lesser;
pub(super) use rates::Forms;
pub(super) use tiers::Stores;
pub(in crate::cli) use tiers::TierFlags;
