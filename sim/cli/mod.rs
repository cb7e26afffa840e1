//! The command line: arguments in, tables and JSON out.
//!
//! [`Arguments`] names every command; each command is one file with its flags (a clap struct) and
//! a `run` that reads what the user named, calls one layer below, and hands its result to the
//! [`Shell`]. The shell owns standard output. Results go there, everything else to standard error,
//! and the same input gives the same bytes. A command ends in an [`Exit`] or a [`CliError`].

mod arguments;
mod error;
mod exit;
mod files;
mod inspect;
mod specs;
mod terminal;

pub use arguments::{Arguments, Command, Flags};
pub use error::CliError;
pub use exit::Exit;
pub use inspect::{ChipsCommand, Stats, TraceCommand};
pub use terminal::{Column, Progress, Shell, Table};
