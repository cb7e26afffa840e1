//! A sweep that can be computed: its spec, its columns, and what its points share.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::store::{Column, Folder, Manifest, PartTags, Row, columns_of, encode, row_of};
use crate::cli::files;
use crate::cli::simulate::{Bench, check_setting};
use crate::cli::specs::catalog;
use crate::cli::{CliError, Shell};
use crate::des::fnv1a;
use crate::sweep::{Points, Setting, SweepSpec};

/// Parts are to be about so many, so that a stop loses little and shards are of a size.
const PARTS: u64 = 128;

/// Points in a part at most.
const PART_MOST: u64 = 1024;

/// A sweep that can be computed, whole or in parts.
///
/// Part `k` holds the points from `k * part_points()` on; its bytes depend on the spec and the
/// program's version alone.
pub struct Job {
    spec: SweepSpec,
    points: Points,
    columns: Vec<Column>,
    bench: Bench,
    manifest: Manifest,
}

impl Job {
    /// Reads the sweep in `path`.
    pub(super) fn open(path: &Path, shell: &Shell) -> Result<Self, CliError> {
        let text = files::text(path, "a TOML file")?;
        Self::read(&path.display().to_string(), &text, shell)
    }

    /// Reads a sweep's `text`; `file` names it in messages.
    pub(super) fn read(file: &str, text: &str, shell: &Shell) -> Result<Self, CliError> {
        let catalog = catalog(shell)?;
        let check = |key: &str, value: &Setting| check_setting(&catalog, shell, key, value);
        let spec = SweepSpec::read(file, text, &check)?;
        let points = spec.points();
        if points.is_empty() {
            return Err(CliError::Store {
                path: file.into(),
                problem: "no point is left by `where`; loosen it".into(),
            });
        }
        let columns = columns_of(&spec);
        let count = points.len();
        let part_points = spec
            .part_points
            .unwrap_or_else(|| count.div_ceil(PARTS).next_power_of_two().min(PART_MOST));
        let manifest = Manifest {
            schema: Manifest::SCHEMA.into(),
            memwall_version: env!("CARGO_PKG_VERSION").into(),
            name: spec.name.clone(),
            spec_hash: spec_hash(&spec, text, shell)?,
            seed: spec.seed,
            points: count,
            part_points,
            parts: count.div_ceil(part_points),
            shard: None,
            complete: false,
            columns: Manifest::columns(&columns),
            spec: text.into(),
        };
        Ok(Self { bench: Bench::new(shell)?, spec, points, columns, manifest })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// How many points it has.
    pub fn points(&self) -> u64 {
        self.manifest.points
    }

    /// How many parts they fill.
    pub fn parts(&self) -> u64 {
        self.manifest.parts
    }

    /// Points in each part but the last.
    pub fn part_points(&self) -> u64 {
        self.manifest.part_points
    }

    /// The numbers of a part's points.
    pub(super) fn numbers(&self, part: u64) -> std::ops::Range<u64> {
        let start = part * self.part_points();
        start..(start + self.part_points()).min(self.points())
    }

    /// Its manifest, as part of a shard if one is named.
    pub(super) fn manifest(&self, shard: Option<String>) -> Manifest {
        Manifest { shard, ..self.manifest.clone() }
    }

    /// Opens the folder for all of it.
    pub(super) fn folder(&self, path: &Path) -> Result<Folder, CliError> {
        Folder::open(path, self.manifest(None))
    }

    /// Computes a point. What cannot be simulated is a row with the reason; an error is one of
    /// this machine, not of the point.
    pub(super) fn row(&self, number: u64) -> Result<Row, CliError> {
        let point = self.points.get(number);
        let end = catch_unwind(AssertUnwindSafe(|| self.bench.document(&point)));
        let end = match end {
            Ok(Ok(document)) => Ok(document),
            Ok(Err(error @ (CliError::Read { .. } | CliError::Closed))) => return Err(error),
            Ok(Err(error)) => Err(("impossible", error.to_string())),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                Err(("failed", format!("a fault in memwall: {}", text.unwrap_or("unknown"))))
            }
        };
        Ok(row_of(&self.columns, &point, &end))
    }

