//! Claude Code's session logs: one JSON object a line, usage on those of type `assistant`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::call::{LoggedCall, count};
use super::moment::Moment;
use super::reader::UsageReader;
use crate::economics::prices::BilledTokens;
use crate::units::{Seconds, Usd};
use crate::workload::Cause;

/// Stands where the client wrote an answer itself.
const SYNTHETIC: &str = "<synthetic>";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    #[serde(rename = "type")]
    kind: Option<String>,
    timestamp: Option<String>,
    session_id: Option<String>,
    agent_id: Option<String>,
    #[serde(default)]
    is_sidechain: bool,
    #[serde(default)]
    is_meta: bool,
    request_id: Option<String>,
    #[serde(rename = "costUSD")]
    cost_usd: Option<f64>,
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    id: Option<String>,
    model: Option<String>,
    #[serde(default)]
    content: Value,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Usage {
    #[serde(default, deserialize_with = "count")]
    input_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    output_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    cache_creation_input_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    cache_read_input_tokens: u64,
    cache_creation: Option<CacheCreation>,
    speed: Option<String>,
}

#[derive(Deserialize)]
struct CacheCreation {
    #[serde(default, deserialize_with = "count")]
    ephemeral_5m_input_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    ephemeral_1h_input_tokens: u64,
}

impl Usage {
    fn tokens(&self) -> BilledTokens {
        let written = self.cache_creation.as_ref();
        BilledTokens {
            input: self.input_tokens,
            cache_write: written
                .map_or(self.cache_creation_input_tokens, |cache| cache.ephemeral_5m_input_tokens),
            cache_write_1h: written.map_or(0, |cache| cache.ephemeral_1h_input_tokens),
            cache_read: self.cache_read_input_tokens,
            output: self.output_tokens,
            reasoning: 0,
        }
    }
}

/// Between two calls of one agent.
#[derive(Default)]
struct Between {
    answered: Option<Moment>,
    next: Option<(Cause, Option<Moment>)>,
}

/// Reads a file of lines.
pub(super) fn read(file: &str, text: &str, reader: &mut UsageReader) {
    let mut agents: BTreeMap<(String, Option<String>), Between> = BTreeMap::new();
    for (index, raw) in text.lines().enumerate().filter(|(_, raw)| !raw.trim().is_empty()) {
        let line: Line = match serde_json::from_str(raw) {
            Ok(line) => line,
            Err(error) => {
                reader.skip(file, index + 1, error.to_string());
                continue;
            }
        };
        let session = line.session_id.clone().unwrap_or_else(|| stem(file));
        let sub_agent =
            line.is_sidechain.then(|| line.agent_id.clone().unwrap_or_else(|| stem(file)));
        let between = agents.entry((session.clone(), sub_agent.clone())).or_default();
        let at = line.timestamp.as_deref().and_then(Moment::parse);
        let Some(message) = &line.message else { continue };
        if line.kind.as_deref() == Some("user") {
            if !line.is_meta {
                between.next = Some((cause(&message.content), at));
            }
            continue;
        }
        let (Some(usage), Some(model)) = (&message.usage, &message.model) else { continue };
        if model == SYNTHETIC {
            continue;
        }
        if at.is_none() {
            reader.skip(file, index + 1, "a call without `timestamp` in RFC 3339 and UTC");
            continue;
        }
        let call = LoggedCall {
            session,
            sub_agent,
            at,
            model: model.clone(),
            tokens: usage.tokens(),
            recorded: line.cost_usd.filter(|usd| usd.is_finite() && *usd >= 0.0).map(Usd::new),
            is_fast: usage.speed.as_deref() == Some("fast"),
            lead: between.lead(),
        };
        between.answered = at;
        let ids = message.id.clone().map(|id| (id, line.request_id.clone().unwrap_or_default()));
        reader.call(ids, call);
    }
}

impl Between {
    fn lead(&mut self) -> Option<(Cause, Seconds)> {
        let (cause, asked) = self.next.take()?;
        Some((cause, asked?.since(self.answered?)))
    }
}

/// A tool's result, or a person's words.
fn cause(content: &Value) -> Cause {
    let is_result = |part: &Value| part["type"] == "tool_result";
    let has_result = content.as_array().is_some_and(|parts| parts.iter().any(is_result));
    if has_result { Cause::Tool } else { Cause::User }
}

/// A file's name without folders and ending.
pub(super) fn stem(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::economics::usage::call::Agent;

    fn read_all(text: &str) -> super::super::call::UsageLog {
        let mut reader = UsageReader::new(Agent::ClaudeCode);
        reader.file("a/s.jsonl", text);
        reader.finish()
    }

    fn line(id: &str, second: u32, output: u32) -> String {
        format!(
            "{{\"type\":\"assistant\",\"timestamp\":\"2026-06-01T05:40:{second:02}Z\",\
             \"requestId\":\"r{id}\",\"message\":{{\"id\":\"{id}\",\"model\":\"m\",\"usage\":\
             {{\"input_tokens\":1,\"cache_read_input_tokens\":2,\"output_tokens\":{output}}}}}}}\n"
        )
    }

    #[test]
    fn a_call_split_over_lines_counts_once_with_its_last_count() {
        let log = read_all(&[line("x", 1, 5), line("x", 2, 9), line("y", 3, 7)].concat());
        let outputs: Vec<_> = log.calls.iter().map(|call| call.tokens.output).collect();
        assert_eq!((outputs, log.repeated), (vec![9, 7], 1));
        assert_eq!(log.calls[0].session, "s");
    }

    #[test]
    fn malformed_lines_are_skipped_and_told() {
        let log = read_all(&[&line("x", 1, 5), "{\"type\": \n", &line("y", 3, 7)].concat());
        assert_eq!((log.calls.len(), log.skipped.len(), log.skipped[0].line), (2, 1, 2));
    }

    #[test]
    fn a_gap_runs_from_the_answer_to_the_tool_or_the_person() {
        let result = "{\"type\":\"user\",\"timestamp\":\"2026-06-01T05:40:04Z\",\"message\":\
                      {\"content\":[{\"type\":\"tool_result\"}]}}\n";
        let words = "{\"type\":\"user\",\"timestamp\":\"2026-06-01T05:40:30Z\",\"message\":\
                     {\"content\":\"go on\"}}\n";
        let lines = [&line("x", 1, 5), result, &line("y", 9, 7), words, &line("z", 40, 1)];
        let leads: Vec<_> = read_all(&lines.concat()).calls.iter().map(|call| call.lead).collect();
        let (tool, user) = ((Cause::Tool, Seconds::new(3.0)), (Cause::User, Seconds::new(21.0)));
        assert_eq!(leads, [None, Some(tool), Some(user)]);
    }
}
