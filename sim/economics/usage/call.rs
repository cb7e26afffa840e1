//! A call as a log has it, and all of a log.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::moment::Moment;
use crate::economics::prices::BilledTokens;
use crate::units::{Seconds, Usd};
use crate::workload::Cause;

/// More tokens than any call has, or any row of totals: beyond it a count is a fault of the log,
/// and sums could overflow.
pub(super) const MOST_TOKENS: u64 = 1 << 44;

/// A count of tokens.
pub(super) fn count<'de, D: Deserializer<'de>>(source: D) -> Result<u64, D::Error> {
    let count = u64::deserialize(source)?;
    if count <= MOST_TOKENS {
        return Ok(count);
    }
    Err(D::Error::custom(format!("{count} tokens are more than there can be")))
}

/// Whose logs they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agent {
    /// Anthropic's Claude Code.
    ClaudeCode,
    /// `OpenAI`'s Codex.
    Codex,
}

impl fmt::Display for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
        })
    }
}

/// One call of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedCall {
    /// The session it belongs to.
    pub session: String,
    /// The sub-agent that made it; `None` for the main one.
    pub sub_agent: Option<String>,
    /// When it ended.
    pub at: Option<Moment>,
    /// The model that answered.
    pub model: String,
    /// Its tokens.
    pub tokens: BilledTokens,
    /// What the log says it cost, if it does.
    pub recorded: Option<Usd>,
    /// Whether it asked for the provider's fast mode.
    pub is_fast: bool,
    /// What led to it, and how long after the answer before; `None` if the log does not say.
    pub lead: Option<(Cause, Seconds)>,
}

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// All calls of some logs, each once.
#[derive(Clone, Debug, PartialEq)]
pub struct UsageLog {
    /// Whose.
    pub agent: Agent,
    /// In the order of the files.
    pub calls: Vec<LoggedCall>,
    /// Lines that repeat the usage of a call that was counted already.
    pub repeated: u64,
    /// Lines that could not be read, in order.
    pub skipped: Vec<Skipped>,
}

/// Logs that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsageError {
    /// No call in any file.
    #[error("{files}: no call of a model is in it{}; {remedy}", unread(*skipped))]
    Empty {
        /// What was read.
        files: String,
        /// Lines that could not be read.
        skipped: usize,
        /// What to give instead.
        remedy: &'static str,
    },
    /// Not what ccusage prints.
    #[error("{file}: {problem}; give the output of `ccusage … --json`")]
    Ccusage {
        /// Which.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// Totals from which no workload can be made.
    #[error("{problem}; {remedy}")]
    NoShape {
        /// What is missing.
        problem: String,
        /// What to do.
        remedy: &'static str,
    },
}

fn unread(skipped: usize) -> String {
    if skipped == 0 { String::new() } else { format!(", and {skipped} lines could not be read") }
}
