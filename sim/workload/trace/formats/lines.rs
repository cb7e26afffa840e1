//! Formats with one request a line.

use std::io::BufRead;

use super::{azure, mooncake};
use crate::serving::Extent;
use crate::units::SimSpan;
use crate::workload::trace::session::{Agent, Row, Session, TraceFile, TraceKind};
use crate::workload::{Cause, Place, WorkloadError};

use std::collections::BTreeMap;

/// One request, as its line has it.
#[derive(Clone, Debug)]
pub(in crate::workload::trace) struct Record<'a> {
    /// From 1.
    pub(in crate::workload::trace) line: u64,
    /// Since the file's beginning; that of the line before if it has none of its own.
    pub(in crate::workload::trace) time: SimSpan,
    /// Whether it has one of its own.
    pub(in crate::workload::trace) is_timed: bool,
    /// Since the previous turn's answer.
    pub(in crate::workload::trace) delay: Option<SimSpan>,
    pub(in crate::workload::trace) prompt: u32,
    /// May be zero.
    pub(in crate::workload::trace) output: u32,
    /// Pages of the prompt, the partial last one included.
    pub(in crate::workload::trace) pages: &'a [Extent],
    /// Lines that share it are turns of one conversation.
    pub(in crate::workload::trace) conversation: Option<String>,
}

/// What earlier lines leave behind for later ones.
#[derive(Debug)]
pub(in crate::workload::trace) enum LineFormat {
    Mooncake(Box<mooncake::Lines>),
    Azure(azure::Lines),
}

impl LineFormat {
    /// The format at the beginning of a file; none if it is not one of lines.
    pub(in crate::workload::trace) fn of(kind: TraceKind) -> Option<Self> {
        match kind {
            TraceKind::Mooncake => Some(Self::Mooncake(Box::default())),
            TraceKind::Azure => Some(Self::Azure(azure::Lines::default())),
            _ => None,
        }
    }

    pub(in crate::workload::trace) const fn kind(&self) -> TraceKind {
        match self {
            Self::Mooncake(_) => TraceKind::Mooncake,
            Self::Azure(_) => TraceKind::Azure,
        }
    }

    /// Tokens in a page; none if the format has no pages.
    pub(in crate::workload::trace) const fn page_tokens(&self) -> Option<u32> {
        match self {
            Self::Mooncake(_) => Some(mooncake::PAGE_TOKENS),
            Self::Azure(_) => None,
        }
    }

    /// Reads line number `line`; none if there is no request on it.
    pub(in crate::workload::trace) fn read(
        &mut self,
        name: &str,
        line: u64,
        text: &[u8],
    ) -> Result<Option<Record<'_>>, WorkloadError> {
        match self {
            Self::Mooncake(lines) => lines.read(name, line, text),
            Self::Azure(lines) => lines.read(name, line, text),
        }
    }

    fn origin_ms(&self) -> f64 {
        match self {
            Self::Mooncake(lines) => lines.origin_ms(),
            Self::Azure(lines) => lines.origin_ms(),
        }
    }

    fn distinct_pages(&self) -> u64 {
        match self {
            Self::Mooncake(lines) => lines.distinct_pages(),
            Self::Azure(_) => 0,
        }
    }
}

/// Reads a file to its end, line by line.
pub(in crate::workload::trace) fn read_lines(
    name: &str,
    mut reader: impl BufRead,
    mut format: LineFormat,
) -> Result<TraceFile, WorkloadError> {
    let mut sessions = Vec::new();
    let mut conversations = BTreeMap::new();
    let mut text = Vec::new();
    let mut order = 0;
    for line in 1.. {
        text.clear();
        let read = reader.read_until(b'\n', &mut text);
        if read.map_err(|source| WorkloadError::Read { file: name.into(), source })? == 0 {
            break;
        }
        if let Some(record) = format.read(name, line, &text)? {
            place(record, order, &mut sessions, &mut conversations);
            order += 1;
        }
    }
    Ok(TraceFile {
        name: name.into(),
        id: None,
        kind: format.kind(),
        page_tokens: format.page_tokens(),
        origin_ms: format.origin_ms(),
        pages: format.distinct_pages(),
        estimated: 0,
        sessions,
    })
}

/// Hands every line of a file that is not empty to `take`, with its place.
pub(super) fn each_line(
    name: &str,
    mut reader: impl BufRead,
    mut take: impl FnMut(&Place, &[u8]) -> Result<(), WorkloadError>,
) -> Result<(), WorkloadError> {
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let read = reader.read_until(b'\n', &mut text);
        if read.map_err(|source| WorkloadError::Read { file: name.into(), source })? == 0 {
            break;
        }
        let text = text.trim_ascii();
        if !text.is_empty() {
            take(&Place::line(name, line), text)?;
        }
    }
    Ok(())
}

/// Adds a request to its conversation, or to a new session of its own.
fn place(
    record: Record<'_>,
    order: u32,
    sessions: &mut Vec<Session>,
    conversations: &mut BTreeMap<String, usize>,
) {
    let new = sessions.len();
    let index = match record.conversation {
        Some(id) => *conversations.entry(id).or_insert(new),
        None => new,
    };
    let time = record.time;
    if index == new {
        let agents = vec![Agent::default()];
        sessions.push(Session { line: Some(record.line), start: time, agents });
    }
    let session = &mut sessions[index];
    let at = record.is_timed.then(|| time - session.start);
    let rows = &mut session.agents[0].rows;
    // Without a recorded delay the gap is an upper bound: it includes the response time.
    let since = rows.last().map(|last| time - last.time).unwrap_or_default();
    let gap = record.delay.filter(|_| !rows.is_empty()).unwrap_or(since);
    let (prompt, output, pages) = (record.prompt, record.output, record.pages.to_vec());
    let (cause, after) = (Cause::User, Vec::new());
    rows.push(Row { order, time, at, gap, prompt, output, cause, pages, after });
}
