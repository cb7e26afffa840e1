//! What a step costs: two labelled time models over the operators of a plan.

mod batch;
mod bound;
mod pricer;

pub use batch::{Batch, CLIPS, Decode, Prefill};
pub use bound::{Bound, Breakdown};
pub use pricer::{Pricer, Work};
