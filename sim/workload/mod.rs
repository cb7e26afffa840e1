//! Workloads: tasks generated from measured distributions, or replayed from traces.

mod content;
mod error;
#[cfg(feature = "cli")]
mod files;
mod stats;
mod task;
mod trace;

pub use error::{Place, WorkloadError};
#[cfg(feature = "cli")]
pub use files::read_trace;
pub use stats::{Arrivals, Lengths, Policy, Reuse, ReuseQuery, TraceStats};
pub use task::{Call, Cause, Chain, Task};
pub use trace::{Trace, TraceBuilder, TraceKind};
