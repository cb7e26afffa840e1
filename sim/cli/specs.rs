//! The catalogue, with the user's folder over it.

use std::path::Path;

use super::error::sentence;
use super::{CliError, Shell, files};
use crate::hardware::{Catalog, Severity};

/// Chips and systems: those of the program, and those below `--specs`.
///
/// What `chips check` calls an error is told as a warning: a what-if may mean it.
pub(super) fn catalog(shell: &Shell) -> Result<Catalog, CliError> {
    let catalog = Catalog::embedded();
    let Some(folder) = shell.specs() else { return Ok(catalog) };
    let mut texts = Vec::new();
    for path in files::tomls_below(folder)? {
        let text = files::text(&path, "a TOML file")?;
        if is_hardware(&path, &text) {
            texts.push((path.display().to_string(), text));
        }
    }
    let catalog = catalog.overlaid(&texts)?;
    let found = texts.iter().flat_map(|(path, text)| catalog.check(path, text));
    for finding in found.filter(|finding| finding.severity == Severity::Error) {
        shell.warn(sentence(&finding));
    }
    Ok(catalog)
}

/// Whether a file describes hardware: not a workload, and not a time model's constants.
fn is_hardware(path: &Path, text: &str) -> bool {
    let is_calibration = path.components().any(|part| part.as_os_str() == "calibration");
    let is_workload = text
        .parse::<toml::Table>()
        .is_ok_and(|table| ["agent", "dialogue"].iter().any(|key| table.contains_key(*key)));
    !is_calibration && !is_workload
}

/// Whether an argument that may be a name or a file means a file.
pub(super) fn is_file(argument: &str) -> bool {
    let path = Path::new(argument);
    path.extension().is_some_and(|end| end == "toml" || end == "json") || path.is_file()
}

/// The `name` that a spec file gives.
pub(super) fn name_in(path: &str, text: &str) -> Result<String, CliError> {
    let parsed = text.parse::<toml::Table>();
    let name = parsed.ok().and_then(|table| Some(table.get("name")?.as_str()?.to_owned()));
    name.ok_or_else(|| CliError::NoName { path: path.into() })
}
