//! The folder on disk: what is whole is kept, what is half written is not there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::columns::Column;
use crate::cli::CliError;
use crate::report::to_json;

/// The file that says what the folder holds; readers of datasets pass over names that begin so.
pub(in crate::cli::sweep) const MANIFEST: &str = "_manifest.json";

/// How temporary files begin; readers of `*.parquet` pass over them.
const TEMPORARY: &str = ".writing-";

/// What a folder holds. The same sweep gives the same bytes, however often it was interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli::sweep) struct Manifest {
    /// `memwall.sweep-store/1`.
    pub(in crate::cli::sweep) schema: String,
    /// Version of the program.
    pub(in crate::cli::sweep) memwall_version: String,
    /// Name of the sweep.
    pub(in crate::cli::sweep) name: String,
    /// Of the spec's text, of every file that it names, and of `--specs`.
    pub(in crate::cli::sweep) spec_hash: String,
    /// The sweep's seed.
    pub(in crate::cli::sweep) seed: u64,
    /// Points of the whole sweep.
    pub(in crate::cli::sweep) points: u64,
    /// Points in each part but the last.
    pub(in crate::cli::sweep) part_points: u64,
    /// Parts of the whole sweep.
    pub(in crate::cli::sweep) parts: u64,
    /// Which of how many shards: `3/8`; null for the whole sweep.
    pub(in crate::cli::sweep) shard: Option<String>,
    /// Whether every part is there.
    pub(in crate::cli::sweep) complete: bool,
    /// Name and type of every column.
    pub(in crate::cli::sweep) columns: serde_json::Value,
    /// The spec's text.
    pub(in crate::cli::sweep) spec: String,
}

impl Manifest {
    /// Name and version of the format.
    pub(in crate::cli::sweep) const SCHEMA: &'static str = "memwall.sweep-store/1";

    /// Columns as the manifest has them.
    pub(in crate::cli::sweep) fn columns(columns: &[Column]) -> serde_json::Value {
        serde_json::to_value(columns).expect("columns are JSON")
    }

    /// Why results of `other` cannot stand beside those of this one.
    pub(in crate::cli::sweep) fn differs(&self, other: &Self) -> Option<String> {
        let differs = |what: &str, one: &str, two: &str| {
            (one != two).then(|| format!("its {what} is {two}, not {one}"))
        };
        differs("schema", &self.schema, &other.schema)
            .or_else(|| differs("memwall version", &self.memwall_version, &other.memwall_version))
            .or_else(|| differs("spec hash", &self.spec_hash, &other.spec_hash))
            .or_else(|| {
                differs("part size", &self.part_points.to_string(), &other.part_points.to_string())
            })
    }
}

/// File name of a part.
pub(in crate::cli::sweep) fn part_name(part: u64) -> String {
    format!("part-{part:05}.parquet")
}

/// The manifest of a folder; `None` if it has none.
pub(in crate::cli::sweep) fn read_manifest(folder: &Path) -> Result<Option<Manifest>, CliError> {
    let path = folder.join(MANIFEST);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(CliError::Read { path, source }),
    };
    serde_json::from_str(&text).map(Some).map_err(|error| CliError::Store {
        path,
        problem: format!("is no manifest of a sweep ({error}); name another folder"),
    })
}

/// A folder that is being filled.
pub(in crate::cli::sweep) struct Folder {
    path: PathBuf,
    manifest: Manifest,
}

impl Folder {
    /// Opens `path` for the sweep of `manifest`, or makes it; another sweep's is refused.
    pub(in crate::cli::sweep) fn open(path: &Path, manifest: Manifest) -> Result<Self, CliError> {
        fs::create_dir_all(path)
            .map_err(|source| CliError::Create { path: path.into(), source })?;
        let folder = Self { path: path.into(), manifest };
        match read_manifest(path)? {
            Some(found) => folder.accept(&found)?,
            None if folder.parts()?.is_empty() => folder.write_manifest(false)?,
            None => {
                return Err(folder.refused(format!(
                    "holds parts, but no {MANIFEST} to say of what; name another folder"
                )));
            }
        }
        Ok(folder)
    }

    fn accept(&self, found: &Manifest) -> Result<(), CliError> {
        let shard = |manifest: &Manifest| manifest.shard.clone().unwrap_or("the whole".into());
        let other = self.manifest.differs(found).or_else(|| {
            (found.shard != self.manifest.shard)
                .then(|| format!("it holds {}, not {}", shard(found), shard(&self.manifest)))
        });
        other.map_or(Ok(()), |why| {
            let remedy = "name another folder, or remove this one";
            Err(self.refused(format!("holds the results of another sweep: {why}; {remedy}")))
        })
    }

    fn refused(&self, problem: String) -> CliError {
        CliError::Store { path: self.path.clone(), problem }
    }

    /// The parts that are whole.
    pub(in crate::cli::sweep) fn parts(&self) -> Result<BTreeSet<u64>, CliError> {
        let unreadable = |source| CliError::Read { path: self.path.clone(), source };
        let mut parts = BTreeSet::new();
        for entry in fs::read_dir(&self.path).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name();
            let name = name.to_string_lossy();
            let number = name.strip_prefix("part-").and_then(|rest| rest.strip_suffix(".parquet"));
            parts.extend(number.and_then(|digits| digits.parse::<u64>().ok()));
        }
        Ok(parts)
    }

    /// Puts a part there; it appears whole, and stays through a loss of power.
    pub(in crate::cli::sweep) fn put(&self, part: u64, bytes: &[u8]) -> Result<(), CliError> {
        self.write(&part_name(part), bytes)
    }

    /// Writes down that nothing is missing.
    pub(in crate::cli::sweep) fn finish(&self) -> Result<(), CliError> {
        self.sweep_temporaries();
        self.write_manifest(true)
    }

    /// What an interrupted process left half written. Only done at the end: another process may
    /// be writing into the same folder, and loses at most time by it.
    fn sweep_temporaries(&self) {
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                // What cannot be removed harms nobody.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn write_manifest(&self, complete: bool) -> Result<(), CliError> {
        let manifest = Manifest { complete, ..self.manifest.clone() };
        self.write(MANIFEST, format!("{}\n", to_json(&manifest)).as_bytes())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), CliError> {
        let path = self.path.join(name);
        let temporary = self.path.join(format!("{TEMPORARY}{}-{name}", std::process::id()));
        let written = write_through(&temporary, bytes).and_then(|()| fs::rename(&temporary, &path));
        let kept = written.and_then(|()| File::open(&self.path)?.sync_all());
        kept.map_err(|source| {
            // A full disk may not even give this back; the error says enough.
            let _ = fs::remove_file(&temporary);
            CliError::Write { path, source }
        })
    }
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
