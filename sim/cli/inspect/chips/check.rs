//! `memwall chips check`.

use std::path::PathBuf;

use serde::Serialize;

use crate::cli::specs::catalog;
use crate::cli::{CliError, Exit, Shell, files};
use crate::hardware::{Catalog, Finding, HardwareError, Severity};

#[derive(Serialize)]
struct Check<'a> {
    files: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    findings: Vec<&'a Finding>,
}

/// A file, its text, and what was found in it.
struct Checked {
    text: String,
    findings: Vec<Finding>,
}

pub(super) fn run(files: &[PathBuf], shell: &mut Shell) -> Result<Exit, CliError> {
    let checked = check(files, shell)?;
    let findings: Vec<_> = checked.iter().flat_map(|file| &file.findings).collect();
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let summary = Check {
        files: checked.len(),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        notes: count(Severity::Note),
        findings,
    };
    if shell.json() {
        shell.document("memwall.check/1", &summary)?;
    } else {
        print(&checked, &summary, shell)?;
    }
    if summary.errors == 0 {
        return Ok(Exit::Done);
    }
    let errors = summary.findings.iter().filter(|finding| finding.severity == Severity::Error);
    Err(HardwareError::BadSpecs { findings: errors.copied().cloned().collect() }.into())
}

fn check(files: &[PathBuf], shell: &Shell) -> Result<Vec<Checked>, CliError> {
    if files.is_empty() {
        let catalog = catalog(shell)?;
        let all = Catalog::embedded_files().iter();
        let texts = all.map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
        return Ok(findings(&catalog, texts));
    }
    let mut texts = Vec::new();
    for path in files {
        texts.push((path.display().to_string(), files::text(path, "a TOML file of a chip")?));
    }
    let catalog = catalog(shell)?;
    // Files given together may build on each other; ones that do not read are compared alone.
    let catalog = catalog.clone().overlaid(&texts).unwrap_or(catalog);
    Ok(findings(&catalog, texts))
}

fn findings(catalog: &Catalog, texts: Vec<(String, String)>) -> Vec<Checked> {
    let checked = texts.into_iter().map(|(path, text)| {
        let findings = catalog.check(&path, &text);
        Checked { text, findings }
    });
    checked.collect()
}

/// Everything that is not an error; errors go where errors go.
fn print(checked: &[Checked], summary: &Check<'_>, shell: &mut Shell) -> Result<(), CliError> {
    for file in checked {
        for finding in &file.findings {
            if finding.severity != Severity::Error {
                shell.line(finding.render(&file.text))?;
                shell.line("")?;
            }
        }
    }
    let Check { files, errors, warnings, notes, .. } = summary;
    shell.line(format!("{files} files: {errors} errors, {warnings} warnings, {notes} notes"))
}
