//! A workload by name, or from its file.

use std::path::{Path, PathBuf};

use crate::cli::{CliError, Shell, files, specs};
use crate::workload::{Synthetic, workload_file};

/// The workload of this name, or the one that a TOML file describes.
///
/// Below `--specs`, `NAME.toml` goes before the built-in ones.
pub(in crate::cli) fn workload_named(argument: &str, shell: &Shell) -> Result<Synthetic, CliError> {
    let (file, text) = source(argument, shell)?;
    Ok(Synthetic::parse(&file, &text)?)
}

/// The file that describes a workload, and its text.
pub(super) fn source(argument: &str, shell: &Shell) -> Result<(String, String), CliError> {
    let Some(path) = file(argument, shell) else {
        let (file, text) = workload_file(argument)?;
        return Ok((file.into(), text.into()));
    };
    let text = files::text(&path, "a TOML file of a workload")?;
    Ok((path.display().to_string(), text))
}

fn file(argument: &str, shell: &Shell) -> Option<PathBuf> {
    if specs::is_file(argument) {
        return Some(Path::new(argument).into());
    }
    let own = shell.specs()?.join(format!("{argument}.toml"));
    own.is_file().then_some(own)
}
