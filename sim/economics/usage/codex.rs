//! Codex's rollout logs: events, with usage on those of type `token_count`.

use serde::Deserialize;

use super::call::{LoggedCall, count};
use super::claude::stem;
use super::moment::Moment;
use super::reader::UsageReader;
use crate::economics::prices::BilledTokens;
use crate::units::Seconds;
use crate::workload::Cause;

#[derive(Deserialize)]
struct Line {
    timestamp: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<String>,
    model: Option<String>,
    role: Option<String>,
    info: Option<Counts>,
}

#[derive(Deserialize)]
struct Counts {
    last_token_usage: Option<Usage>,
    total_token_usage: Option<Usage>,
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "they are the log's keys")]
struct Usage {
    #[serde(deserialize_with = "count")]
    input_tokens: u64,
    #[serde(deserialize_with = "count")]
    cached_input_tokens: u64,
    #[serde(deserialize_with = "count")]
    output_tokens: u64,
    #[serde(deserialize_with = "count")]
    reasoning_output_tokens: u64,
}

impl Usage {
    /// What was used since `before`.
    fn since(self, before: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_sub(before.input_tokens),
            cached_input_tokens: self
                .cached_input_tokens
                .saturating_sub(before.cached_input_tokens),
            output_tokens: self.output_tokens.saturating_sub(before.output_tokens),
            reasoning_output_tokens: self
                .reasoning_output_tokens
                .saturating_sub(before.reasoning_output_tokens),
        }
    }

    /// The log's input includes what was cached, its output includes reasoning.
    fn tokens(self) -> BilledTokens {
        let cached = self.cached_input_tokens.min(self.input_tokens);
        BilledTokens {
            input: self.input_tokens - cached,
            cache_read: cached,
            output: self.output_tokens,
            reasoning: self.reasoning_output_tokens,
            ..BilledTokens::default()
        }
    }
}

/// Where a session stands.
struct Session {
    name: String,
    model: String,
    /// The last cumulative count.
    total: Option<Usage>,
    /// When the model last said something.
    answered: Option<Moment>,
    /// What the next call answers, and since when it could.
    asked: Option<(Cause, Option<Seconds>)>,
    /// What the call underway answers.
    lead: Option<(Cause, Option<Seconds>)>,
}

/// Reads a file of lines.
pub(super) fn read(file: &str, text: &str, reader: &mut UsageReader) {
    let mut session = Session {
        name: stem(file),
        model: "unknown".into(),
        total: None,
        answered: None,
        asked: None,
        lead: None,
    };
    for (index, raw) in text.lines().enumerate().filter(|(_, raw)| !raw.trim().is_empty()) {
        match serde_json::from_str::<Line>(raw) {
            Ok(line) => session.line(line, reader),
            Err(error) => reader.skip(file, index + 1, error.to_string()),
        }
    }
}

impl Session {
    fn line(&mut self, line: Line, reader: &mut UsageReader) {
        let at = line.timestamp.as_deref().and_then(Moment::parse);
        let Payload { kind, id, model, role, info } = line.payload;
        match (line.kind.as_str(), kind.as_deref()) {
            ("session_meta", _) => self.name = id.unwrap_or_else(|| self.name.clone()),
            ("turn_context", _) => self.model = model.unwrap_or_else(|| self.model.clone()),
            (_, Some("token_count")) => {
                if let Some(counts) = info {
                    self.count(&counts, at, reader);
                }
            }
            (_, Some("user_message")) => self.ask(Cause::User, at),
            (_, Some("function_call_output" | "custom_tool_call_output")) => {
                self.ask(Cause::Tool, at);
            }
            (_, Some("reasoning" | "function_call" | "custom_tool_call" | "agent_message")) => {
                self.answer(at);
            }
            (_, Some("message")) if role.as_deref() == Some("assistant") => self.answer(at),
            _ => {}
        }
    }

    fn ask(&mut self, cause: Cause, at: Option<Moment>) {
        let gap = at.zip(self.answered).map(|(at, answered)| at.since(answered));
        self.asked = Some((cause, gap));
    }

    fn answer(&mut self, at: Option<Moment>) {
        self.lead = self.lead.or(self.asked.take());
        self.answered = at.or(self.answered);
    }

    fn count(&mut self, counts: &Counts, at: Option<Moment>, reader: &mut UsageReader) {
        let before = self.total.unwrap_or_default();
        if counts.total_token_usage.is_some() && counts.total_token_usage == self.total {
            return reader.repeat();
        }
        let usage = match (counts.last_token_usage, counts.total_token_usage) {
            (Some(last), _) => last,
            (None, Some(total)) => total.since(before),
            (None, None) => return,
        };
        self.total = counts.total_token_usage.or(self.total);
        let lead = self.lead.take().or_else(|| self.asked.take());
        let call = LoggedCall {
            session: self.name.clone(),
            sub_agent: None,
            at,
            model: self.model.clone(),
            tokens: usage.tokens(),
            recorded: None,
            is_fast: false,
            lead: lead.and_then(|(cause, gap)| Some((cause, gap?))),
        };
        reader.call(None, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::economics::usage::call::Agent;

    fn total(input: u64, cached: u64, output: u64) -> String {
        format!(
            "{{\"timestamp\":\"2026-03-21T10:06:05Z\",\"type\":\"event_msg\",\"payload\":\
             {{\"type\":\"token_count\",\"info\":{{\"total_token_usage\":{{\"input_tokens\":\
             {input},\"cached_input_tokens\":{cached},\"output_tokens\":{output}}}}}}}}}\n"
        )
    }

    #[test]
    fn cumulative_counts_are_differenced_and_repeats_dropped() {
        let text = [total(100, 60, 7), total(100, 60, 7), total(250, 150, 9)].concat();
        let mut reader = UsageReader::new(Agent::Codex);
        reader.file("rollout.jsonl", &text);
        let log = reader.finish();
        let tokens: Vec<_> = log.calls.iter().map(|call| call.tokens).collect();
        let of = |input, cache_read, output| BilledTokens {
            input,
            cache_read,
            output,
            ..BilledTokens::default()
        };
        assert_eq!((tokens, log.repeated), (vec![of(40, 60, 7), of(60, 90, 2)], 1));
    }
}
