//! A trace in memory.

use std::fmt;

use super::formats::between_files;
use crate::serving::Extent;
use crate::units::SimSpan;
use crate::workload::{After, Cause, WorkloadError};

/// The formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceKind {
    /// JSONL, one request a line, 512-token pages.
    Mooncake,
    /// One JSON document a session, with sub-agents (Weka, kv-cache-tester).
    Sessions,
    /// CSV of timestamps and lengths.
    Azure,
    /// JSONL of plays: graphs of requests, with what each waits for (Dynamo).
    AgenticMooncake,
    /// JSONL of events: requests and tools that ended, by session (Dynamo).
    RequestEvents,
    /// JSONL, one request or one session of requests a line (LLMServingSim).
    ServingSim,
    /// One JSON document of spans a trace (OpenTelemetry).
    Spans,
}

/// A trace: files without duplicates, in name order.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The format of all its files.
    pub kind: TraceKind,
    /// Tokens in a page; `None` if the trace has no pages.
    pub page_tokens: Option<u32>,
    /// Files left out because another has the same content.
    pub duplicates: u32,
    /// What the files hold; page identities differ between files.
    pub(in crate::workload) files: Vec<TraceFile>,
}

/// The content of one file.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::workload) struct TraceFile {
    pub(in crate::workload) name: String,
    /// The session's own name, where there is one; tells equal-looking sessions apart.
    pub(in crate::workload) id: Option<String>,
    pub(in crate::workload) kind: TraceKind,
    pub(in crate::workload) page_tokens: Option<u32>,
    /// When the file's clock stood at zero, in milliseconds of the trace's own clock.
    pub(in crate::workload) origin_ms: f64,
    /// Distinct pages; identities lie below.
    pub(in crate::workload) pages: u64,
    /// Requests whose lengths were estimated from their texts.
    pub(in crate::workload) estimated: u64,
    pub(in crate::workload) sessions: Vec<Session>,
}

/// Requests that follow one another: a task.
#[derive(Clone, Debug, PartialEq, Default)]
pub(in crate::workload) struct Session {
    /// Line of its first request, where the format has lines.
    pub(in crate::workload) line: Option<u64>,
    /// When it starts, since the file's beginning.
    pub(in crate::workload) start: SimSpan,
    /// The main agent first.
    pub(in crate::workload) agents: Vec<Agent>,
}

/// The requests of one agent.
#[derive(Clone, Debug, PartialEq, Default)]
pub(in crate::workload) struct Agent {
    pub(in crate::workload) rows: Vec<Row>,
    /// Agent and row that started it.
    pub(in crate::workload) spawned_by: Option<(usize, usize)>,
    /// Agent and row that wait for it; the row may lie past the end of the trace.
    pub(in crate::workload) joined_by: Option<(usize, usize)>,
}

/// One request as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::workload) struct Row {
    /// Its place in the file.
    pub(in crate::workload) order: u32,
    /// As listed, since the file's beginning: the order of statistics.
    pub(in crate::workload) time: SimSpan,
    /// When it was sent, since the session's start, if recorded.
    pub(in crate::workload) at: Option<SimSpan>,
    /// The client's delay since the previous response (of sub-agents too).
    pub(in crate::workload) gap: SimSpan,
    pub(in crate::workload) prompt: u32,
    /// May be zero: a request that failed or was cut off.
    pub(in crate::workload) output: u32,
    pub(in crate::workload) cause: Cause,
    /// Pages of the prompt, the partial last one included where the format lists it.
    pub(in crate::workload) pages: Vec<Extent>,
    /// What it waits for, by agent and row, where the format says so (see [`Call::after`]).
    ///
    /// [`Call::after`]: crate::workload::Call::after
    pub(in crate::workload) after: Vec<After>,
}

impl TraceFile {
    /// All requests of a file, in no particular order.
    pub(in crate::workload) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.sessions.iter().flat_map(|session| &session.agents).flat_map(|agent| &agent.rows)
    }

    /// All requests of a file, to be changed.
    pub(super) fn rows_mut(&mut self) -> impl Iterator<Item = &mut Row> {
        self.sessions
            .iter_mut()
            .flat_map(|session| &mut session.agents)
            .flat_map(|agent| &mut agent.rows)
    }
}

impl Trace {
    /// What to add to each file's clock. Session files have none in common: the i-th starts at
    /// `i * stagger`.
    pub(in crate::workload) fn offsets(
        &self,
        stagger: SimSpan,
    ) -> Result<Vec<SimSpan>, WorkloadError> {
        let step = match self.kind {
            TraceKind::Sessions => stagger.seconds().get(),
            _ => 0.0,
        };
        let files = self.files.iter().enumerate();
        files.map(|(index, file)| between_files(&file.name, step * index as f64)).collect()
    }

    /// How many requests it has.
    pub fn requests(&self) -> usize {
        self.files.iter().map(|file| file.rows().count()).sum()
    }

    /// How many sessions it has; a request without a session counts as one.
    pub fn sessions(&self) -> usize {
        self.files.iter().map(|file| file.sessions.len()).sum()
    }

    /// How many different pages its prompts have; identities lie below.
    pub fn distinct_pages(&self) -> u64 {
        self.files.iter().map(|file| file.pages).sum()
    }

    /// Requests whose lengths are not recorded, but estimated from their texts.
    pub fn estimated(&self) -> u64 {
        self.files.iter().map(|file| file.estimated).sum()
    }

    /// Whether what a call waits for is recorded in the place of the time at which it was sent.
    pub fn is_untimed(&self) -> bool {
        self.kind == TraceKind::AgenticMooncake
    }

    /// Requests whose recorded output is zero tokens; replayed, they generate one.
    pub fn without_output(&self) -> usize {
        self.files.iter().flat_map(TraceFile::rows).filter(|row| row.output == 0).count()
    }
}

impl fmt::Display for TraceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mooncake => "Mooncake JSONL",
            Self::Sessions => "session JSON",
            Self::Azure => "Azure CSV",
            Self::AgenticMooncake => "agentic Mooncake JSONL",
            Self::RequestEvents => "Dynamo request events",
            Self::ServingSim => "LLMServingSim JSONL",
            Self::Spans => "OpenTelemetry spans",
        })
    }
}
