//! The operator graph of a forward pass under a parallel plan.

mod builder;
mod check;
mod dag;
mod forward;
mod ring;

pub use dag::{Graph, compile};
pub use forward::{forward, stages};
pub use ring::{Ring, RingAttention};
