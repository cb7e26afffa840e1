//! The subcommands.

use clap::Subcommand;

use super::list;
use super::show::Show;
use crate::cli::{CliError, Exit, Shell};

const EXAMPLES: &str = "\
Examples:
  memwall models list
  memwall models show deepseek-r1
  memwall models show path/to/config.json --ops --chip gb300 --plan tp8 --batch 64";

/// What to do with models.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) enum ModelsCommand {
    /// All models, with parameters and bytes
    #[command(after_help = "Example:\n  memwall models list --json")]
    List,
    /// A model's shape, sizes and formats; with --ops, what a step of it runs
    Show(Box<Show>),
}

impl ModelsCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        match self {
            Self::List => list::run(shell),
            Self::Show(show) => show.run(shell),
        }
    }
}
