//! Commands that look at what is there: the catalogue, and files.

mod chips;
mod trace;

pub use chips::ChipsCommand;
pub use trace::{Stats, TraceCommand};
