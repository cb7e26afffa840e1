//! Runs: tasks meet a replica on one clock.
//!
//! [`simulate`] takes an iterator of tasks, a replica and a [`RunPlan`], and returns what happened.
//! The event enum is closed and the loop fits a screen; decisions about batches live in
//! [`serving`](crate::serving), decisions about when a call is sent in this layer's `client`.

mod arrivals;
mod client;
mod plan;
mod result;
mod search;
mod simulation;

pub use arrivals::at_rate;
pub use plan::{Load, RunPlan};
pub use result::{RequestCounts, RunResult, TaskCounts};
pub use search::{Trial, best_concurrency};
pub use simulation::{Progress, simulate};
