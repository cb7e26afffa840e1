//! Dynamo's request traces: events of requests and tools that ended, from which the graph follows.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;
use serde_json::Value;

use super::chained::{Chained, check_count};
use super::graph::{Node, session};
use super::recorded::{Call, Launch, needs};
use crate::units::SimSpan;
use crate::workload::trace::formats::fields::{number, required, span, tokens};
use crate::workload::trace::formats::lines::each_line;
use crate::workload::trace::session::{Row, TraceFile, TraceKind};
use crate::workload::{Cause, Place, WorkloadError};

/// Milliseconds in a second: the format's unit of time.
const MS: f64 = 1e3;

#[derive(Deserialize)]
struct Line {
    event_type: Option<String>,
    agent_context: Option<Context>,
    request: Option<Request>,
    tool: Option<Tool>,
}

#[derive(Deserialize)]
struct Context {
    session_id: Option<String>,
    parent_session_id: Option<String>,
}

#[derive(Deserialize)]
struct Request {
    #[serde(rename = "request_id")]
    id: Option<String>,
    output_tokens: Option<Value>,
    #[serde(rename = "request_received_ms")]
    received_ms: Option<Value>,
    total_time_ms: Option<Value>,
    replay: Option<Replay>,
}

#[derive(Deserialize)]
struct Replay {
    trace_block_size: Option<Value>,
    input_length: Option<Value>,
    input_sequence_hashes: Option<Vec<u64>>,
}

#[derive(Deserialize)]
struct Tool {
    claude: Option<Claude>,
}

#[derive(Deserialize)]
struct Claude {
    source_request_id: Option<String>,
    consumer_request_id: Option<String>,
    child_session_id: Option<String>,
    execution_mode: Option<String>,
}

/// What earlier lines leave behind.
#[derive(Debug)]
struct Reader {
    page_tokens: Option<u32>,
    pages: Chained<u64>,
    calls: Vec<Call>,
    launches: Vec<Launch>,
    parents: BTreeMap<String, String>,
}

/// Reads a file to its end.
pub(in crate::workload::trace) fn read(
    name: &str,
    reader: impl BufRead,
) -> Result<TraceFile, WorkloadError> {
    let mut state = Reader {
        page_tokens: None,
        pages: Chained::from(0),
        calls: Vec::new(),
        launches: Vec::new(),
        parents: BTreeMap::new(),
    };
    each_line(name, reader, |place, text| {
        let line: Line = serde_json::from_slice(text).map_err(|error| place.json(error))?;
        match (line.event_type.as_deref(), line.request, line.tool) {
            (Some("request_end"), Some(request), _) => {
                state.request(place, request, line.agent_context)
            }
            (Some("request_end"), None, _) => {
                Err(place.refuse("request", "missing", "an event of its kind has it; add it"))
            }
            (Some("tool_end"), _, Some(Tool { claude: Some(agent) })) => {
                state.launches.extend(launch(agent));
                Ok(())
            }
            _ => Ok(()),
        }
    })?;
    state.finish(name)
}

/// The sub-agent that a tool was, if it was one.
fn launch(tool: Claude) -> Option<Launch> {
    let is_awaited = tool.execution_mode.as_deref() != Some("background");
    Some(Launch {
        child: tool.child_session_id?,
        source: tool.source_request_id,
        consumer: tool.consumer_request_id.filter(|_| is_awaited),
    })
}

