//! The flags of `run` for what is off unless asked for.

mod mechanisms;
mod policies;
mod steps;
mod users;

pub(super) use mechanisms::MechanismFlags;
pub(in crate::cli) use mechanisms::OverlapName;
pub(super) use policies::PolicyFlags;
pub(in crate::cli) use steps::StepFlags;
pub(super) use users::UserFlags;
