//! The catalogue, with the user's folder over it.

use std::path::Path;

use crate::cli::error::sentence;
use crate::cli::{CliError, Shell, files};
use crate::hardware::{Catalog, Chip, Severity};

/// Chips and systems: those of the program, and those below `--specs`.
///
/// What `chips check` calls an error is told as a warning: a what-if may mean it.
pub(in crate::cli) fn catalog(shell: &Shell) -> Result<Catalog, CliError> {
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

/// The chip of this name, with as few files read as can be.
pub(in crate::cli) fn chip_named(name: &str, shell: &Shell) -> Result<Chip, CliError> {
    match Catalog::embedded_chip(name) {
        Some(chip) if shell.specs().is_none() => Ok(chip.clone()),
        _ => Ok(catalog(shell)?.chip(name)?.clone()),
    }
}

/// Keys of which every description of a chip or system has some.
const HARDWARE_KEYS: [&str; 6] = ["name", "base", "memory", "compute", "power", "accelerators"];

/// Keys of workloads, and of scenarios of demand, supply and plans, that no description of hardware
/// has.
const FOREIGN_KEYS: [&str; 5] = ["agent", "dialogue", "use", "year", "demand"];

/// Files beside the chips that describe none.
const TABLES: [&str; 4] = ["sources.toml", "hbm.toml", "hbm-timing.toml", "ladder.toml"];

/// Whether a file describes hardware, and not a workload, a time model's constants, a scenario or
/// something foreign. What does not parse counts, so that it is told.
fn is_hardware(path: &Path, text: &str) -> bool {
    if path.components().any(|part| part.as_os_str() == "calibration") {
        return false;
    }
    if TABLES.iter().any(|table| path.ends_with(table)) {
        return true;
    }
    text.parse::<toml::Table>().map_or(true, |table| {
        let has = |key: &&str| table.contains_key(*key);
        HARDWARE_KEYS.iter().any(has) && !FOREIGN_KEYS.iter().any(has)
    })
}

/// Whether an argument that may be a name or a file means a file.
pub(in crate::cli) fn is_file(argument: &str) -> bool {
    let path = Path::new(argument);
    path.extension().is_some_and(|end| end == "toml" || end == "json") || path.is_file()
}

/// The `name` that a spec file gives.
pub(in crate::cli) fn name_in(path: &str, text: &str) -> Result<String, CliError> {
    let parsed = text.parse::<toml::Table>();
    let name = parsed.ok().and_then(|table| Some(table.get("name")?.as_str()?.to_owned()));
    name.ok_or_else(|| CliError::NoName { path: path.into() })
}
