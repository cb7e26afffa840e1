//! The shape of somebody's sessions, as a workload that generates more of the same.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::call::{LoggedCall, UsageError, UsageLog};
use crate::workload::{Cause, workload_file};

/// What sessions are made of: samples by parameter of an agent's workload.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionShape {
    /// Sessions that were seen.
    pub sessions: usize,
    first_cached: Vec<f64>,
    first_message: Vec<f64>,
    calls: Vec<f64>,
    output: Vec<f64>,
    result: Vec<f64>,
    tool_gap_s: Vec<f64>,
    human_gap_s: Vec<f64>,
    /// Lengths at which a context was summarised, and what it began again with.
    compacted_at: Vec<f64>,
    summary: Vec<f64>,
    delegated: Delegated,
}

/// Sub-agents' samples.
#[derive(Clone, Debug, Default, PartialEq)]
struct Delegated {
    sessions: usize,
    /// Requests of a person in the sessions that delegate.
    requests: usize,
    agents: usize,
    first_message: Vec<f64>,
    calls: Vec<f64>,
    output: Vec<f64>,
    result: Vec<f64>,
}

/// A prompt of less than this share of the one before was summarised between.
const SUMMARISED: f64 = 0.6;

/// Most points of a table of quantiles.
const POINTS: usize = 21;

/// The workload whose parameters stand where a log has none.
const BASE: &str = "agentic-coding";

impl SessionShape {
    /// The shape of a log's sessions.
    pub fn of(log: &UsageLog) -> Self {
        let mut chains = BTreeMap::<(&str, Option<&str>), Vec<&LoggedCall>>::new();
        for call in &log.calls {
            chains.entry((&call.session, call.sub_agent.as_deref())).or_default().push(call);
        }
        let mut shape = Self::default();
        for ((session, sub_agent), calls) in &chains {
            if sub_agent.is_none() {
                shape.session(calls);
            } else {
                shape.sub_agent(calls, chains.get(&(*session, None)).map_or(&[], Vec::as_slice));
            }
        }
        let delegating = chains.keys().filter(|key| key.1.is_some()).map(|key| key.0);
        let mut delegating: Vec<_> = delegating.collect();
        delegating.dedup();
        shape.delegated.sessions = delegating.len();
        shape
    }

    fn session(&mut self, calls: &[&LoggedCall]) {
        self.sessions += 1;
        self.calls.push(calls.len() as f64);
        let first = &calls[0].tokens;
        self.first_cached.push(first.cache_read as f64);
        self.first_message.push((first.prompt() - first.cache_read) as f64);
        self.output.extend(calls.iter().map(|call| call.tokens.output as f64));
        let grown = growth(calls);
        self.result.extend(grown.iter().filter_map(|&(_, grown)| grown));
        for (pair, _) in calls.windows(2).zip(&grown).filter(|(_, (cut, _))| *cut) {
            self.compacted_at.push(pair[0].tokens.prompt() as f64);
            self.summary.push(pair[1].tokens.prompt() as f64);
        }
        for (cause, gap) in calls.iter().filter_map(|call| call.lead) {
            match cause {
                Cause::User => self.human_gap_s.push(gap.get()),
                Cause::Tool => self.tool_gap_s.push(gap.get()),
            }
        }
    }

    fn sub_agent(&mut self, calls: &[&LoggedCall], parent: &[&LoggedCall]) {
        let own = &mut self.delegated;
        own.agents += 1;
        own.requests += 1 + parent.iter().filter(|call| is_asked(call)).count();
        own.calls.push(calls.len() as f64);
        own.first_message.push(calls[0].tokens.prompt() as f64);
        own.output.extend(calls.iter().map(|call| call.tokens.output as f64));
        own.result.extend(growth(calls).iter().filter_map(|&(_, grown)| grown));
    }

