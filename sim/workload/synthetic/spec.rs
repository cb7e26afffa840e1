//! A synthetic workload as its TOML file describes it.

use serde::Deserialize;

use super::draw::{Draw, Measure};
use super::identity::MOST_LINES;
use crate::units::Seconds;
use crate::workload::{Place, WorkloadError};

/// How far a parameter can be trusted, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provenance {
    /// Computed from public traces.
    Measured,
    /// Published by others who measured.
    Reported,
    /// Our own reckoning.
    Estimate,
}

/// A parameter and where it comes from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sourced<T> {
    pub(super) value: T,
    pub(super) source: String,
    pub(super) class: Provenance,
}

impl<T> Sourced<T> {
    /// What a user gave.
    pub(super) fn given(value: T) -> Self {
        Self { value, source: "given".into(), class: Provenance::Estimate }
    }
}

/// The file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    pub(super) name: String,
    pub(super) description: String,
    /// Loops of calls with tools between them.
    pub(super) agent: Option<AgentSpec>,
    /// Turns between a person and a model.
    pub(super) dialogue: Option<DialogueSpec>,
}

/// An agent's session. Lengths in tokens.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgentSpec {
    /// System prompt and tools, equal for all sessions.
    pub(super) shared_prefix: Sourced<u32>,
    /// What follows it in the first prompt.
    pub(super) first_message: Sourced<Draw<u32>>,
    /// Calls in a session.
    pub(super) calls: Sourced<Draw<u32>>,
    /// Output of a call.
    pub(super) output: Sourced<Draw<u32>>,
    /// What is appended to the context after a call, besides its output.
    pub(super) result: Sourced<Draw<u32>>,
    /// Time that a tool takes.
    pub(super) tool_gap: Sourced<Draw<Seconds>>,
    /// Time that a person takes.
    pub(super) human_gap: Sourced<Draw<Seconds>>,
    /// Chance that a call is followed by a person instead of a tool.
    pub(super) human_share: Sourced<f64>,
    pub(super) compaction: CompactionSpec,
    pub(super) documents: Option<DocumentSpec>,
    pub(super) delegation: Option<DelegationSpec>,
}

impl AgentSpec {
    /// The shortest limit to a context that leaves room for work, in tokens: twice the longer
    /// shared prefix, and a portion of documents.
    pub(super) fn least_context(&self) -> u32 {
        let own = self.shared_prefix.value;
        let prefix = self.delegation.as_ref().map_or(own, |d| own.max(d.shared_prefix.value));
        let portion = self.documents.as_ref().map_or(0, |documents| {
            documents.portion.value.saturating_mul(documents.tokens_per_paper_page.value)
        });
        prefix.saturating_mul(2).saturating_add(portion)
    }
}

/// When and how a context that grew too long is summarised.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CompactionSpec {
    /// At this length at the latest.
    pub(super) at: Sourced<u32>,
    /// At this share of the model's window at the latest.
    pub(super) window_share: Sourced<f64>,
    /// What replaces everything after the shared prefix.
    pub(super) summary: Sourced<Draw<u32>>,
    /// How much of that the model writes, in a call of its own that reads the whole context; left
    /// out, summaries are there at once.
    pub(super) written: Option<Sourced<Draw<u32>>>,
}

/// Documents that the agent reads, portion by portion, on each request of its user.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentSpec {
    /// Pages of paper in all documents of a session.
    pub(super) paper_pages: Sourced<Draw<u32>>,
    pub(super) tokens_per_paper_page: Sourced<u32>,
    /// Pages of paper that one call reads.
    pub(super) portion: Sourced<u32>,
}

/// Sub-agents: they start from a shared prefix of their own, and their parent waits for all.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DelegationSpec {
    /// Share of sessions that delegate at all.
    pub(super) sessions: Sourced<f64>,
    /// In these, the share of user requests that lead to sub-agents.
    pub(super) requests: Sourced<f64>,
    /// Sub-agents at once.
    pub(super) fan_out: Sourced<Draw<u32>>,
    pub(super) shared_prefix: Sourced<u32>,
    pub(super) first_message: Sourced<Draw<u32>>,
    pub(super) calls: Sourced<Draw<u32>>,
    pub(super) output: Sourced<Draw<u32>>,
    pub(super) result: Sourced<Draw<u32>>,
}

/// A conversation.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DialogueSpec {
    /// Turns of a conversation.
    pub(super) turns: Sourced<Draw<u32>>,
    /// Length of a turn's whole prompt: a conversation's turns are as many draws, ascending.
    pub(super) prompt: Sourced<Draw<u32>>,
    /// Output of a turn, reasoning included.
    pub(super) output: Sourced<Draw<u32>>,
    /// Share of an output that is reasoning, dropped from the next prompt.
    pub(super) reasoning: Option<Sourced<Draw<f64>>>,
    /// Time between an answer and the next turn.
    pub(super) human_gap: Sourced<Draw<Seconds>>,
}

/// Looks parameters over and keeps the first fault.
struct Check<'a> {
    file: &'a str,
    fault: Option<WorkloadError>,
}

