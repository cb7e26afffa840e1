//! The subcommands.

use std::path::PathBuf;

use clap::Subcommand;

use super::{check, list, show};
use crate::cli::{CliError, Exit, Shell};

const EXAMPLES: &str = "\
Examples:
  memwall workloads list
  memwall workloads show agentic-coding
  memwall workloads check my-workload.toml";

/// What to do with workloads.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) enum WorkloadsCommand {
    /// The built-in workloads
    #[command(after_help = "Example:\n  memwall workloads list --json")]
    List,
    /// A workload's figures with their sources, and what tasks come of them
    Show(show::Show),
    /// Read workload files and say what is wrong with them
    #[command(after_help = "Example:\n  memwall workloads check my-workload.toml")]
    Check {
        /// TOML files; without any, the built-in ones
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

impl WorkloadsCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        match self {
            Self::List => list::run(shell),
            Self::Show(show) => show.run(shell),
            Self::Check { files } => check::run(files, shell),
        }
    }
}
