//! A run on a time axis: a trace in Chrome's JSON, which Perfetto, `chrome://tracing` and
//! speedscope open.
//!
//! [`Timeline`] is a [`Witness`](crate::cluster::Witness) of a run and writes events as they become
//! known; it remembers only what is under way. Agents are the threads of one process, each replica
//! is a process with its steps on one thread, its load as counters and its hand-overs on threads
//! beside. Slices of a thread never overlap, which Perfetto asks for.
//!
//! Two limits keep a trace small. Its [`Frame`] is a window of simulated time and a number of
//! events; when that is reached the window is closed, so that what is in it is whole. Counters are
//! written when they change, the KV cache's when it changes by a 256th of its pages.

mod agents;
mod kinds;
mod lanes;
mod moves;
mod replicas;
mod trace;
mod witness;

pub use trace::{Frame, Shown};
pub use witness::Timeline;
