//! Mooncake JSONL: one request a line, pages of 512 tokens.

use serde::Deserialize;
use serde_json::Value;

use super::fields::{MOST_TOKENS, elapsed, number, required, span, tokens};
use super::lines::Record;
use super::page_ids::{Numbering, PageIds};
use super::scan::{Plain, scan};
use crate::serving::Extent;
use crate::units::SimSpan;
use crate::workload::{Place, WorkloadError};

/// The format's page; the last page of a prompt may be partial and is listed all the same.
pub(super) const PAGE_TOKENS: u32 = 512;

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

/// What earlier lines leave behind for later ones.
#[derive(Debug, Default)]
pub(in crate::workload::trace) struct Lines {
    numbering: Numbering,
    origin_ms: Option<f64>,
    /// The latest timestamp, since the origin.
    clock: SimSpan,
    /// Of the line at hand, as it has them and as they are numbered; kept for their room.
    ids: PageIds,
    pages: Vec<Extent>,
}

impl Lines {
    /// When the file's clock stood at zero.
    pub(super) fn origin_ms(&self) -> f64 {
        self.origin_ms.unwrap_or(0.0)
    }

    /// How many different pages there were.
    pub(super) fn distinct_pages(&self) -> u64 {
        self.numbering.distinct()
    }

    /// Reads a line: quickly if it is a plain one, with all care if anything is unusual about it.
    pub(super) fn read(
        &mut self,
        name: &str,
        line: u64,
        text: &[u8],
    ) -> Result<Option<Record<'_>>, WorkloadError> {
        let plain = scan(text, &mut self.ids).filter(|plain| self.accepts(plain));
        if let Some(plain) = plain {
            return Ok(Some(self.plain(line, plain)));
        }
        let text = text.trim_ascii_end();
        if text.is_empty() {
            return Ok(None);
        }
        let place = Place::line(name, line);
        let raw = serde_json::from_slice(text).map_err(|error| place.json(error))?;
        self.careful(&place, raw).map(Some)
    }

    /// Moves the clock to a plain line's timestamp if nothing is wrong with any of it.
    fn accepts(&mut self, plain: &Plain) -> bool {
        let origin_ms = self.origin_ms.unwrap_or(plain.timestamp);
        let time = elapsed(plain.timestamp - origin_ms, MS).filter(|&time| time >= self.clock);
        let pages = u64::from(plain.prompt.div_ceil(PAGE_TOKENS));
        let is_sound = (1..=MOST_TOKENS).contains(&plain.prompt)
            && plain.output <= MOST_TOKENS
            && (!plain.has_pages || self.ids.len() == pages);
        if let Some(time) = time.filter(|_| is_sound) {
            (self.origin_ms, self.clock) = (Some(origin_ms), time);
            return true;
        }
        false
    }

    fn plain(&mut self, line: u64, plain: Plain) -> Record<'_> {
        self.pages.clear();
        if plain.has_pages {
            self.numbering.number(&self.ids, &mut self.pages);
        }
        Record {
            line,
            time: self.clock,
            is_timed: true,
            delay: None,
            prompt: plain.prompt,
            output: plain.output,
            pages: &self.pages,
            conversation: None,
        }
    }

    fn careful(&mut self, place: &Place, line: Line) -> Result<Record<'_>, WorkloadError> {
        let prompt = tokens(place, "input_length", line.input_length.as_ref(), 1)?;
        let output = tokens(place, "output_length", line.output_length.as_ref(), 0)?;
        if let Some(ids) = &line.hash_ids {
            check_count(place, ids, prompt)?;
        }
        let delay = line.delay.as_ref().map(|delay| span(place, "delay", delay, MS)).transpose()?;
        let is_timed = self.advance(place, &line, delay.is_some())?;
        self.pages.clear();
        if let Some(ids) = &line.hash_ids {
            self.numbering.number(ids, &mut self.pages);
        }
        Ok(Record {
            line: place.line.unwrap_or_default(),
            time: self.clock,
            is_timed,
            delay,
            prompt,
            output,
            pages: &self.pages,
            conversation: line.session_id.map(|id| id.to_string()),
        })
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
