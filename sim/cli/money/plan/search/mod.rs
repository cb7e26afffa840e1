//! The search for what fleets are built of: replicas, and pools of them, each at its best load.

mod candidate;
mod doubt;
mod found;
mod pools;
mod unit;

pub(super) use candidate::{Candidate, Unable, Yields};
pub(super) use found::{Found, Search};
pub(super) use unit::Unit;