    /// A workload of this shape, as the text of a TOML file.
    ///
    /// Parameters that the log has samples of are their quantiles; the others stay as in
    /// `agentic-coding`, with its sources.
    pub fn to_workload(&self, name: &str, source: &str) -> Result<String, UsageError> {
        if self.sessions == 0 || self.output.is_empty() {
            return Err(UsageError::NoShape {
                problem: format!("{source}: only sub-agents' calls, no session"),
                remedy: "give the sessions' own files as well",
            });
        }
        let mut file = Base::read(name, &format!("Sessions like those of {source}"));
        let of = |samples: &[f64], what: &str| format!("{source}: {} {what}", samples.len());
        let prefix = quantile(&self.first_cached, 0.5);
        if prefix > 0.0 {
            let source = of(&self.first_cached, "first calls, cache reads at the median");
            file.put("shared_prefix", Value::Integer(prefix as i64), &source);
        }
        file.quantiles("first_message", &self.first_message, &of(&self.first_message, "sessions"));
        file.quantiles("calls", &self.calls, &of(&self.calls, "sessions"));
        file.quantiles("output", &self.output, &of(&self.output, "calls"));
        file.quantiles("result", &self.result, &of(&self.result, "calls that grew a context"));
        file.seconds("tool_gap", &self.tool_gap_s, &of(&self.tool_gap_s, "tool phases"));
        file.seconds("human_gap", &self.human_gap_s, &of(&self.human_gap_s, "pauses"));
        let leads = self.human_gap_s.len() + self.tool_gap_s.len();
        if leads > 0 {
            let share = self.human_gap_s.len() as f64 / leads as f64;
            let source = format!("{source}: {} of {leads} calls", self.human_gap_s.len());
            file.put("human_share", Value::Float(share), &source);
        }
        self.compaction(&mut file, source, prefix);
        self.delegation(&mut file, source);
        Ok(file.text())
    }

    fn compaction(&self, file: &mut Base, source: &str, prefix: f64) {
        let least = (2.0 * prefix) as i64 + 2;
        if self.compacted_at.is_empty() {
            return file.raise(&["compaction", "at"], least);
        }
        let at = (quantile(&self.compacted_at, 0.5) as i64).max(least);
        let source = format!("{source}: {} summaries", self.summary.len());
        let summary: Vec<_> = self.summary.iter().map(|all| (all - prefix).max(1.0)).collect();
        let compaction = file.section("compaction");
        compaction.insert("at".into(), sourced(Value::Integer(at), &source));
        compaction.insert("summary".into(), sourced(table(&summary, count), &source));
    }

    fn delegation(&self, file: &mut Base, source: &str) {
        let own = &self.delegated;
        if own.agents == 0 {
            file.agent().remove("delegation");
            return;
        }
        let per_request = own.agents as f64 / own.requests.max(1) as f64;
        let source = format!("{source}: {} sub-agents", own.agents);
        let section = file.section("delegation");
        let mut put = |key: &str, value| section.insert(key.into(), sourced(value, &source));
        put("sessions", Value::Float(own.sessions as f64 / self.sessions as f64));
        put("requests", Value::Float(per_request.min(1.0)));
        let fan_out = constant(per_request.max(1.0).round() as i64);
        put("fan_out", fan_out);
        // Sub-agents' first prompts are given whole.
        put("shared_prefix", Value::Integer(0));
        put("first_message", table(&own.first_message, count));
        put("calls", table(&own.calls, count));
        put("output", table(&own.output, count));
        if !own.result.is_empty() {
            put("result", table(&own.result, count));
        }
    }
}

fn is_asked(call: &LoggedCall) -> bool {
    call.lead.is_some_and(|(cause, _)| cause == Cause::User)
}

/// By pair of calls: whether the context was cut between them, and how much it grew besides the
/// answer if not.
fn growth(calls: &[&LoggedCall]) -> Vec<(bool, Option<f64>)> {
    let pairs = calls.windows(2).map(|pair| {
        let (before, after) = (pair[0].tokens, pair[1].tokens.prompt() as f64);
        let cut = after < SUMMARISED * before.prompt() as f64;
        let grown = (after - before.total() as f64).max(0.0);
        (cut, (!cut).then_some(grown))
    });
    pairs.collect()
}

/// A built-in workload's file under change.
pub(super) struct Base(Table);

impl Base {
    pub(super) fn read(name: &str, description: &str) -> Self {
        let (_, text) = workload_file(BASE).expect("the workload is built in");
        let mut file: Table = text.parse().expect("a test parses every built-in workload");
        file.insert("name".into(), name.into());
        file.insert("description".into(), description.into());
        Self(file)
    }

    pub(super) fn agent(&mut self) -> &mut Table {
        let agent = self.0.get_mut("agent").and_then(Value::as_table_mut);
        agent.expect("the base describes an agent")
    }

    pub(super) fn section(&mut self, name: &str) -> &mut Table {
        let section = self.agent().entry(name).or_insert_with(|| Value::Table(Table::new()));
        section.as_table_mut().expect("sections of the base are tables")
    }

