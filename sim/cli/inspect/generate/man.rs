//! `memwall man`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};

use crate::cli::files::Staged;
use crate::cli::{Arguments, CliError, Exit, Shell};

const EXAMPLES: &str = "\
Examples:
  memwall man | man -l -
  memwall man --out ~/.local/share/man/man1";

/// Flags of `man`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Man {
    /// Write a page for each command into this folder, instead of printing memwall(1)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let mut command = Arguments::command();
        command.build();
        let Some(folder) = &self.out else {
            shell.text(String::from_utf8_lossy(&page(&command)))?;
            return Ok(Exit::Done);
        };
        fs::create_dir_all(folder)
            .map_err(|source| CliError::Create { path: folder.clone(), source })?;
        let mut staged = Staged::default();
        let pages = add(&command, folder, &mut staged)?;
        staged.commit()?;
        shell.inform(format!("{pages} pages are in {}", folder.display()));
        Ok(Exit::Done)
    }
}

/// Pages of a command and of those below it; says how many.
fn add(command: &Command, folder: &Path, staged: &mut Staged) -> Result<usize, CliError> {
    // Building has named every command by its path: `memwall-sweep-merge`.
    let name = command.get_display_name().unwrap_or(command.get_name());
    staged.add(&folder.join(format!("{name}.1")), &page(command))?;
    let mut pages = 1;
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        pages += add(below, folder, staged)?;
    }
    Ok(pages)
}

fn page(command: &Command) -> Vec<u8> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).expect("a Vec takes every write");
    page
}
