//! The command line: arguments in, tables and JSON out.
//!
//! [`Arguments`] names every command. Each command is one file with its flags (a clap struct) and
//! a `run` that reads what the user named, calls the layers below, and hands its result to the
//! shell. The shell owns standard output: results go there, everything else to standard error, and
//! the same input gives the same bytes. Every command ends in an [`Exit`].

mod arguments;
mod error;
mod fidelity;
mod files;
mod inspect;
mod money;
mod simulate;
mod sweep;
mod terminal;

pub use arguments::{Arguments, execute};
pub use sweep::Job;
pub use terminal::Exit;

use error::CliError;
use files::specs;
use inspect::{models, workloads};
use terminal::{Column, Shell, Table};
