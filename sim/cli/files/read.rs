//! Reading.

use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::CliError;

/// The text of a file that should be `expected` (`a TOML file`).
pub(in crate::cli) fn text(path: &Path, expected: &'static str) -> Result<String, CliError> {
    let bytes = fs::read(path).map_err(|source| CliError::Read { path: path.into(), source })?;
    String::from_utf8(bytes).map_err(|error| CliError::NotText {
        path: path.into(),
        offset: error.utf8_error().valid_up_to(),
        expected,
    })
}

/// Every `*.toml` below `folder`, in the order of their names; hidden files and folders, what
/// Cargo builds, and links to folders, which may lead in circles, are passed over. A file stands
/// for itself.
pub(in crate::cli) fn tomls_below(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    files_below(folder, "toml")
}

/// As [`tomls_below`], for files of another ending.
pub(in crate::cli) fn files_below(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, CliError> {
    if folder.is_file() {
        return Ok(vec![folder.into()]);
    }
    let unreadable = |source| CliError::Read { path: folder.into(), source };
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        entries.push((entry.path(), entry.file_type().map_err(unreadable)?));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    let mut found = Vec::new();
    for (path, kind) in entries.into_iter().filter(|(path, _)| !is_passed_over(path)) {
        if kind.is_dir() {
            found.extend(files_below(&path, ending)?);
        } else if !path.is_dir() && path.extension().is_some_and(|end| end == ending) {
            found.push(path);
        }
    }
    Ok(found)
}

fn is_passed_over(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().starts_with('.') || path.join("CACHEDIR.TAG").is_file()
}
