//! The subcommands.

use std::path::PathBuf;

use clap::Subcommand;

use super::{check, links, list, show};
use crate::cli::{CliError, Exit, Shell};

const EXAMPLES: &str = "\
Examples:
  memwall chips list
  memwall chips show rubin-ultra-192gb
  memwall chips links gb200-nvl72
  memwall chips check my-chip.toml";

/// What to do with chips.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) enum ChipsCommand {
    /// All chips, from old to new
    #[command(after_help = "Example:\n  memwall chips list --json")]
    List,
    /// Every figure of a chip, its class and its source
    #[command(after_help = "Examples:\n  memwall chips show h100-sxm\n  \
                            memwall chips show my-chip.toml --json")]
    Show {
        /// A chip or a system of the catalogue, by name or alias, or a TOML file
        #[arg(value_name = "NAME|FILE")]
        which: String,
    },
    /// The links between chips of a system, and beyond: what collectives are routed on
    #[command(after_help = "Examples:\n  memwall chips links hgx-h100\n  \
                            memwall chips links gb200-nvl72 --dot | dot -Tsvg > nvl72.svg")]
    Links {
        /// A chip or a system of the catalogue, by name or alias
        #[arg(value_name = "NAME")]
        which: String,
        /// As a graph in Graphviz' language
        #[arg(long, conflicts_with = "json")]
        dot: bool,
    },
    /// Look for mistakes: units, dense against sparse, GB against GiB, derived against printed
    #[command(after_help = "Examples:\n  memwall chips check\n  \
                            memwall chips check my-chip.toml")]
    Check {
        /// TOML files; without any, the catalogue
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

impl ChipsCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        match self {
            Self::List => list::run(shell),
            Self::Show { which } => show::run(which, shell),
            Self::Links { which, dot } => links::run(which, *dot, shell),
            Self::Check { files } => check::run(files, shell),
        }
    }
}
