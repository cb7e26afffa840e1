//! `memwall workloads check`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::terminal::counted;
use crate::cli::{CliError, Exit, Shell, files};
use crate::workload::{Synthetic, embedded_workloads};

#[derive(Serialize)]
struct Check {
    files: usize,
    errors: Vec<String>,
}

pub(super) fn run(files: &[PathBuf], shell: &mut Shell) -> Result<Exit, CliError> {
    let mut check = Check { files: files.len(), errors: Vec::new() };
    let mut first = None;
    if files.is_empty() {
        // The built-in ones were read by a test of every build.
        check.files = embedded_workloads().count();
    }
    for path in files {
        if let Err(error) = read(path) {
            check.errors.push(error.to_string());
            first = first.or(Some(error));
        }
    }
    if shell.json() {
        shell.document("memwall.check/1", &check)?;
    } else {
        let (files, errors) = (counted(check.files, "file"), counted(check.errors.len(), "error"));
        shell.line(format!("{files}: {errors}"))?;
    }
    match first {
        None => Ok(Exit::Done),
        Some(only) if check.errors.len() == 1 => Err(only),
        Some(_) => Err(CliError::Several { errors: check.errors }),
    }
}

fn read(path: &Path) -> Result<(), CliError> {
    let text = files::text(path, "a TOML file of a workload")?;
    Synthetic::parse(&path.display().to_string(), &text)?;
    Ok(())
}
