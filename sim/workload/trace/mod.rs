//! Traces: what real clients sent, as sessions of requests with the pages of their prompts.
//!
//! [`TraceBuilder`] takes files one after another, line by line, in any order; [`Trace`] is the
//! whole: [`Trace::tasks`] replays it, [`TraceStats`](super::TraceStats) describes it. Formats:
//! Mooncake JSONL (512-token pages, the last one may be partial), Claude Code sessions as JSON
//! (full pages, sub-agents), Azure CSV (lengths only), and formats of agents' runs: Dynamo's graphs
//! and request events, LLMServingSim's sessions, OpenTelemetry spans. Page identities are local to
//! a file.

mod builder;
mod formats;
mod replay;
mod session;
mod stream;

pub use builder::TraceBuilder;
pub use session::{Trace, TraceKind};
pub use stream::{Batch, Lent, StreamEnd, StreamedTasks, Tally, TraceStream};

pub(in crate::workload) use session::Row;
