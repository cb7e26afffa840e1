//! Opening traces: the one place in this layer that touches files.
//!
//! Files, folders and tar archives, plain, gzip or zstd; compression is told by magic bytes.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use super::{Trace, TraceBuilder, WorkloadError};

/// Traces are packed with windows of up to 128 MiB (`zstd --long=27`).
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// Names of traces within folders and archives, before a compression's own ending.
const ENDINGS: [&str; 3] = [".json", ".jsonl", ".csv"];

/// Reads one trace from files, folders and archives.
///
/// In folders and archives only `.json`, `.jsonl` and `.csv` files count, compressed or not.
pub fn read_trace<P: AsRef<Path>>(paths: &[P]) -> Result<Trace, WorkloadError> {
    let mut builder = TraceBuilder::default();
    for path in paths {
        let path = path.as_ref();
        if path.is_dir() {
            let files = files_below(path)?;
            if files.is_empty() {
                return Err(WorkloadError::NoTraces { folder: path.to_string_lossy().into() });
            }
            for file in files {
                add_file(&file, &mut builder)?;
            }
        } else {
            add_file(path, &mut builder)?;
        }
    }
    builder.finish()
}

/// The traces in a folder and its folders, in name order.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, WorkloadError> {
    let failed = |source| read_error(folder, source);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else if is_trace(&path.to_string_lossy()) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Adds a file, or all traces in an archive.
fn add_file(path: &Path, builder: &mut TraceBuilder) -> Result<(), WorkloadError> {
    let failed = |source| read_error(path, source);
    let name = path.to_string_lossy();
    let reader = unpack(BufReader::new(File::open(path).map_err(failed)?)).map_err(failed)?;
    let is_archive = [".tar", ".tar.gz", ".tgz", ".tar.zst"].iter().any(|end| name.ends_with(end));
    if !is_archive {
        return builder.add(&name, reader);
    }
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let inner = entry.path().map_err(failed)?.to_string_lossy().into_owned();
        if entry.header().entry_type().is_file() && is_trace(&inner) {
            builder.add(&inner, unpack(BufReader::new(entry)).map_err(failed)?)?;
        }
    }
    Ok(())
}

/// Whether a name within a folder or archive is a trace's.
fn is_trace(name: &str) -> bool {
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// The plain text of a stream that may be packed.
fn unpack<'a>(mut reader: impl BufRead + 'a) -> std::io::Result<Box<dyn BufRead + 'a>> {
    let mut magic = Vec::new();
    reader.by_ref().take(4).read_to_end(&mut magic)?;
    let whole = Cursor::new(magic.clone()).chain(reader);
    Ok(match magic.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(whole))),
        [0x28, 0xb5, 0x2f, 0xfd] => {
            let mut decoder = zstd::Decoder::with_buffer(whole)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Box::new(BufReader::new(decoder))
        }
        _ => Box::new(whole),
    })
}

fn read_error(path: &Path, source: std::io::Error) -> WorkloadError {
    WorkloadError::Read { file: path.to_string_lossy().into_owned(), source }
}
