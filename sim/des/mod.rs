//! The discrete-event kernel: a queue with a total order, named random streams, shared links.
//!
//! Knows nothing of inference. Order is `(time, phase, order of scheduling)`: equal times are a
//! decision of whoever defines the events, never an accident of the heap.

mod histogram;
mod links;
mod quantile;
mod queue;
mod streams;

pub use histogram::Histogram;
pub use links::Links;
pub use quantile::{Between, quantile};
pub use queue::{EventQueue, Phased};
pub use streams::{Stream, Streams, fnv1a};
