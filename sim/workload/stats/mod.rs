//! What `trace stats` says of a trace: lengths, arrivals, and how much a prefix cache would find.
//!
//! Exact, to the page, under stated conventions: requests one at a time in order of time, nothing
//! pinned, prompts only. A running engine differs (see the serving layer); these counts are for
//! comparing traces and for checking caches against.

mod lru;
mod moments;
mod report;
mod shares;

pub use report::{Arrivals, Lengths, Reuse, ReusePolicy, ReuseQuery, TraceStats};
pub use shares::TokenShares;
