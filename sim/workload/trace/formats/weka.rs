//! Session JSON (Weka, kv-cache-tester): one document a session, sub-agents within.

use std::borrow::Cow;
use std::io::BufRead;

use serde::Deserialize;
use serde_json::Value;

use super::fields::{required, span, tokens, whole_file};
use super::page_ids::{Numbering, PageIds};
use crate::serving::Extent;
use crate::units::SimSpan;
use crate::workload::trace::session::{Agent, Row, Session, TraceFile, TraceKind};
use crate::workload::{Cause, Place, WorkloadError};

/// Sessions beyond are refused: their clocks and others' are added up.
const LONGEST: SimSpan = SimSpan::from_ms(100 * 86_400_000);

/// The document. Totals and other keys are not needed.
#[derive(Deserialize)]
struct Document<'a> {
    id: Option<String>,
    block_size: Option<Value>,
    #[serde(borrow)]
    requests: Option<Vec<Entry<'a>>>,
}

/// A request, or a sub-agent with requests of its own.
#[derive(Deserialize)]
struct Entry<'a> {
    /// Seconds since the agent's start; of a sub-agent, when it *ended*.
    t: Option<Value>,
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(rename = "in")]
    prompt: Option<Value>,
    #[serde(rename = "out")]
    output: Option<Value>,
    hash_ids: Option<PageIds>,
    #[serde(borrow)]
    input_types: Option<Vec<Cow<'a, str>>>,
    api_time: Option<Value>,
    think_time: Option<Value>,
    duration_ms: Option<Value>,
    #[serde(borrow)]
    status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    requests: Option<Vec<Entry<'a>>>,
}

/// Reads a document.
pub(in crate::workload::trace) fn read(
    name: &str,
    reader: impl BufRead,
) -> Result<TraceFile, WorkloadError> {
    let whole = Place::file(name);
    let text = whole_file(name, reader)?;
    let document: Document<'_> =
        serde_json::from_slice(&text).map_err(|error| whole.json(error))?;
    let page_tokens = tokens(&whole, "block_size", document.block_size.as_ref(), 1)?;
    let entries = document.requests.unwrap_or_default();
    let mut recorder = Recorder {
        file: name,
        page_tokens,
        numbering: Numbering::default(),
        agents: Vec::new(),
        order: 0,
    };
    if !entries.is_empty() {
        recorder.agent(&entries, "", Start::default())?;
    }
    let session = Session { line: None, start: SimSpan::ZERO, agents: recorder.agents };
    Ok(TraceFile {
        name: name.into(),
        id: document.id,
        kind: TraceKind::Sessions,
        page_tokens: Some(page_tokens),
        origin_ms: 0.0,
        pages: recorder.numbering.distinct(),
        estimated: 0,
        sessions: if entries.is_empty() { Vec::new() } else { vec![session] },
    })
}

/// When an agent's clock stood at zero, since the session's start.
#[derive(Clone, Copy, Default)]
struct Start {
    /// In truth.
    at: SimSpan,
    /// As statistics of this format count it: a sub-agent's requests follow its *end*.
    listed: SimSpan,
    /// Between the call that started it and its own first one.
    gap: SimSpan,
}

/// What an agent has done so far.
#[derive(Default)]
struct Progress {
    /// Its index.
    agent: usize,
    /// When it sent its last request.
    sent: Option<SimSpan>,
    /// When that was answered; when it was sent, if no response time was recorded.
    free: SimSpan,
    /// Sub-agents that its next request waits for, and when they ended.
    awaited: Vec<(usize, SimSpan)>,
}

impl Progress {
    /// The client's delay before a request sent at `at`, whatever it waited for.
    ///
    /// Never longer than the time since the previous request was sent: an upper bound where that
    /// one's response time is missing, for `think_time` means nothing there.
    fn gap(&self, at: SimSpan, think: Option<SimSpan>) -> Option<SimSpan> {
        let elapsed = since(at, self.sent?);
        let idle = self.awaited.iter().map(|&(_, end)| since(at, end)).min().unwrap_or(elapsed);
        Some(think.unwrap_or(elapsed).min(elapsed).min(idle))
    }
}

/// The span from `earlier` to `later`, or none: parallel requests were flattened into one list.
fn since(later: SimSpan, earlier: SimSpan) -> SimSpan {
    later.max(earlier) - earlier
}

struct Recorder<'a> {
    file: &'a str,
    page_tokens: u32,
    numbering: Numbering,
    agents: Vec<Agent>,
    order: u32,
}

