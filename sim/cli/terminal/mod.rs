//! What the user sees: results on standard output, everything else on standard error.

mod progress;
mod shell;
mod table;

pub use progress::Progress;
pub use shell::Shell;
pub use table::{Column, Table};

pub(in crate::cli) use table::{class_name, count, counted, known, number, per_cent};
