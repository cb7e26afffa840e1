//! What a step costs: two labelled time models over the operators of a plan.

mod batch;
mod bound;

pub use batch::{Batch, CLIPS, Decode, Prefill};
pub use bound::{Bound, Breakdown};