impl Recorder<'_> {
    /// Records an agent and, depth first, its sub-agents; returns its index.
    fn agent(
        &mut self,
        list: &[Entry<'_>],
        path: &str,
        start: Start,
    ) -> Result<usize, WorkloadError> {
        let me = self.agents.len();
        self.agents.push(Agent::default());
        let mut progress = Progress { agent: me, ..Progress::default() };
        for (index, entry) in list.iter().enumerate() {
            let place = Place::path(self.file, format!("{path}requests[{index}]"));
            let value = required(&place, "t", entry.t.as_ref())?;
            let t = span(&place, "t", value, 1.0)?;
            let clock = Start { at: start.at + t, listed: start.listed + t, gap: start.gap };
            if clock.listed > LONGEST {
                let remedy = "a session lasts at most 100 days, its sub-agents included; cut it";
                return Err(place.refuse("t", value, remedy));
            }
            if entry.kind.as_deref() == Some("subagent") {
                self.sub_agent(entry, &place, clock, &mut progress)?;
            } else {
                if progress.sent.is_some_and(|sent| sent > clock.at) {
                    let remedy = "an agent's requests stand in the order in which it sent them";
                    return Err(place.refuse("t", value, remedy));
                }
                let row = self.row(entry, &place, clock, &progress)?;
                self.join(&mut progress);
                progress.sent = Some(clock.at);
                let response = optional(&place, "api_time", entry.api_time.as_ref(), 1.0)?;
                progress.free = clock.at + response.unwrap_or_default();
                self.agents[me].rows.push(row);
            }
        }
        if self.agents[me].rows.is_empty() {
            let key = format!("{path}requests");
            let remedy = "an agent makes at least one call; remove it";
            return Err(Place::file(self.file).refuse(&key, "without a request", remedy));
        }
        Ok(me)
    }

    /// A sub-agent whose marker stands at `clock`, the time of its *end* (its requests begin
    /// `duration_ms` before; parallel ones then start together, right after the parent's call).
    fn sub_agent(
        &mut self,
        entry: &Entry<'_>,
        place: &Place,
        clock: Start,
        progress: &mut Progress,
    ) -> Result<(), WorkloadError> {
        let Some(requests) = entry.requests.as_ref().filter(|list| !list.is_empty()) else {
            return Ok(());
        };
        let duration = optional(place, "duration_ms", entry.duration_ms.as_ref(), 1e3)?;
        // Launched in the background: listed at its start, and nobody waits for it.
        let awaited = duration.is_some() && entry.status.as_deref() != Some("async_launched");
        let at = since(clock.at, duration.filter(|_| awaited).unwrap_or_default());
        let parent = progress.agent;
        let rows = &self.agents[parent].rows;
        // The parent may have gone on meanwhile: its last call before is the one that spawned.
        let spawning = rows.iter().rposition(|row| row.at <= Some(at)).unwrap_or(0);
        let is_last = spawning + 1 >= rows.len();
        let free = if is_last { progress.free } else { rows[spawning].at.unwrap_or_default() };
        let start = Start { at, listed: clock.listed, gap: since(at, free) };
        let path = format!("{}.", place.path.as_deref().unwrap_or_default());
        let child = self.agent(requests, &path, start)?;
        self.agents[child].spawned_by = Some((parent, spawning));
        if awaited {
            progress.awaited.push((child, clock.at));
        }
        Ok(())
    }

    /// Lets the parent's next request wait for the sub-agents before it.
    fn join(&mut self, progress: &mut Progress) {
        let parent = progress.agent;
        let row = self.agents[parent].rows.len();
        // The first request started them; it cannot wait for them.
        if row > 0 {
            for (child, _) in progress.awaited.drain(..) {
                self.agents[child].joined_by = Some((parent, row));
            }
        }
    }

    fn row(
        &mut self,
        entry: &Entry<'_>,
        place: &Place,
        clock: Start,
        progress: &Progress,
    ) -> Result<Row, WorkloadError> {
        let prompt = tokens(place, "in", entry.prompt.as_ref(), 1)?;
        let output = tokens(place, "out", entry.output.as_ref(), 0)?;
        let think = optional(place, "think_time", entry.think_time.as_ref(), 1.0)?;
        let gap = progress.gap(clock.at, think).unwrap_or(clock.gap);
        let is_result = |kinds: &Vec<Cow<'_, str>>| kinds.iter().any(|kind| kind == "tool_result");
        let tool = entry.input_types.as_ref().is_some_and(is_result);
        let cause = if tool { Cause::Tool } else { Cause::User };
        let pages = self.pages(entry, place, prompt)?;
        let (order, time, at) = (self.order, clock.listed, Some(clock.at));
        self.order += 1;
        Ok(Row { order, time, at, gap, prompt, output, cause, pages, after: Vec::new() })
    }

    /// The pages of a prompt; only full ones are listed.
    fn pages(
        &mut self,
        entry: &Entry<'_>,
        place: &Place,
        prompt: u32,
    ) -> Result<Vec<Extent>, WorkloadError> {
        let Some(ids) = &entry.hash_ids else { return Ok(Vec::new()) };
        let (size, expected) = (self.page_tokens, u64::from(prompt / self.page_tokens));
        if ids.len() == expected {
            return Ok(self.numbering.pages(ids));
        }
        let remedy = format!("{prompt} tokens have {expected} full pages of {size}; list each");
        Err(place.refuse("hash_ids", format!("a list of {}", ids.len()), &remedy))
    }
}

/// A duration that may be missing.
fn optional(
    place: &Place,
    key: &str,
    value: Option<&Value>,
    per_second: f64,
) -> Result<Option<SimSpan>, WorkloadError> {
    value.map(|value| span(place, key, value, per_second)).transpose()
}
