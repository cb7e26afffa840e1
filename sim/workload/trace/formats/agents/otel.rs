//! OpenTelemetry spans of an agent's run: what was said, from when to when.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;
use serde_json::Value;

use super::chained::Chained;
use super::graph::{Need, Node, session};
use super::text::{Message, digest, unwrapped};
use crate::units::SimSpan;
use crate::workload::trace::formats::azure::{TICK_PS, ticks};
use crate::workload::trace::formats::fields::tokens;
use crate::workload::trace::session::{Row, TraceFile, TraceKind};
use crate::workload::{Cause, Place, WorkloadError};

/// Tokens of a page: the format has none; vLLM's default.
const PAGE_TOKENS: u32 = 16;

#[derive(Deserialize)]
struct Document {
    trace_id: Option<String>,
    spans: Option<Vec<Span>>,
}

#[derive(Deserialize)]
struct Span {
    #[serde(rename = "span_id")]
    id: Option<String>,
    #[serde(default)]
    name: String,
    start_time: Option<String>,
    end_time: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, Value>,
    #[serde(default)]
    resource_attributes: BTreeMap<String, Value>,
}

/// A call of a model.
struct Call {
    place: Place,
    id: String,
    agent: String,
    /// In ticks of 100 ns.
    start: i64,
    end: i64,
    says: Vec<Message>,
    hears: Option<String>,
    prompt: u32,
    output: u32,
    /// Of the prompt, by its text.
    tokens: Vec<u64>,
    is_estimated: bool,
}

/// Reads a document.
pub(in crate::workload::trace) fn read(
    name: &str,
    mut reader: impl BufRead,
) -> Result<TraceFile, WorkloadError> {
    let whole = Place::file(name);
    let mut text = Vec::new();
    let read = reader.read_to_end(&mut text);
    read.map_err(|source| WorkloadError::Read { file: name.into(), source })?;
    let document: Document = serde_json::from_slice(&text).map_err(|error| whole.json(error))?;
    let spans = document.spans.unwrap_or_default().into_iter().enumerate();
    let calls = spans.filter(|(_, span)| span.is_call());
    let calls: Result<Vec<_>, _> = calls.map(|(index, span)| call(name, index, span)).collect();
    let mut calls = calls?;
    calls.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    let origin = calls.first().map_or(0, |call| call.start);
    let mut file = TraceFile {
        name: name.into(),
        id: document.trace_id,
        kind: TraceKind::Spans,
        page_tokens: Some(PAGE_TOKENS),
        origin_ms: origin as f64 * TICK_PS as f64 / 1e9,
        pages: 0,
        estimated: calls.iter().filter(|call| call.is_estimated).count() as u64,
        sessions: Vec::new(),
    };
    if !calls.is_empty() {
        let mut pages = Chained::from(0);
        let nodes = nodes(calls, origin, &mut pages)?;
        file.sessions.push(session(nodes, SimSpan::ZERO)?);
        file.pages = pages.end();
    }
    Ok(file)
}

/// The names of counts, of prompts and of answers, since they were changed and before.
const COUNTS: [[&str; 2]; 2] = [
    ["gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"],
    ["gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"],
];

impl Span {
    /// Whether it is a call of a model, not a tool or what holds them together.
    fn is_call(&self) -> bool {
        let mut keys = COUNTS[0].into_iter().chain(["gen_ai.input.messages"]);
        self.name.starts_with("chat ") || keys.any(|key| self.attributes.contains_key(key))
    }

    /// The first of these attributes that there is, and its name.
    fn get<'k>(&self, keys: &[&'k str]) -> Option<(&'k str, &Value)> {
        keys.iter().find_map(|&key| Some((key, self.attributes.get(key)?)))
    }

    /// From when to when, in ticks.
    fn times(&self, place: &Place) -> Result<(i64, i64), WorkloadError> {
        let time = |key: &str, stamp: &Option<String>| {
            let stamp = stamp.as_ref().ok_or_else(|| {
                place.refuse(key, "missing", "every call of a model has it; add it")
            })?;
            ticks(stamp.trim_end_matches("+00:00"))
                .ok_or_else(|| place.refuse(key, stamp, "write it as 2026-02-25T10:00:00.000000Z"))
        };
        let (start, end) =
            (time("start_time", &self.start_time)?, time("end_time", &self.end_time)?);
        if end < start {
            let stamp = self.end_time.clone().unwrap_or_default();
            let remedy = "it is before `start_time`; correct either";
            return Err(place.refuse("end_time", stamp, remedy));
        }
        Ok((start, end))
    }

    /// The prompt.
    fn says(&self) -> Vec<Message> {
        let says = self.attributes.get("gen_ai.input.messages").and_then(unwrapped);
        let list = says.as_ref().and_then(Value::as_array);
        list.map_or_else(Vec::new, |list| list.iter().map(Message::of).collect())
    }

    /// The answer.
    fn hears(&self) -> Option<String> {
        let texts = ["gen_ai.output.text", "gen_ai.completion", "gen_ai.output"];
        if let Some((_, Value::String(text))) = self.get(&texts) {
            return Some(text.clone());
        }
        let list = self.attributes.get("gen_ai.output.messages").and_then(unwrapped)?;
        Some(Message::of(list.get(0)?).text)
    }

    /// Tokens of prompt and answer, where they were counted.
    fn usage(&self, place: &Place) -> Result<(Option<u32>, Option<u32>), WorkloadError> {
        let count = |keys: &[&str], least: u32| {
            let found = self.get(keys);
            found.map(|(key, value)| tokens(place, key, Some(value), least)).transpose()
        };
        Ok((count(&COUNTS[0], 1)?, count(&COUNTS[1], 0)?))
    }
}

