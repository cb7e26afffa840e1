//! The table of commands, and the flags they share.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::inspect::{ChipsCommand, TraceCommand};
use super::{CliError, Exit, Shell};

const EXAMPLES: &str = "\
Examples:
  memwall chips list
  memwall chips show h100-sxm --json";

/// Simulates LLM inference on accelerators and shows where the memory wall stands.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Arguments {
    /// Flags of every command.
    #[command(flatten)]
    pub flags: Flags,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Flags of every command")]
pub struct Flags {
    /// Print one JSON document instead of tables
    #[arg(long, global = true)]
    pub json: bool,
    /// Print no progress and no warnings
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Read every TOML file below DIR over the built-in catalogue
    #[arg(long, global = true, value_name = "DIR")]
    pub specs: Option<PathBuf>,
}

/// Every command, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look up accelerators, and check spec files of one's own
    #[command(subcommand)]
    Chips(ChipsCommand),
    /// Look into traces of real requests
    #[command(subcommand)]
    Trace(TraceCommand),
}

impl Arguments {
    /// Reads the process's arguments.
    ///
    /// Help, version and usage errors are answered here; the error is the exit code they end in.
    pub fn read() -> Result<Self, Exit> {
        Self::try_parse().map_err(|answer| {
            // Help into a closed pipe is as good as read.
            let _ = answer.print();
            if answer.use_stderr() { Exit::BadInput } else { Exit::Done }
        })
    }
}

impl Command {
    /// Runs the command.
    pub fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        match self {
            Self::Chips(command) => command.run(shell),
            Self::Trace(command) => command.run(shell),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_declaration_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example() {
        fn check(command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("memwall "), "`{}` has no example", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }
}
