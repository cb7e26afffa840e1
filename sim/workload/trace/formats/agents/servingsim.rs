//! LLMServingSim's JSONL: one request, or one session of calls one after another, a line.

use std::io::BufRead;

use serde::Deserialize;
use serde_json::Value;

use super::chained::Chained;
use crate::units::SimSpan;
use crate::workload::trace::formats::fields::{required, span, tokens};
use crate::workload::trace::formats::lines::each_line;
use crate::workload::trace::session::{Agent, Row, Session, TraceFile, TraceKind};
use crate::workload::{Cause, Place, WorkloadError};

/// Nanoseconds in a second: the format's unit of time.
const NS: f64 = 1e9;

/// Tokens of a page: the format names tokens, not pages; its simulator's and vLLM's default.
const PAGE_TOKENS: u32 = 16;

#[derive(Deserialize)]
struct Line {
    arrival_time_ns: Option<Value>,
    sub_requests: Option<Vec<Sub>>,
    #[serde(flatten)]
    alone: Sub,
}

#[derive(Deserialize)]
struct Sub {
    input_toks: Option<Value>,
    output_toks: Option<Value>,
    tool_duration_ns: Option<Value>,
    input_tok_ids: Option<Vec<u64>>,
}

/// What earlier lines leave behind.
struct Reader {
    pages: Chained<Box<[u64]>>,
    /// Whether some line names its tokens.
    has_tokens: bool,
    order: u32,
    sessions: Vec<Session>,
}

/// Reads a file to its end.
pub(in crate::workload::trace) fn read(
    name: &str,
    reader: impl BufRead,
) -> Result<TraceFile, WorkloadError> {
    let (pages, sessions) = (Chained::from(0), Vec::new());
    let mut state = Reader { pages, has_tokens: false, order: 0, sessions };
    each_line(name, reader, |place, text| {
        let line: Line = serde_json::from_slice(text).map_err(|error| place.json(error))?;
        state.line(place, line)
    })?;
    state.sessions.sort_by_key(|session| session.start);
    Ok(TraceFile {
        name: name.into(),
        id: None,
        kind: TraceKind::ServingSim,
        page_tokens: state.has_tokens.then_some(PAGE_TOKENS),
        origin_ms: 0.0,
        pages: state.pages.end(),
        estimated: 0,
        sessions: state.sessions,
    })
}

impl Reader {
    fn line(&mut self, place: &Place, line: Line) -> Result<(), WorkloadError> {
        let arrival = required(place, "arrival_time_ns", line.arrival_time_ns.as_ref())?;
        let start = span(place, "arrival_time_ns", arrival, NS)?;
        let is_session = line.sub_requests.is_some();
        let subs = line.sub_requests.unwrap_or_else(|| vec![line.alone]);
        if subs.is_empty() {
            let remedy = "a session makes at least one call; remove it";
            return Err(place.refuse("sub_requests", "[]", remedy));
        }
        let mut agent = Agent::default();
        let mut gap = SimSpan::ZERO;
        for (index, sub) in subs.into_iter().enumerate() {
            let place = match &place.line {
                Some(_) if is_session => {
                    let path = Some(format!("sub_requests[{index}]"));
                    Place { path, ..place.clone() }
                }
                _ => place.clone(),
            };
            let (row, tool) = self.row(&place, &sub, (start, gap, index))?;
            agent.rows.push(row);
            gap = tool;
        }
        self.sessions.push(Session { line: place.line, start, agents: vec![agent] });
        Ok(())
    }

    /// A call, and how long the tool runs that it calls.
    fn row(
        &mut self,
        place: &Place,
        sub: &Sub,
        (time, gap, index): (SimSpan, SimSpan, usize),
    ) -> Result<(Row, SimSpan), WorkloadError> {
        let prompt = tokens(place, "input_toks", sub.input_toks.as_ref(), 1)?;
        let output = tokens(place, "output_toks", sub.output_toks.as_ref(), 0)?;
        let tool = sub.tool_duration_ns.as_ref();
        let tool = tool.map(|value| span(place, "tool_duration_ns", value, NS)).transpose()?;
        let (at, cause) = match index {
            0 => (Some(SimSpan::ZERO), Cause::User),
            _ => (None, Cause::Tool),
        };
        let pages = match &sub.input_tok_ids {
            Some(ids) if ids.len() == prompt as usize => {
                self.has_tokens = true;
                self.pages.pages(ids.chunks_exact(PAGE_TOKENS as usize).map(Box::from))
            }
            Some(ids) => {
                let remedy = format!("`input_toks` says {prompt} tokens; list each of them");
                let found = format!("a list of {}", ids.len());
                return Err(place.refuse("input_tok_ids", found, &remedy));
            }
            None => Vec::new(),
        };
        let order = self.order;
        self.order += 1;
        let after = Vec::new();
        let row = Row { order, time, at, gap, prompt, output, cause, pages, after };
        Ok((row, tool.unwrap_or_default()))
    }
}
