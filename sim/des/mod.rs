//! The discrete-event kernel: a queue with a total order, and named random streams.
//!
//! Knows nothing of inference. Order is `(time, phase, order of scheduling)`: equal times are a
//! decision of whoever defines the events, never an accident of the heap.

mod histogram;
mod quantile;
mod queue;
mod streams;

pub use histogram::Histogram;
pub use quantile::{Between, quantile};
pub use queue::{EventQueue, Phased};
pub use streams::{Stream, Streams, fnv1a};