fn call(name: &str, index: usize, span: Span) -> Result<Call, WorkloadError> {
    let place = Place::path(name, format!("spans[{index}]"));
    let (start, end) = span.times(&place)?;
    let (says, hears) = (span.says(), span.hears());
    let tokens: Vec<u64> = says.iter().flat_map(Message::tokens).collect();
    let (recorded_in, recorded_out) = span.usage(&place)?;
    let prompt = match recorded_in {
        Some(prompt) => prompt,
        None if says.is_empty() => {
            let remedy = "give it, or the prompt in `gen_ai.input.messages`";
            return Err(place.refuse(COUNTS[0][0], "missing", remedy));
        }
        None => tokens.len() as u32,
    };
    let estimate = |text: &String| {
        let answer = Message { role: String::new(), text: text.clone() };
        answer.tokens().count() as u32
    };
    let output = recorded_out.or_else(|| hears.as_ref().map(estimate)).unwrap_or(0);
    let agent = span.resource_attributes.get("service.name").and_then(Value::as_str);
    Ok(Call {
        agent: agent.unwrap_or_default().to_owned(),
        is_estimated: recorded_in.is_none() || recorded_out.is_none(),
        id: span.id.unwrap_or_else(|| index.to_string()),
        place,
        start,
        end,
        says,
        hears,
        prompt,
        output,
        tokens,
    })
}

/// The calls with what they wait for: those whose answers they repeat, else the last one that was
/// answered before.
fn nodes(
    calls: Vec<Call>,
    origin: i64,
    pages: &mut Chained<u64>,
) -> Result<Vec<Node>, WorkloadError> {
    let recorded: f64 = calls.iter().map(|call| f64::from(call.prompt)).sum();
    let read: f64 = calls.iter().map(|call| call.tokens.len() as f64).sum();
    // Tokens of the texts in a page of recorded ones, the same for all calls: prefixes stay equal.
    let step = f64::from(PAGE_TOKENS) * if recorded > 0.0 { read / recorded } else { 1.0 };
    let before = |index: usize| needs(&calls[index], &calls[..index]);
    let needs: Vec<_> = (0..calls.len()).map(before).collect();
    let mut nodes = Vec::with_capacity(calls.len());
    for ((order, call), needs) in (0..).zip(calls).zip(needs) {
        let at = since(&call.place, call.start - origin)?;
        let cause = if needs.is_empty() { Cause::User } else { Cause::Tool };
        let bound = |page: u32| (f64::from(page) * step) as usize;
        let full = (0..call.prompt / PAGE_TOKENS).take_while(|&page| {
            step > 0.0 && bound(page + 1) <= call.tokens.len() && bound(page + 1) > bound(page)
        });
        let keys = full.map(|page| digest(&call.tokens[bound(page)..bound(page + 1)]));
        let row = Row {
            order,
            time: at,
            at: Some(at),
            gap: SimSpan::ZERO,
            prompt: call.prompt,
            output: call.output,
            cause,
            pages: pages.pages(keys),
            after: Vec::new(),
        };
        let not_before = if needs.is_empty() { at } else { SimSpan::ZERO };
        let Call { place, id, agent, .. } = call;
        nodes.push(Node { place, id, agent, row, not_before, needs });
    }
    Ok(nodes)
}

fn needs(call: &Call, earlier: &[Call]) -> Vec<Need> {
    let answered = || earlier.iter().filter(|other| other.end <= call.start);
    let repeats = |other: &&Call| {
        let answer = other.hears.as_deref().filter(|text| !text.is_empty());
        answer.is_some_and(|answer| {
            call.says.iter().any(|says| says.role == "assistant" && says.text == answer)
        })
    };
    let mut found: Vec<&Call> = answered().filter(repeats).collect();
    if found.is_empty() {
        found.extend(answered().max_by_key(|other| other.end));
    }
    let end = found.iter().map(|other| other.end).max().unwrap_or(call.start);
    let delay = SimSpan::from_ps((call.start - end) as u64 * TICK_PS);
    let need = |other: &&Call| Need { id: other.id.clone(), is_sent: false, delay };
    found.iter().map(need).collect()
}

fn since(place: &Place, ticks: i64) -> Result<SimSpan, WorkloadError> {
    const LONGEST: i64 = 100 * 86_400 * 10_000_000;
    if (0..=LONGEST).contains(&ticks) {
        return Ok(SimSpan::from_ps(ticks as u64 * TICK_PS));
    }
    let remedy = "it is more than 100 days after the first; split the file";
    Err(place.refuse("start_time", format!("{} s later", ticks / 10_000_000), remedy))
}
