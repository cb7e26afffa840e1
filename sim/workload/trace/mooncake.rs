//! Mooncake JSONL: one request a line, pages of 512 tokens.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;
use serde_json::Value;

use super::fields::{elapsed, number, required, span, tokens};
use super::page_ids::{Numbering, PageIds};
use super::session::{Agent, Row, Session, TraceFile, TraceKind};
use crate::units::SimSpan;
use crate::workload::{Cause, Place, WorkloadError};

/// The format's page; the last page of a prompt may be partial and is listed all the same.
const PAGE_TOKENS: u32 = 512;

/// Milliseconds in a second: the format's unit of time.
const MS: f64 = 1e3;

/// One line. Other keys are other tools' own.
#[derive(Deserialize)]
struct Line {
    timestamp: Option<Value>,
    input_length: Option<Value>,
    output_length: Option<Value>,
    hash_ids: Option<PageIds>,
    /// Lines that share one are turns of a conversation.
    session_id: Option<Value>,
    /// Milliseconds since the previous turn's answer.
    delay: Option<Value>,
}

/// Reads a file, line by line.
pub(super) fn read(name: &str, mut reader: impl BufRead) -> Result<TraceFile, WorkloadError> {
    let mut lines = Lines::default();
    let mut text = Vec::new();
    for line in 1.. {
        text.clear();
        let read = reader.read_until(b'\n', &mut text);
        if read.map_err(|source| WorkloadError::Read { file: name.into(), source })? == 0 {
            break;
        }
        let record = text.trim_ascii_end();
        if !record.is_empty() {
            let place = Place::line(name, line);
            let raw = serde_json::from_slice(record).map_err(|error| place.json(error))?;
            lines.add(&place, &raw)?;
        }
    }
    Ok(TraceFile {
        name: name.into(),
        id: None,
        kind: TraceKind::Mooncake,
        page_tokens: Some(PAGE_TOKENS),
        origin_ms: lines.origin_ms.unwrap_or(0.0),
        pages: lines.numbering.distinct(),
        sessions: lines.sessions,
    })
}

/// What earlier lines leave behind for later ones.
#[derive(Default)]
struct Lines {
    numbering: Numbering,
    sessions: Vec<Session>,
    /// The index of a conversation among the sessions.
    conversations: BTreeMap<String, usize>,
    origin_ms: Option<f64>,
    /// The latest timestamp, since the origin.
    clock: SimSpan,
    order: u32,
}

impl Lines {
    fn add(&mut self, place: &Place, line: &Line) -> Result<(), WorkloadError> {
        let prompt = tokens(place, "input_length", line.input_length.as_ref(), 1)?;
        let output = tokens(place, "output_length", line.output_length.as_ref(), 0)?;
        if let Some(ids) = &line.hash_ids {
            check_count(place, ids, prompt)?;
        }
        let delay = line.delay.as_ref().map(|delay| span(place, "delay", delay, MS)).transpose()?;
        let timed = self.advance(place, line, delay.is_some())?;
        let pages = line.hash_ids.as_ref().map(|ids| self.numbering.pages(ids));
        let (time, order) = (self.clock, self.order);
        self.order += 1;
        let session = self.session(place, line.session_id.as_ref());
        let at = timed.then(|| time - session.start);
        let rows = &mut session.agents[0].rows;
        // Without a recorded delay the gap is an upper bound: it includes the response time.
        let since = rows.last().map(|last| time - last.time).unwrap_or_default();
        let gap = delay.filter(|_| !rows.is_empty()).unwrap_or(since);
        let pages = pages.unwrap_or_default();
        rows.push(Row { order, time, at, gap, prompt, output, cause: Cause::User, pages });
        Ok(())
    }

    /// Moves the clock to the line's timestamp; says whether there was one.
    fn advance(&mut self, place: &Place, line: &Line, waits: bool) -> Result<bool, WorkloadError> {
        const KEY: &str = "timestamp";
        let value = match line.timestamp.as_ref() {
            None if waits => return Ok(false),
            value => required(place, KEY, value)?,
        };
        let ms = number(place, KEY, value)?;
        if ms < 0.0 {
            return Err(place.refuse(KEY, value, "times count from the start; shift them all"));
        }
        let since = ms - *self.origin_ms.get_or_insert(ms);
        let Some(time) = elapsed(since, MS).filter(|&time| time >= self.clock) else {
            let remedy = if since < self.clock.as_ms() {
                "it is earlier than the line before; sort the file by time"
            } else {
                "it is more than 100 days after the first; split the file"
            };
            return Err(place.refuse(KEY, value, remedy));
        };
        self.clock = time;
        Ok(true)
    }

    /// The session that a line belongs to: its conversation's, else one of its own.
    fn session(&mut self, place: &Place, id: Option<&Value>) -> &mut Session {
        let new = self.sessions.len();
        let index = id.map_or(new, |id| *self.conversations.entry(id.to_string()).or_insert(new));
        if index == new {
            let agents = vec![Agent::default()];
            self.sessions.push(Session { line: place.line, start: self.clock, agents });
        }
        &mut self.sessions[index]
    }
}

/// A prompt lists each of its pages, the partial last one too.
fn check_count(place: &Place, ids: &PageIds, prompt: u32) -> Result<(), WorkloadError> {
    let expected = u64::from(prompt.div_ceil(PAGE_TOKENS));
    if ids.len() == expected {
        return Ok(());
    }
    let remedy = format!("{prompt} tokens have {expected} pages of {PAGE_TOKENS}; list each");
    Err(place.refuse("hash_ids", format!("a list of {}", ids.len()), &remedy))
}
