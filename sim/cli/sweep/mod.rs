//! `memwall sweep`: many points, on all cores or many machines, into one folder.
//!
//! A [`Job`] is a spec with all that is needed to compute any of its points or parts. The folder
//! (`store/`) holds whole parts only, at boundaries fixed by the spec, so that whoever computes
//! them, and however often he is interrupted, the bytes are the same.

mod command;
mod document;
mod job;
mod merge;
mod report;
mod store;
mod submit;
mod workers;

pub(super) use command::SweepCommand;
pub use job::Job;
pub(super) use report::{ReportCommand, holds_sweep, rows_document};
