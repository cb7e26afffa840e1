//! `memwall completions`.

use clap::{Args, CommandFactory};
use clap_complete::{Shell as Dialect, generate};

use crate::cli::{Arguments, CliError, Exit, Shell};

const EXAMPLES: &str = "\
Examples:
  memwall completions bash > ~/.local/share/bash-completion/completions/memwall
  memwall completions zsh > ~/.zfunc/_memwall
  memwall completions fish > ~/.config/fish/completions/memwall.fish";

/// Flags of `completions`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Completions {
    /// Whose
    #[arg(value_enum, value_name = "SHELL")]
    dialect: Dialect,
}

impl Completions {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let mut script = Vec::new();
        generate(self.dialect, &mut Arguments::command(), "memwall", &mut script);
        shell.text(String::from_utf8_lossy(&script))?;
        Ok(Exit::Done)
    }
}
