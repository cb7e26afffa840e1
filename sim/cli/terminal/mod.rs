//! What the user sees: results on standard output, everything else on standard error.

mod exit;
mod hints;
mod progress;
mod shell;
mod table;

pub use exit::Exit;
pub(in crate::cli) use hints::{hint, with_hint};
pub(in crate::cli) use progress::Progress;
pub(in crate::cli) use shell::Shell;
pub(in crate::cli) use table::{Column, Table};

pub(in crate::cli) use table::{class_name, count, counted, known, number, parameters, per_cent};
