//! Opening traces: the one place in this layer that touches files.
//!
//! Files, folders and tar archives, plain, gzip or zstd; compression is told by magic bytes.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use super::{Trace, TraceBuilder, TraceStream, WorkloadError};

/// Traces are packed with windows of up to 128 MiB (`zstd --long=27`).
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// The first bytes of packed files.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Bytes that are read and unpacked at a time.
const READ_BYTES: usize = 1 << 18;

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

/// A trace that is read from a file.
pub(crate) type FileStream = TraceStream<Unpacked<BufReader<File>>>;

/// Begins to read one file as a stream; none if it is a folder, an archive, no plain file, or in a
/// format that has to be read as a whole.
pub(crate) fn open_stream(path: &Path) -> Result<Option<FileStream>, WorkloadError> {
    let name = path.to_string_lossy();
    if !path.is_file() || is_archive(&name) {
        return Ok(None);
    }
    let failed = |source| read_error(path, source);
    let file = BufReader::with_capacity(READ_BYTES, File::open(path).map_err(failed)?);
    TraceStream::open(&name, Unpacked::of(file).map_err(failed)?)
}

/// The traces in a folder and its folders, in name order.
///
/// Links to folders are not followed: they may lead in circles.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>, WorkloadError> {
    let failed = |source| read_error(folder, source);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        if entry.file_type().map_err(failed)?.is_dir() {
            files.extend(files_below(&path)?);
        } else if !path.is_dir() && is_trace(&path.to_string_lossy()) {
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
    let reader =
        Unpacked::of(BufReader::with_capacity(READ_BYTES, File::open(path).map_err(failed)?))
            .map_err(failed)?;
    if !is_archive(&name) {
        return builder.add(&name, reader);
    }
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let inner = entry.path().map_err(failed)?.to_string_lossy().into_owned();
        if entry.header().entry_type().is_file() && is_trace(&inner) {
            builder.add(&inner, Unpacked::of(BufReader::new(entry)).map_err(failed)?)?;
        }
    }
    Ok(())
}

/// Whether a name is that of an archive of several files.
fn is_archive(name: &str) -> bool {
    [".tar", ".tar.gz", ".tgz", ".tar.zst"].iter().any(|end| name.ends_with(end))
}

/// Whether a name within a folder or archive is a trace's.
fn is_trace(name: &str) -> bool {
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// A stream from its first byte on, those that were looked at included.
type Whole<R> = std::io::Chain<Cursor<Vec<u8>>, R>;

/// The plain text of a stream that may be packed.
#[derive(Debug)]
pub(crate) enum Unpacked<R: BufRead> {
    /// As it is.
    Plain(Whole<R>),
    /// From gzip.
    Gzip(Box<BufReader<flate2::bufread::MultiGzDecoder<Whole<R>>>>),
    /// From zstd.
    Zstd(Box<BufReader<Zstd<R>>>),
}

/// A decoder; its library's is not `Debug`.
pub(crate) struct Zstd<R: BufRead>(zstd::Decoder<'static, Whole<R>>);

impl<R: BufRead> std::fmt::Debug for Zstd<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Zstd")
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<R: BufRead> Unpacked<R> {
    fn of(mut reader: R) -> std::io::Result<Self> {
        let mut magic = Vec::new();
        reader.by_ref().take(4).read_to_end(&mut magic)?;
        let (is_gzip, is_zstd) = (magic.starts_with(&GZIP), magic.starts_with(&ZSTD));
        let whole = Cursor::new(magic).chain(reader);
        Ok(if is_gzip {
            let decoder = flate2::bufread::MultiGzDecoder::new(whole);
            Self::Gzip(Box::new(BufReader::with_capacity(READ_BYTES, decoder)))
        } else if is_zstd {
            let mut decoder = zstd::Decoder::with_buffer(whole)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Self::Zstd(Box::new(BufReader::with_capacity(READ_BYTES, Zstd(decoder))))
        } else {
            Self::Plain(whole)
        })
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(text) => text.read(buffer),
            Self::Gzip(text) => text.read(buffer),
            Self::Zstd(text) => text.read(buffer),
        }
    }
}

impl<R: BufRead> BufRead for Unpacked<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        match self {
            Self::Plain(text) => text.fill_buf(),
            Self::Gzip(text) => text.fill_buf(),
            Self::Zstd(text) => text.fill_buf(),
        }
    }

    fn consume(&mut self, bytes: usize) {
        match self {
            Self::Plain(text) => text.consume(bytes),
            Self::Gzip(text) => text.consume(bytes),
            Self::Zstd(text) => text.consume(bytes),
        }
    }
}

fn read_error(path: &Path, source: std::io::Error) -> WorkloadError {
    WorkloadError::Read { file: path.to_string_lossy().into_owned(), source }
}
