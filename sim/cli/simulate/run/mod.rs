//! `memwall run`: one simulation in depth, of a replica or of a fleet.

mod command;
mod crew;
mod drive;
mod flags;
mod fleet;
mod load;
mod output;
mod timeline;

pub(in crate::cli) use command::Run;
pub(in crate::cli::simulate) use crew::{Crew, Others};
pub(in crate::cli) use flags::{OverlapName, StepFlags};
pub(in crate::cli::simulate) use fleet::Drafting;
pub(in crate::cli) use fleet::TierFlags;
pub(in crate::cli::simulate) use timeline::Watch;
