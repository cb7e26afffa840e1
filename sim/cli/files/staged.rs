//! Output files that appear complete or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::CliError;

/// What stands, or is to stand, at a path.
enum Place {
    /// A file, behind any symbolic links: those stay.
    File(PathBuf),
    /// A device or a pipe, which nothing can be moved over.
    Device,
}

impl Place {
    fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if found.is_file() => path.canonicalize().map(Self::File),
            Ok(_) => Ok(Self::Device),
            Err(_) => Ok(Self::File(path.into())),
        }
    }
}

/// Files written under temporary names beside their places, and moved there together at the end.
///
/// Dropped without [`commit`](Staged::commit), it leaves what was there before.
#[derive(Debug, Default)]
pub(in crate::cli) struct Staged {
    files: Vec<(PathBuf, PathBuf)>,
}

impl Staged {
    /// Whether a file could be put at `path`; to be asked before long work. Leaves nothing there.
    pub(in crate::cli) fn probe(path: &Path) -> Result<(), CliError> {
        Self::default().add_with(path, |_| Ok(()))
    }

    /// Writes `contents`, to appear at `path`.
    pub(in crate::cli) fn add(&mut self, path: &Path, contents: &[u8]) -> Result<(), CliError> {
        self.add_with(path, |file| file.write_all(contents))
    }

    /// Writes what `fill` produces, to appear at `path`.
    pub(in crate::cli) fn add_with(
        &mut self,
        path: &Path,
        fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let mut writer = self.open(path)?;
        fill(&mut writer)
            .and_then(|()| writer.flush())
            .map_err(|source| CliError::Write { path: path.into(), source })
    }

    /// A file to write and flush before the [`commit`](Self::commit), to appear at `path`.
    pub(in crate::cli) fn open(&mut self, path: &Path) -> Result<BufWriter<File>, CliError> {
        let refused = |source| CliError::Create { path: path.into(), source };
        let file = match Place::of(path).map_err(refused)? {
            Place::File(place) => {
                let name = place.file_name().unwrap_or_default().to_string_lossy();
                let temporary =
                    place.with_file_name(format!(".{name}.{}.part", std::process::id()));
                let file = File::create(&temporary).map_err(refused)?;
                self.files.push((temporary, place));
                file
            }
            Place::Device => File::options().write(true).open(path).map_err(refused)?,
        };
        Ok(BufWriter::new(file))
    }

    /// Moves every file to its place.
    pub(in crate::cli) fn commit(mut self) -> Result<(), CliError> {
        for (temporary, path) in &self.files {
            fs::rename(temporary, path)
                .map_err(|source| CliError::Write { path: path.clone(), source })?;
            forget_stale(path);
        }
        self.files.clear();
        Ok(())
    }
}

/// A program that is still at work has written to its file within this time.
const STALE: Duration = Duration::from_hours(24);

/// Removes what programs that were killed have left beside `path`.
fn forget_stale(path: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
    let start = format!(".{}.", name.to_string_lossy());
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let process = name.strip_prefix(&start).and_then(|rest| rest.strip_suffix(".part"));
        let is_temporary = process.is_some_and(|process| process.parse::<u32>().is_ok());
        let age = || entry.metadata().ok()?.modified().ok()?.elapsed().ok();
        if is_temporary && age().is_some_and(|age| age > STALE) {
            // What cannot be removed harms nobody.
            let _ = fs::remove_file(entry.path());
        }
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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn what_the_killed_have_left_goes_once_it_is_old() {
        let folder = std::env::temp_dir().join(format!("memwall-stale-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("wall.html");
        let names = [".wall.html.7.part", ".wall.html.8.part", ".other.html.7.part"];
        let [old, young, other] = names.map(|name| folder.join(name));
        for file in [&old, &young, &other] {
            fs::write(file, "half").unwrap();
        }
        for file in [&old, &other] {
            let file = File::options().write(true).open(file).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + STALE).unwrap();
        }
        let mut staged = Staged::default();
        staged.add(&path, b"whole").unwrap();
        staged.commit().unwrap();
        let there = [&path, &old, &young, &other].map(|file| file.exists());
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(there, [true, false, true, true]);
    }
}
