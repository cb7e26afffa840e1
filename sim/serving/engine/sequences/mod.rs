//! Requests inside the engine, and those that run in order of admission.

mod running;
mod sequence;
mod waiting;

pub(super) use running::{Running, Slot};
pub(super) use sequence::Sequence;
pub(super) use waiting::{Place, Waiting, new_place, place};
