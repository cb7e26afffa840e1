//! What is said of a run besides its document: doubts, and the forms of other tools.

mod doubts;
mod formats;

pub(super) use doubts::{doubts, overload, unfinished};
pub(super) use formats::ToolFormat;
