//! `memwall run`: one simulation in depth, of a replica or of a fleet.

mod command;
mod crew;
mod drive;
mod fleet;
mod load;
mod mechanisms;
mod output;
mod policies;
mod timeline;
mod users;

pub(in crate::cli) use command::Run;
pub(in crate::cli::simulate) use crew::{Crew, Others};
pub(in crate::cli::simulate) use fleet::Drafting;
pub(in crate::cli) use fleet::TierFlags;
pub(in crate::cli) use mechanisms::OverlapName;
pub(in crate::cli::simulate) use timeline::Watch;
