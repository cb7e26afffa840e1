//! Commands that look at what is there: the catalogue, and files.

mod trace;

pub use trace::TraceCommand;
