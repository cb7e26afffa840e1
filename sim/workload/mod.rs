//! Workloads: tasks generated from measured distributions, or replayed from traces.
//!
//! The unit is the [`Task`]: the calls of an agent and its sub-agents, with the gaps between them
//! and the identities of their pages. [`Synthetic`] workloads generate tasks without end,
//! [`Trace`]s replay recorded ones; [`TraceStats`] and [`TokenShares`] say what either holds for
//! a prefix cache. Nothing here opens a file but [`read_trace`], which the `cli` feature adds.

mod content;
mod entry;
mod error;
mod escalation;
#[cfg(feature = "cli")]
mod files;
mod stats;
mod synthetic;
mod task;
mod trace;

pub(crate) use content::common_pages;
pub use entry::Entered;
pub use error::{Place, WorkloadError};
pub use escalation::escalating;
#[cfg(feature = "cli")]
pub(crate) use files::open_stream;
#[cfg(feature = "cli")]
pub use files::read_trace;
pub use stats::{Arrivals, Lengths, Reuse, ReusePolicy, ReuseQuery, TokenShares, TraceStats};
pub use synthetic::{Compaction, Provenance, Synthetic, Tasks, embedded_workloads, workload_file};
pub use task::{After, At, Call, Cause, Chain, Event, Task};
pub use trace::{
    Batch, Lent, StreamEnd, StreamedTasks, Tally, Trace, TraceBuilder, TraceKind, TraceStream,
};
