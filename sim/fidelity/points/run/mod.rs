//! A scenario's replica, compiled once, set up and loaded as each row says.

mod arrivals;
mod bench;
mod doubt;
mod job;
mod pools;
mod server;

pub use bench::{Bench, Predicted, Prediction, Terms};
pub use job::{Answers, Job, jobs};
