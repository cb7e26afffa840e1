//! Putting a trace together from its files.

use std::io::{BufRead, Cursor, Read};

use super::formats::{
    LineFormat, between_files, read_events, read_graphs, read_lines, read_sessions, read_spans,
    read_sub_requests,
};
use super::session::{Trace, TraceFile, TraceKind};
use crate::units::SimSpan;
use crate::workload::WorkloadError;

/// How much of a file tells its format.
const HEAD_BYTES: u64 = 8192;

/// What Windows' editors put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A trace in the making: add its files in any order, then finish.
///
/// ```
/// use memwall::workload::TraceBuilder;
/// let line = r#"{"timestamp":0,"input_length":600,"output_length":9,"hash_ids":[7,8]}"#;
/// let mut builder = TraceBuilder::default();
/// builder.add("tiny.jsonl", line.as_bytes())?;
/// let trace = builder.finish()?;
/// assert_eq!((trace.requests(), trace.page_tokens), (1, Some(512)));
/// # Ok::<(), memwall::workload::WorkloadError>(())
/// ```
#[derive(Debug, Default)]
pub struct TraceBuilder {
    files: Vec<TraceFile>,
}

impl TraceBuilder {
    /// Reads a file to its end, line by line where the format has lines. The name places it
    /// among the others and is used in messages.
    pub fn add(&mut self, name: &str, mut reader: impl BufRead) -> Result<(), WorkloadError> {
        let (head, kind) = head(name, &mut reader)?;
        let whole = Cursor::new(head).chain(reader);
        let file = match (LineFormat::of(kind), kind) {
            (Some(format), _) => read_lines(name, whole, format),
            (None, TraceKind::AgenticMooncake) => read_graphs(name, whole),
            (None, TraceKind::RequestEvents) => read_events(name, whole),
            (None, TraceKind::ServingSim) => read_sub_requests(name, whole),
            (None, TraceKind::Spans) => read_spans(name, whole),
            (None, _) => read_sessions(name, whole),
        }?;
        if file.sessions.is_empty() {
            return Err(WorkloadError::Empty { file: name.into() });
        }
        self.fits(&file)?;
        self.files.push(file);
        Ok(())
    }

    /// The trace: files in name order, exact duplicates dropped, time counted from the earliest
    /// request, page identities made unique across files.
    pub fn finish(mut self) -> Result<Trace, WorkloadError> {
        self.files.sort_by(|a, b| a.name.cmp(&b.name));
        let (mut files, mut duplicates): (Vec<TraceFile>, u32) = (Vec::new(), 0);
        for file in self.files {
            if files.iter().any(|earlier| is_same(earlier, &file)) {
                duplicates += 1;
            } else {
                files.push(file);
            }
        }
        let Some(first) = files.first() else {
            return Err(WorkloadError::Empty { file: "the trace".into() });
        };
        let (kind, page_tokens) = (first.kind, first.page_tokens);
        let origin = files.iter().map(|file| file.origin_ms).fold(f64::INFINITY, f64::min);
        let mut pages = 0;
        for file in &mut files {
            let time = between_files(&file.name, (file.origin_ms - origin) / 1e3)?;
            shift(file, pages, time);
            pages += file.pages;
        }
        Ok(Trace { kind, page_tokens, duplicates, files })
    }

    /// Whether a file can be read together with those before it.
    fn fits(&self, file: &TraceFile) -> Result<(), WorkloadError> {
        let Some(first) = self.files.first() else { return Ok(()) };
        let describe = |file: &TraceFile| match file.page_tokens {
            Some(tokens) => format!("{} with {tokens}-token pages", file.kind),
            None => file.kind.to_string(),
        };
        let (found, expected) = (describe(file), describe(first));
        if found == expected {
            return Ok(());
        }
        let (file, first) = (file.name.clone(), first.name.clone());
        Err(WorkloadError::Mixed { file, found, first, expected })
    }
}

/// The first bytes of a file, and the format that they tell.
pub(super) fn head(
    name: &str,
    reader: &mut impl BufRead,
) -> Result<(Vec<u8>, TraceKind), WorkloadError> {
    let mut head = Vec::new();
    let read = reader.take(HEAD_BYTES).read_to_end(&mut head);
    read.map_err(|source| WorkloadError::Read { file: name.into(), source })?;
    if head.starts_with(BYTE_ORDER_MARK) {
        head.drain(..BYTE_ORDER_MARK.len());
    }
    if head.trim_ascii().is_empty() {
        return Err(WorkloadError::Empty { file: name.into() });
    }
    let kind = sniff(&String::from_utf8_lossy(&head))
        .ok_or_else(|| WorkloadError::UnknownFormat { file: name.into() })?;
    Ok((head, kind))
}

/// The format of a file, by its beginning.
fn sniff(head: &str) -> Option<TraceKind> {
    let head = head.trim_start();
    let has = |key: &str| head.contains(key);
    if head.starts_with("TIMESTAMP") {
        Some(TraceKind::Azure)
    } else if !head.starts_with('{') {
        None
    } else if has("\"dynamo.agentic_mooncake\"") {
        Some(TraceKind::AgenticMooncake)
    } else if has("\"event_type\"") {
        Some(TraceKind::RequestEvents)
    } else if has("\"spans\"") {
        Some(TraceKind::Spans)
    } else if has("\"input_toks\"") || has("\"sub_requests\"") {
        Some(TraceKind::ServingSim)
    } else if has("\"requests\"") || has("\"block_size\"") {
        Some(TraceKind::Sessions)
    } else {
        let known = ["\"input_length\"", "\"hash_ids\"", "\"timestamp\""];
        known.into_iter().any(has).then_some(TraceKind::Mooncake)
    }
}

/// Whether two files hold the same requests; names do not matter.
fn is_same(a: &TraceFile, b: &TraceFile) -> bool {
    a.id == b.id
        && a.pages == b.pages
        && a.origin_ms.to_bits() == b.origin_ms.to_bits()
        && a.sessions == b.sessions
}

/// Moves a file's pages and times to their place in the whole trace.
fn shift(file: &mut TraceFile, pages: u64, time: SimSpan) {
    for row in file.rows_mut() {
        row.time += time;
        row.pages.iter_mut().for_each(|run| run.first += pages);
    }
    file.sessions.iter_mut().for_each(|session| session.start += time);
}
