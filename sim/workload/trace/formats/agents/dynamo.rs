//! Dynamo's agentic Mooncake, version 2: a header, then one request a line with what it waits for.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;
use serde_json::Value;

use super::chained::{Chained, check_count};
use super::graph::{Need, Node, session};
use crate::units::SimSpan;
use crate::workload::trace::formats::fields::{required, span, tokens};
use crate::workload::trace::formats::lines::each_line;
use crate::workload::trace::session::{Row, TraceFile, TraceKind};
use crate::workload::{Cause, Place, WorkloadError};

/// Milliseconds in a second: the format's unit of time.
const MS: f64 = 1e3;

/// The version that is read.
const VERSION: u64 = 2;

#[derive(Deserialize)]
struct Header {
    version: Option<Value>,
    block_size: Option<Value>,
    hash_id_scope: Option<Value>,
}

#[derive(Deserialize)]
struct Line {
    request_id: Option<String>,
    play_id: Option<String>,
    session_id: Option<String>,
    #[serde(alias = "input_tokens")]
    input_length: Option<Value>,
    #[serde(alias = "output_tokens")]
    output_length: Option<Value>,
    hash_ids: Option<Vec<u64>>,
    not_before_ms: Option<Value>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    request_id: Option<String>,
    trigger: Option<String>,
    delay_ms: Option<Value>,
}

/// A play: a task whose identities are its own.
#[derive(Debug)]
struct Play {
    nodes: Vec<Node>,
    pages: Chained<u64>,
}

/// Reads a file to its end.
pub(in crate::workload::trace) fn read(
    name: &str,
    reader: impl BufRead,
) -> Result<TraceFile, WorkloadError> {
    let mut page_tokens = None;
    let mut plays: Vec<Play> = Vec::new();
    let mut index: BTreeMap<String, usize> = BTreeMap::new();
    let mut order = 0;
    each_line(name, reader, |place, text| {
        let Some(size) = page_tokens else {
            let header = serde_json::from_slice(text).map_err(|error| place.json(error))?;
            page_tokens = Some(check_header(place, &header)?);
            return Ok(());
        };
        let line: Line = serde_json::from_slice(text).map_err(|error| place.json(error))?;
        let play = line.play_id.clone().unwrap_or_default();
        let at = *index.entry(play).or_insert_with(|| {
            plays.push(Play { nodes: Vec::new(), pages: Chained::from(0) });
            plays.len() - 1
        });
        let node = node(place, line, (size, order), &mut plays[at].pages)?;
        plays[at].nodes.push(node);
        order += 1;
        Ok(())
    })?;
    finish(name, page_tokens, plays)
}

/// The tokens of a page, if the rest of the header is understood.
fn check_header(place: &Place, header: &Header) -> Result<u32, WorkloadError> {
    let version = required(place, "version", header.version.as_ref())?;
    if version.as_u64() != Some(VERSION) {
        return Err(place.refuse("version", version, "this reader knows 2; convert the file"));
    }
    let scope = required(place, "hash_id_scope", header.hash_id_scope.as_ref())?;
    if scope.as_str() != Some("local") {
        let remedy = "identities are taken to be a play's own: write \"local\"";
        return Err(place.refuse("hash_id_scope", scope, remedy));
    }
    tokens(place, "block_size", header.block_size.as_ref(), 1)
}

fn node(
    place: &Place,
    line: Line,
    (page_tokens, order): (u32, u32),
    pages: &mut Chained<u64>,
) -> Result<Node, WorkloadError> {
    let text = |key: &str, value: Option<String>| {
        value.ok_or_else(|| place.refuse(key, "missing", "every request has it; add it"))
    };
    let prompt = tokens(place, "input_length", line.input_length.as_ref(), 1)?;
    let output = tokens(place, "output_length", line.output_length.as_ref(), 0)?;
    let not_before = required(place, "not_before_ms", line.not_before_ms.as_ref())?;
    let not_before = span(place, "not_before_ms", not_before, MS)?;
    let needs: Result<Vec<_>, _> =
        line.dependencies.into_iter().map(|dependency| need(place, dependency)).collect();
    let needs = needs?;
    let ids = line.hash_ids.unwrap_or_default();
    check_count(place, "hash_ids", (ids.len(), prompt, page_tokens))?;
    let cause = if needs.iter().any(|need| !need.is_sent) { Cause::Tool } else { Cause::User };
    let row = Row {
        order,
        time: not_before,
        at: None,
        gap: SimSpan::ZERO,
        prompt,
        output,
        cause,
        pages: pages.pages(ids),
        after: Vec::new(),
    };
    Ok(Node {
        place: place.clone(),
        id: text("request_id", line.request_id)?,
        agent: text("session_id", line.session_id)?,
        row,
        not_before,
        needs,
    })
}

fn need(place: &Place, dependency: Dependency) -> Result<Need, WorkloadError> {
    let missing = |key| place.refuse(key, "missing", "every dependency has it; add it");
    let id = dependency.request_id.ok_or_else(|| missing("dependencies.request_id"))?;
    let trigger = dependency.trigger.ok_or_else(|| missing("dependencies.trigger"))?;
    let is_sent = match trigger.as_str() {
        "dispatch" => true,
        "completion" => false,
        other => {
            let remedy = "write `dispatch` or `completion`";
            return Err(place.refuse("dependencies.trigger", format!("`{other}`"), remedy));
        }
    };
    let key = "dependencies.delay_ms";
    let delay = required(place, key, dependency.delay_ms.as_ref())?;
    Ok(Need { id, is_sent, delay: span(place, key, delay, MS)? })
}

/// The tasks: each play starts when the first of its calls may be sent.
fn finish(
    name: &str,
    page_tokens: Option<u32>,
    plays: Vec<Play>,
) -> Result<TraceFile, WorkloadError> {
    let mut sessions = Vec::with_capacity(plays.len());
    let mut pages = 0;
    let starts = |play: &Play| {
        let roots = play.nodes.iter().filter(|node| node.needs.is_empty());
        roots.map(|node| node.not_before).min().unwrap_or_default()
    };
    let origin = plays.iter().map(starts).min().unwrap_or_default();
    for mut play in plays {
        let start = starts(&play);
        for node in &mut play.nodes {
            node.not_before = node.not_before.max(start) - start;
            node.row.time = node.row.time.max(origin) - origin;
            node.row.pages.iter_mut().for_each(|run| run.first += pages);
        }
        pages += play.pages.end();
        sessions.push(session(play.nodes, start - origin)?);
    }
    sessions.sort_by_key(|session| session.start);
    Ok(TraceFile {
        name: name.into(),
        id: None,
        kind: TraceKind::AgenticMooncake,
        page_tokens,
        origin_ms: 0.0,
        pages,
        estimated: 0,
        sessions,
    })
}