    fn put(&mut self, key: &str, value: Value, source: &str) {
        self.agent().insert(key.into(), sourced(value, source));
    }

    fn quantiles(&mut self, key: &str, samples: &[f64], source: &str) {
        if !samples.is_empty() {
            self.put(key, table(samples, count), source);
        }
    }

    fn seconds(&mut self, key: &str, samples: &[f64], source: &str) {
        if !samples.is_empty() {
            self.put(key, table(samples, |s| Value::String(format!("{s} s"))), source);
        }
    }

    /// Raises a count of a section to `least`.
    fn raise(&mut self, [section, key]: &[&str; 2], least: i64) {
        let entry = self.section(section).get_mut(*key).and_then(Value::as_table_mut);
        let value = entry.and_then(|entry| entry.get_mut("value"));
        if let Some(Value::Integer(value)) = value {
            *value = least.max(*value);
        }
    }

    pub(super) fn text(&self) -> String {
        toml::to_string(&self.0).expect("a parsed table is written again")
    }
}

fn sourced(value: Value, source: &str) -> Value {
    let entries = [("value", value), ("source", source.into()), ("class", Value::from("measured"))];
    Value::Table(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn constant(value: i64) -> Value {
    Value::Table([("constant".to_owned(), Value::Integer(value))].into_iter().collect())
}

fn count(value: f64) -> Value {
    Value::Integer(value.round() as i64)
}

/// Samples as a table of quantiles.
fn table(samples: &[f64], write: impl Fn(f64) -> Value) -> Value {
    let points = samples.len().clamp(2, POINTS);
    let rows = (0..points).map(|i| {
        let share = i as f64 / (points - 1) as f64;
        Value::Array(vec![Value::Float(share), write(quantile(samples, share))])
    });
    let rows = Value::Array(rows.collect());
    Value::Table([("quantiles".to_owned(), rows)].into_iter().collect())
}

/// The value at `share` of the samples in order, between neighbours in proportion.
fn quantile(samples: &[f64], share: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = share * last as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    sorted[low] + (sorted[high] - sorted[low]) * (at - at.floor())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::economics::{Agent, BilledTokens};
    use crate::units::Seconds;
    use crate::workload::Synthetic;

    fn call(session: usize, prompt: u64, output: u64, lead: Option<(Cause, f64)>) -> LoggedCall {
        LoggedCall {
            session: session.to_string(),
            sub_agent: None,
            at: None,
            model: "m".into(),
            tokens: BilledTokens {
                cache_read: prompt.min(10_000),
                input: prompt.saturating_sub(10_000),
                output,
                ..BilledTokens::default()
            },
            recorded: None,
            is_fast: false,
            lead: lead.map(|(cause, gap)| (cause, Seconds::new(gap))),
        }
    }

    fn log(calls: Vec<LoggedCall>) -> UsageLog {
        UsageLog { agent: Agent::ClaudeCode, calls, repeated: 0, skipped: Vec::new() }
    }

    #[test]
    fn a_workload_made_of_sessions_has_their_lengths() {
        // Each session: three calls, 12,000 tokens at first, 300 more on each, outputs of 100.
        let calls = (0..20).flat_map(|session| {
            [
                call(session, 12_000, 100, None),
                call(session, 12_400, 100, Some((Cause::Tool, 2.0))),
                call(session, 12_800, 100, Some((Cause::User, 60.0))),
            ]
        });
        let shape = SessionShape::of(&log(calls.collect()));
        let text = shape.to_workload("mine", "test").unwrap();
        let workload = Synthetic::parse("mine.toml", &text).unwrap();
        for task in workload.tasks(1, 64, 131_072).unwrap().take(50) {
            let prompts: Vec<_> = task.calls().map(|call| (call.prompt, call.output)).collect();
            assert_eq!(prompts, [(12_000, 100), (12_400, 100), (12_800, 100)]);
        }
    }

    #[test]
    fn a_context_that_shrank_was_summarised() {
        let calls = vec![call(0, 90_000, 10, None), call(0, 30_000, 10, None)];
        let shape = SessionShape::of(&log(calls));
        assert_eq!((shape.compacted_at.len(), shape.result.len()), (1, 0));
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert!((quantile(&[3.0, 1.0, 2.0], 0.75) - 2.5).abs() < 1e-12);
        assert!((quantile(&[7.0], 0.3) - 7.0).abs() < 1e-12);
    }
}