impl Reader {
    fn request(
        &mut self,
        place: &Place,
        request: Request,
        context: Option<Context>,
    ) -> Result<(), WorkloadError> {
        let missing = |key| place.refuse(key, "missing", "every request has it; add it");
        let id = request.id.ok_or_else(|| missing("request.request_id"))?;
        let output = tokens(place, "output_tokens", request.output_tokens.as_ref(), 0)?;
        let key = "request_received_ms";
        let received = number(place, key, required(place, key, request.received_ms.as_ref())?)?;
        let key = "total_time_ms";
        let took = span(place, key, required(place, key, request.total_time_ms.as_ref())?, MS)?;
        let replay = request.replay.ok_or_else(|| missing("request.replay"))?;
        let prompt = tokens(place, "input_length", replay.input_length.as_ref(), 1)?;
        let size = tokens(place, "trace_block_size", replay.trace_block_size.as_ref(), 1)?;
        if *self.page_tokens.get_or_insert(size) != size {
            let remedy = "all requests of a file have pages of one size; split the file";
            return Err(place.refuse("trace_block_size", size, remedy));
        }
        let hashes = replay.input_sequence_hashes.unwrap_or_default();
        check_count(place, "input_sequence_hashes", (hashes.len(), prompt, size))?;
        let (own, parent) = match context {
            Some(context) => (context.session_id, context.parent_session_id),
            None => (None, None),
        };
        if let (Some(own), Some(parent)) = (&own, parent) {
            self.parents.insert(own.clone(), parent);
        }
        self.calls.push(Call {
            place: place.clone(),
            agent: own,
            id,
            received,
            took,
            prompt,
            output,
            pages: self.pages.pages(hashes),
        });
        Ok(())
    }

    /// The tasks: sessions with their sub-agents, and requests that are nobody's.
    fn finish(mut self, name: &str) -> Result<TraceFile, WorkloadError> {
        self.calls.sort_by(|a, b| a.received.total_cmp(&b.received));
        let origin = self.calls.first().map_or(0.0, |call| call.received);
        let mut families: Vec<Vec<Call>> = Vec::new();
        let mut index: BTreeMap<String, usize> = BTreeMap::new();
        for call in std::mem::take(&mut self.calls) {
            let root =
                call.agent.as_ref().map(|agent| self.root(&call.place, agent)).transpose()?;
            let new = families.len();
            let family = root.map_or(new, |root| *index.entry(root).or_insert(new));
            if family == new {
                families.push(Vec::new());
            }
            families[family].push(call);
        }
        let mut order = 0;
        let mut sessions = Vec::with_capacity(families.len());
        for family in families {
            sessions.push(self.task(family, origin, &mut order)?);
        }
        Ok(TraceFile {
            name: name.into(),
            id: None,
            kind: TraceKind::RequestEvents,
            page_tokens: self.page_tokens,
            origin_ms: origin,
            pages: self.pages.end(),
            estimated: 0,
            sessions,
        })
    }

    /// The session that is nobody's sub-agent.
    fn root(&self, place: &Place, agent: &str) -> Result<String, WorkloadError> {
        let mut root = agent;
        for _ in 0..=self.parents.len() {
            match self.parents.get(root) {
                Some(parent) => root = parent,
                None => return Ok(root.to_owned()),
            }
        }
        let remedy = "it is a descendant of itself; correct its parents";
        Err(place.refuse("agent_context.parent_session_id", format!("above `{agent}`"), remedy))
    }

    fn task(
        &self,
        family: Vec<Call>,
        origin: f64,
        order: &mut u32,
    ) -> Result<crate::workload::trace::session::Session, WorkloadError> {
        let first = family.first().map_or(origin, |call| call.received);
        let since = |call: &Call, from: f64| {
            let key = "request_received_ms";
            let value = serde_json::json!(call.received - from);
            span(&call.place, key, &value, MS)
        };
        let start = family.first().map_or(Ok(SimSpan::ZERO), |call| since(call, origin))?;
        let needs = needs(&family, &self.launches, &self.parents);
        let mut nodes = Vec::with_capacity(family.len());
        for (call, needs) in family.into_iter().zip(needs) {
            let at = since(&call, first)?;
            let cause = if needs.is_empty() { Cause::User } else { Cause::Tool };
            let row = Row {
                order: *order,
                time: start + at,
                at: Some(at),
                gap: SimSpan::ZERO,
                prompt: call.prompt,
                output: call.output,
                cause,
                pages: call.pages,
                after: Vec::new(),
            };
            *order += 1;
            let not_before = if needs.is_empty() { at } else { SimSpan::ZERO };
            let agent = call.agent.unwrap_or_default();
            nodes.push(Node { place: call.place, id: call.id, agent, row, not_before, needs });
        }
        session(nodes, start)
    }
}
