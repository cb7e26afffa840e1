//! `memwall sweep merge`: shards become one folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::command::no_sweep;
use super::document::SweepDocument;
use super::store::{Folder, MANIFEST, Manifest, part_name, read_manifest};
use crate::cli::{CliError, Exit, Shell};

/// Ranges of missing points that are named.
const NAMED: usize = 8;

/// Flags of `sweep merge`.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  memwall sweep merge results/")]
pub(super) struct Merge {
    /// The folder that holds the shards' folders
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// A shard's folder.
struct Found {
    path: PathBuf,
    manifest: Manifest,
}

impl Merge {
    /// Runs it.
    pub(super) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let found = self.found()?;
        let Some(first) = found.first() else { return Err(no_sweep(&self.folder)) };
        for other in &found[1..] {
            if let Some(why) = first.manifest.differs(&other.manifest) {
                return Err(CliError::Store {
                    path: other.path.clone(),
                    problem: format!(
                        "is of another sweep than {}: {why}; move one of them away",
                        first.path.display()
                    ),
                });
            }
        }
        let owners = owners(&found)?;
        let manifest = Manifest { shard: None, complete: false, ..first.manifest.clone() };
        self.whole(&manifest, &owners)?;
        let folder = Folder::open(&self.folder, manifest.clone())?;
        for (part, owner) in &owners {
            let (from, to) = (owner.join(part_name(*part)), self.folder.join(part_name(*part)));
            if from != to {
                fs::rename(&from, &to).map_err(|source| CliError::Write { path: to, source })?;
            }
        }
        folder.finish()?;
        for shard in found.iter().filter(|shard| shard.path != self.folder) {
            remove(&shard.path)?;
        }
        self.tell(&manifest, shell)
    }

    /// The folder itself, if it holds parts already, and each shard's.
    fn found(&self) -> Result<Vec<Found>, CliError> {
        let unreadable = |source| CliError::Read { path: self.folder.clone(), source };
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() {
                paths.push(path);
            }
        }
        paths.sort();
        paths.insert(0, self.folder.clone());
        let mut found = Vec::new();
        for path in paths {
            if let Some(manifest) = read_manifest(&path)? {
                found.push(Found { path, manifest });
            }
        }
        Ok(found)
    }

    /// Refuses what lacks points, and names them.
    fn whole(&self, manifest: &Manifest, owners: &BTreeMap<u64, &Path>) -> Result<(), CliError> {
        let missing = (0..manifest.parts).filter(|part| !owners.contains_key(part));
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for part in missing {
            let start = part * manifest.part_points;
            let end = (start + manifest.part_points).min(manifest.points);
            match ranges.last_mut() {
                Some(last) if last.1 == start => last.1 = end,
                _ => ranges.push((start, end)),
            }
        }
        if ranges.is_empty() {
            return Ok(());
        }
        let count: u64 = ranges.iter().map(|(start, end)| end - start).sum();
        let named = ranges.iter().take(NAMED);
        let mut named: Vec<_> = named.map(|(start, end)| format!("{start}–{}", end - 1)).collect();
        if ranges.len() > NAMED {
            named.push("…".into());
        }
        Err(CliError::Incomplete {
            path: self.folder.clone(),
            problem: format!(
                "{count} of {} points are missing: {}; run their shards to the end and merge again",
                manifest.points,
                named.join(", ")
            ),
        })
    }

    fn tell(&self, manifest: &Manifest, shell: &mut Shell) -> Result<Exit, CliError> {
        let mut document = SweepDocument {
            schema: SweepDocument::SCHEMA,
            name: manifest.name.clone(),
            points: manifest.points,
            parts: manifest.parts,
            part_points: manifest.part_points,
            spec_hash: manifest.spec_hash.clone(),
            out: Some(self.folder.display().to_string()),
            ..SweepDocument::default()
        };
        document.count(&self.folder, 0..manifest.parts)?;
        document.show(shell)?;
        Ok(Exit::Done)
    }
}

/// Which folder holds each part; two that hold the same are refused.
fn owners(found: &[Found]) -> Result<BTreeMap<u64, &Path>, CliError> {
    let mut owners: BTreeMap<u64, &Path> = BTreeMap::new();
    for shard in found {
        for part in Folder::open(&shard.path, shard.manifest.clone())?.parts()? {
            if let Some(other) = owners.insert(part, &shard.path) {
                let first = part * shard.manifest.part_points;
                return Err(CliError::Store {
                    path: shard.path.clone(),
                    problem: format!(
                        "{} (points from {first}) is in {} too; move one of them away",
                        part_name(part),
                        other.display()
                    ),
                });
            }
        }
    }
    Ok(owners)
}

/// Removes a shard's folder, whose parts have moved; what else lies there stays.
fn remove(shard: &Path) -> Result<(), CliError> {
    let manifest = shard.join(MANIFEST);
    fs::remove_file(&manifest).map_err(|source| CliError::Write { path: manifest, source })?;
    // A folder with the user's own files stays.
    let _ = fs::remove_dir(shard);
    Ok(())
}
