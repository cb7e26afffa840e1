//! `memwall report`: what a sweep found, as tables, as a document, as a page.
//!
//! [`Results`] are the rows of a folder; [`SweepReport`] is what they come to.

mod command;
mod document;
mod effects;
mod page;
mod print;
mod results;

pub(in crate::cli) use command::ReportCommand;
pub(in crate::cli) use results::{holds_sweep, rows_document};
