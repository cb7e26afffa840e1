//! Requests inside the engine, and those that run in order of admission.

mod running;
mod sequence;

pub(super) use running::{Running, Slot};
pub(super) use sequence::Sequence;
