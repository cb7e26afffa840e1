//! What a run keeps in a folder.

use std::path::Path;

use super::Staged;
use crate::cli::CliError;
use crate::cluster::RunResult;
use crate::report::{RunDocument, requests_csv, to_json};

/// The file that holds the document of a run.
pub(in crate::cli) const SUMMARY: &str = "summary.json";

/// The files that are kept.
const KEPT: [&str; 2] = [SUMMARY, "requests.csv"];

/// Makes the folder, and sure that the result can be kept there before it is computed.
pub(in crate::cli) fn prepare(folder: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(folder)
        .map_err(|source| CliError::Create { path: folder.into(), source })?;
    KEPT.iter().try_for_each(|name| Staged::probe(&folder.join(name)))
}

/// Writes the result's files, to appear with what else is in `staged`.
pub(in crate::cli) fn keep(
    folder: &Path,
    document: &RunDocument,
    result: &RunResult,
    staged: &mut Staged,
) -> Result<(), CliError> {
    let [summary, requests] = KEPT.map(|name| folder.join(name));
    staged.add(&summary, to_json(document).as_bytes())?;
    staged.add(&requests, requests_csv(&result.outcomes).as_bytes())
}
