//! Clocks: the prices at one of them, and which of them a power cap allows.

mod envelope;
mod throttle;
mod timed;

pub use envelope::Envelope;
pub(super) use throttle::Throttle;
pub(super) use timed::{Target, Timed};
