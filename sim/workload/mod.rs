//! Workloads: tasks generated from measured distributions, or replayed from traces.

mod task;

pub use task::{Call, Cause, Chain, Task};