impl Spec {
    /// Parses a file and checks what types cannot.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, WorkloadError> {
        let spec: Self = toml::from_str(text).map_err(|error| WorkloadError::Spec {
            file: file.into(),
            message: error.to_string(),
        })?;
        let mut check = Check { file, fault: None };
        match (&spec.agent, &spec.dialogue) {
            (Some(agent), None) => check.agent(agent),
            (None, Some(dialogue)) => check.dialogue(dialogue),
            _ => check.rule("agent", false, "describe either an `[agent]` or a `[dialogue]`"),
        }
        check.fault.map_or(Ok(spec), Err)
    }
}

impl Check<'_> {
    fn rule(&mut self, key: &str, holds: bool, rule: &str) {
        if !holds && self.fault.is_none() {
            self.fault = Some(Place::file(self.file).refuse(key, "out of range", rule));
        }
    }

    fn draw<T: Measure>(&mut self, key: &str, parameter: &Sourced<Draw<T>>) {
        self.sourced(key, parameter);
        if let Some(fault) = parameter.value.fault() {
            self.rule(key, false, fault);
        }
    }

    fn share(&mut self, key: &str, parameter: &Sourced<f64>) {
        self.sourced(key, parameter);
        let is_share = (0.0..=1.0).contains(&parameter.value);
        self.rule(key, is_share, "give a share from 0 to 1");
    }

    fn count(&mut self, key: &str, parameter: &Sourced<u32>) {
        self.sourced(key, parameter);
        self.rule(key, parameter.value > 0, "give at least 1");
    }

    fn sourced<T>(&mut self, key: &str, parameter: &Sourced<T>) {
        let named = !parameter.source.trim().is_empty();
        self.rule(key, named, "say in `source` where the figure comes from");
    }

    fn agent(&mut self, agent: &AgentSpec) {
        self.sourced("agent.shared_prefix", &agent.shared_prefix);
        self.draw("agent.first_message", &agent.first_message);
        self.draw("agent.calls", &agent.calls);
        self.draw("agent.output", &agent.output);
        self.draw("agent.result", &agent.result);
        self.draw("agent.tool_gap", &agent.tool_gap);
        self.draw("agent.human_gap", &agent.human_gap);
        self.share("agent.human_share", &agent.human_share);
        self.count("agent.compaction.at", &agent.compaction.at);
        let share = &agent.compaction.window_share;
        self.sourced("agent.compaction.window_share", share);
        let leaves_room = (0.05..=0.95).contains(&share.value);
        let rule = "give a share from 0.05 to 0.95: answers need room as well";
        self.rule("agent.compaction.window_share", leaves_room, rule);
        let holds = agent.compaction.at.value >= agent.least_context();
        let rule = "give at least twice the longer shared prefix, plus a portion of documents";
        self.rule("agent.compaction.at", holds, rule);
        self.draw("agent.compaction.summary", &agent.compaction.summary);
        if let Some(written) = &agent.compaction.written {
            self.draw("agent.compaction.written", written);
        }
        if let Some(documents) = &agent.documents {
            self.draw("agent.documents.paper_pages", &documents.paper_pages);
            let key = "agent.documents.tokens_per_paper_page";
            self.count(key, &documents.tokens_per_paper_page);
            self.count("agent.documents.portion", &documents.portion);
        }
        if let Some(delegation) = &agent.delegation {
            self.delegation(delegation);
        }
        let (calls, of_children) = (agent.calls.value.most(), children(agent.delegation.as_ref()));
        let most = calls.zip(of_children).map(|(own, others)| u64::from(own) * (1 + others));
        let rule = "give `calls` and `fan_out` a `max` each: a session has fewer than a million \
                    calls, its sub-agents' included";
        self.rule("agent.calls", most.is_some_and(|most| most < u64::from(MOST_LINES)), rule);
    }

    fn delegation(&mut self, delegation: &DelegationSpec) {
        self.share("agent.delegation.sessions", &delegation.sessions);
        self.share("agent.delegation.requests", &delegation.requests);
        self.draw("agent.delegation.fan_out", &delegation.fan_out);
        self.sourced("agent.delegation.shared_prefix", &delegation.shared_prefix);
        self.draw("agent.delegation.first_message", &delegation.first_message);
        self.draw("agent.delegation.calls", &delegation.calls);
        self.draw("agent.delegation.output", &delegation.output);
        self.draw("agent.delegation.result", &delegation.result);
    }

    fn dialogue(&mut self, dialogue: &DialogueSpec) {
        self.draw("dialogue.turns", &dialogue.turns);
        self.draw("dialogue.prompt", &dialogue.prompt);
        self.draw("dialogue.output", &dialogue.output);
        self.draw("dialogue.human_gap", &dialogue.human_gap);
        if let Some(reasoning) = &dialogue.reasoning {
            self.draw("dialogue.reasoning", reasoning);
        }
        let few = dialogue.turns.value.most().is_some_and(|most| most < MOST_LINES);
        self.rule("dialogue.turns", few, "give a `max` below a million");
    }
}

/// The most calls that sub-agents make for one call of their parent, if there is a bound.
fn children(delegation: Option<&DelegationSpec>) -> Option<u64> {
    let Some(delegation) = delegation else { return Some(0) };
    let fan_out = delegation.fan_out.value.most()?;
    Some(u64::from(fan_out) * u64::from(delegation.calls.value.most()?))
}
