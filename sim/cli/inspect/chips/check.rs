//! `memwall chips check`.

use std::path::PathBuf;

use serde::Serialize;

use crate::cli::error::sentence;
use crate::cli::specs::catalog;
use crate::cli::terminal::counted;
use crate::cli::{CliError, Exit, Shell, files};
use crate::hardware::{Catalog, Finding, HardwareError, Severity};

#[derive(Serialize)]
struct Check {
    files: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    findings: Vec<Finding>,
}

pub(super) fn run(files: &[PathBuf], shell: &mut Shell) -> Result<Exit, CliError> {
    let texts = texts(files)?;
    let catalog = catalog(shell)?;
    // Files given together may build on each other; ones that do not read are compared alone.
    let catalog = catalog.clone().overlaid(&texts).unwrap_or(catalog);
    let checked = texts.iter().flat_map(|(path, text)| catalog.check(path, text));
    let findings: Vec<_> = checked.collect();
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let summary = Check {
        files: texts.len(),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        notes: count(Severity::Note),
        findings,
    };
    if shell.json() {
        shell.document("memwall.check/1", &summary)?;
    } else {
        print(&summary, shell)?;
    }
    if summary.errors == 0 {
        return Ok(Exit::Done);
    }
    let mut findings = summary.findings;
    findings.retain(|finding| finding.severity == Severity::Error);
    Err(HardwareError::BadSpecs { findings }.into())
}

/// Path and text of every file; of the catalogue's own if none is named.
fn texts(files: &[PathBuf]) -> Result<Vec<(String, String)>, CliError> {
    if files.is_empty() {
        let own = Catalog::embedded_files().iter();
        return Ok(own.map(|&(path, text)| (path.to_owned(), text.to_owned())).collect());
    }
    let text = |path: &PathBuf| {
        Ok((path.display().to_string(), files::text(path, "a TOML file of a chip")?))
    };
    files.iter().map(text).collect()
}

/// Everything that is not an error; errors go where errors go.
fn print(check: &Check, shell: &mut Shell) -> Result<(), CliError> {
    for finding in &check.findings {
        if finding.severity != Severity::Error {
            shell.line(format!("{}: {}", finding.severity, sentence(finding)))?;
        }
    }
    shell.line(format!(
        "{}: {}, {}, {}",
        counted(check.files, "file"),
        counted(check.errors, "error"),
        counted(check.warnings, "warning"),
        counted(check.notes, "note"),
    ))
}