    /// The bytes of a part of these rows.
    pub(super) fn encode(&self, part: u64, rows: &[Row]) -> Vec<u8> {
        let tags: PartTags = vec![
            ("memwall.spec_hash", self.manifest.spec_hash.clone()),
            ("memwall.seed", self.spec.seed.to_string()),
            ("memwall.part", part.to_string()),
        ];
        encode(&self.columns, rows, &tags).expect("a Vec takes every write")
    }

    /// Computes a part on this thread: the bytes of its Parquet file.
    ///
    /// The error is a sentence for the user.
    pub fn part(&self, part: u64) -> Result<Vec<u8>, String> {
        if part >= self.parts() {
            return Err(format!("part {part} is none of {}; parts count from 0", self.parts()));
        }
        let rows: Result<Vec<_>, CliError> =
            self.numbers(part).map(|number| self.row(number)).collect();
        rows.map(|rows| self.encode(part, &rows)).map_err(|error| error.to_string())
    }

    /// The parts that `out` lacks; makes the folder, and refuses one of another sweep.
    pub fn missing(&self, out: &Path) -> Result<Vec<u64>, String> {
        let there = self.folder(out).and_then(|folder| folder.parts());
        let there = there.map_err(|error| error.to_string())?;
        Ok((0..self.parts()).filter(|part| !there.contains(part)).collect())
    }

    /// Keeps the bytes of a part in `out`.
    pub fn keep(&self, out: &Path, part: u64, bytes: &[u8]) -> Result<(), String> {
        let folder = self.folder(out).map_err(|error| error.to_string())?;
        folder.put(part, bytes).map_err(|error| error.to_string())
    }

    /// Marks `out` as complete, if it is.
    pub fn finish(&self, out: &Path) -> Result<(), String> {
        let missing = self.missing(out)?;
        if !missing.is_empty() {
            return Err(format!("{}: {} parts are missing", out.display(), missing.len()));
        }
        self.folder(out).and_then(|folder| folder.finish()).map_err(|error| error.to_string())
    }

    /// Reads a sweep from TOML; `file` names it in messages, `specs` overlays the catalogue.
    ///
    /// The error is a sentence for the user: file, line, key, value and remedy.
    pub fn parse(file: &str, text: &str, specs: Option<PathBuf>) -> Result<Self, String> {
        Self::read(file, text, &Shell::silent(specs)).map_err(|error| error.to_string())
    }
}

/// Of everything that the results depend on: the spec, the files that it names, `--specs`.
fn spec_hash(spec: &SweepSpec, text: &str, shell: &Shell) -> Result<String, CliError> {
    let mut hash = fnv1a(text);
    let mut add = |path: &Path| -> Result<(), CliError> {
        let read = |path: &Path| {
            fs::read(path).map_err(|source| CliError::Read { path: path.into(), source })
        };
        for byte in read(path)? {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(())
    };
    if let Some(folder) = shell.specs() {
        files::tomls_below(folder)?.iter().try_for_each(|path| add(path))?;
    }
    let base = spec.base.iter().map(|(key, value)| (key, vec![value.clone()]));
    let axes = spec.axes();
    let settings = base.chain(axes.iter().map(|(key, values)| (key, values.clone())));
    let read = ["model", "workload", "trace"];
    for value in settings.filter(|(key, _)| read.contains(&key.as_str())).flat_map(|(_, v)| v) {
        let names = match value {
            Setting::Many(names) => names,
            other => vec![other.to_string()],
        };
        for path in names.iter().map(Path::new) {
            if path.is_dir() {
                files::files_below(path, "jsonl")?.iter().try_for_each(|path| add(path))?;
            } else if path.is_file() {
                add(path)?;
            }
        }
    }
    Ok(format!("{hash:016x}"))
}
