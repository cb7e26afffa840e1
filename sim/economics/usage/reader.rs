//! Log files, line by line, into calls.

use std::collections::BTreeMap;

use super::call::{Agent, LoggedCall, Skipped, UsageLog};
use super::{claude, codex};

/// Collects the calls of log files, each call once, whatever the number of lines or files that
/// tell of it.
#[derive(Debug)]
pub struct UsageReader {
    log: UsageLog,
    /// Calls by the ids of message and request.
    known: BTreeMap<(String, String), usize>,
}

impl UsageReader {
    /// A reader of one agent's logs.
    pub fn new(agent: Agent) -> Self {
        let log = UsageLog { agent, calls: Vec::new(), repeated: 0, skipped: Vec::new() };
        Self { log, known: BTreeMap::new() }
    }

    /// Reads a session file; `name` is its path, by which lines are reported and sessions named
    /// that do not name themselves.
    pub fn file(&mut self, name: &str, text: &str) {
        match self.log.agent {
            Agent::ClaudeCode => claude::read(name, text, self),
            Agent::Codex => codex::read(name, text, self),
        }
    }

    /// Everything that was read.
    pub fn finish(self) -> UsageLog {
        self.log
    }

    /// Notes a line that cannot be read.
    pub(super) fn skip(&mut self, file: &str, line: usize, problem: impl Into<String>) {
        self.log.skipped.push(Skipped { file: file.into(), line, problem: problem.into() });
    }

    /// Notes a line that says nothing new.
    pub(super) fn repeat(&mut self) {
        self.log.repeated += 1;
    }

    /// Adds a call; one with ids that are known already is the same call told again. Of different
    /// counts the larger is kept: they are of one answer while it grew.
    pub(super) fn call(&mut self, ids: Option<(String, String)>, call: LoggedCall) {
        if let Some(known) = ids.as_ref().and_then(|ids| self.known.get(ids)) {
            let kept = &mut self.log.calls[*known];
            if call.tokens.total() > kept.tokens.total() {
                kept.tokens = call.tokens;
            }
            self.log.repeated += 1;
            return;
        }
        if let Some(ids) = ids {
            self.known.insert(ids, self.log.calls.len());
        }
        self.log.calls.push(call);
    }
}
