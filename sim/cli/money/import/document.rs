//! The document of `memwall import`.

use serde::Serialize;

use crate::economics::{Bill, BilledTokens};

/// Usage, and what it cost.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    /// `claude-code`, `codex` or `ccusage`.
    pub(super) agent: &'static str,
    /// Files that were read.
    pub(super) files: usize,
    /// Sessions; null where only totals are known.
    pub(super) sessions: Option<usize>,
    /// Calls; null where only totals are known.
    pub(super) calls: Option<u64>,
    /// Lines that told again of a call.
    pub(super) repeated_lines: u64,
    /// Lines that could not be read.
    pub(super) skipped_lines: Vec<SkippedLine>,
    /// Files of a folder that are something else.
    pub(super) skipped_files: Vec<SkippedFile>,
    pub(super) tokens: Tokens,
    /// Recorded cost, or list price where none was recorded.
    pub(super) usd: f64,
    /// All of it at list price; null if a model has none.
    pub(super) usd_at_list_price: Option<f64>,
    /// Models with neither a recorded cost nor a list price.
    pub(super) unpriced_models: Vec<String>,
    pub(super) prices: Prices,
    pub(super) models: Vec<Row>,
    /// By day, week, month, session or block, as far as is known.
    pub(super) periods: Vec<Row>,
    /// Where the workload was put, or null.
    pub(super) workload: Option<String>,
}

/// A line that could not be read.
#[derive(Debug, Serialize)]
pub(super) struct SkippedLine {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) problem: String,
}

/// A file that is something else.
#[derive(Debug, Serialize)]
pub(super) struct SkippedFile {
    pub(super) file: String,
    pub(super) problem: String,
}

/// Where list prices are from.
#[derive(Debug, Serialize)]
pub(super) struct Prices {
    pub(super) source: String,
    pub(super) date: Option<String>,
    pub(super) class: crate::hardware::Class,
}

/// Tokens by kind.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Tokens {
    pub(super) input: u64,
    pub(super) cache_write: u64,
    pub(super) cache_read: u64,
    pub(super) output: u64,
    /// The part of `output` that is reasoning; 0 where the log does not say.
    pub(super) reasoning: u64,
    pub(super) total: u64,
}

impl From<BilledTokens> for Tokens {
    fn from(tokens: BilledTokens) -> Self {
        Self {
            input: tokens.input,
            cache_write: tokens.cache_written(),
            cache_read: tokens.cache_read,
            output: tokens.output,
            reasoning: tokens.reasoning,
            total: tokens.total(),
        }
    }
}

/// A model's or a period's part.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    /// Null where only totals are known.
    pub(super) calls: Option<u64>,
    pub(super) tokens: Tokens,
    /// Null where nothing is recorded and there is no list price.
    pub(super) usd: Option<f64>,
    /// Null if there is no list price.
    pub(super) usd_at_list_price: Option<f64>,
}

impl Row {
    pub(super) fn of(name: String, bill: &Bill) -> Self {
        Self {
            name,
            calls: Some(bill.calls),
            tokens: bill.tokens.into(),
            usd: (bill.unpriced == 0).then(|| bill.usd.get()),
            usd_at_list_price: (bill.unlisted == 0).then(|| bill.usd_at_list.get()),
        }
    }
}
