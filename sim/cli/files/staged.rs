//! Output files that appear complete or not at all.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::cli::CliError;

/// Files written under temporary names beside their places, and moved there together at the end.
///
/// Dropped without [`commit`](Staged::commit), it leaves what was there before.
#[derive(Debug, Default)]
pub(in crate::cli) struct Staged {
    files: Vec<(PathBuf, PathBuf)>,
}

impl Staged {
    /// Writes `contents`, to appear at `path`.
    pub(in crate::cli) fn add(&mut self, path: &Path, contents: &[u8]) -> Result<(), CliError> {
        self.add_with(path, |file| file.write_all(contents))
    }

    /// Writes what `fill` produces, to appear at `path`.
    pub(in crate::cli) fn add_with(
        &mut self,
        path: &Path,
        fill: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
    ) -> Result<(), CliError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let file = File::create(&temporary)
            .map_err(|source| CliError::Create { path: path.into(), source })?;
        self.files.push((temporary, path.into()));
        let mut writer = BufWriter::new(file);
        fill(&mut writer)
            .and_then(|()| writer.flush())
            .map_err(|source| CliError::Write { path: path.into(), source })
    }

    /// Moves every file to its place.
    pub(in crate::cli) fn commit(mut self) -> Result<(), CliError> {
        for (temporary, path) in &self.files {
            fs::rename(temporary, path)
                .map_err(|source| CliError::Write { path: path.clone(), source })?;
        }
        self.files.clear();
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        for (temporary, _) in &self.files {
            // Best effort: the error that led here is the one to report.
            let _ = fs::remove_file(temporary);
        }
    }
}
