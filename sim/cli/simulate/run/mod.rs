//! `memwall run`: one simulation in depth, of a replica or of a fleet.

mod acceptance;
mod command;
mod crew;
mod fleet;
mod load;
mod mechanisms;
mod output;
mod tiers;
mod timeline;

pub(in crate::cli::simulate) use acceptance::Drafting;
pub(in crate::cli) use command::Run;
pub(in crate::cli::simulate) use crew::Crew;
pub(in crate::cli) use tiers::TierFlags;
pub(in crate::cli::simulate) use timeline::Watch;
