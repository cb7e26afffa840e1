//! Traces that are replayed while they are read.
//!
//! For files of one request a line, each a task of its own: [`TraceStream`] reads them a
//! [`Batch`] at a time, on whatever thread, and [`StreamedTasks`] makes tasks of the batches.

mod batch;
mod lent;
mod reader;
mod tasks;

pub use batch::Batch;
pub use lent::Lent;
pub use reader::{StreamEnd, TraceStream};
pub use tasks::{StreamedTasks, Tally};
