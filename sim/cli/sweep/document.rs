//! What `memwall sweep` says at its end.

use std::collections::BTreeMap;
use std::path::Path;

use parquet::record::Field;
use serde::Serialize;

use super::store::rows_of;
use crate::cli::{CliError, Shell};

/// Reasons that are shown, most frequent first.
const REASONS: usize = 5;

/// The document of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct SweepDocument {
    /// `memwall.sweep/1`.
    pub(super) schema: &'static str,
    /// Name of the sweep.
    pub(super) name: String,
    /// Points of the whole sweep.
    pub(super) points: u64,
    /// Parts that they fill.
    pub(super) parts: u64,
    /// Points in each part but the last.
    pub(super) part_points: u64,
    /// Of the spec and all that it names.
    pub(super) spec_hash: String,
    /// Where the results are; null if none were asked for.
    pub(super) out: Option<String>,
    /// Which of how many shards: `3/8`; null for the whole sweep.
    pub(super) shard: Option<String>,
    /// Points by their end: `done`, `impossible`, `failed`.
    pub(super) states: BTreeMap<String, u64>,
    /// Why points are impossible, and how many.
    pub(super) reasons: BTreeMap<String, u64>,
}

impl SweepDocument {
    /// Name and version of the format.
    pub(super) const SCHEMA: &'static str = "memwall.sweep/1";

    /// Counts the points in `parts` of a folder by their end.
    pub(super) fn count(
        &mut self,
        folder: &Path,
        parts: impl Iterator<Item = u64>,
    ) -> Result<(), CliError> {
        for part in parts {
            for row in rows_of(folder, part, &["state", "reason"])? {
                for (name, field) in row {
                    let Field::Str(text) = field else { continue };
                    let counts = if name == "state" { &mut self.states } else { &mut self.reasons };
                    *counts.entry(text).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    /// Prints it.
    pub(super) fn show(&self, shell: &mut Shell) -> Result<(), CliError> {
        if shell.json() {
            return shell.json_document(self);
        }
        let out = self.out.as_deref().unwrap_or("nowhere");
        let of = self
            .shard
            .as_ref()
            .map_or(String::new(), |shard| format!(" (shard {shard} of {} points)", self.points));
        shell.line(format!("{}: {} in {out}{of}", self.name, ends(&self.states)))?;
        tell_reasons(&self.reasons, shell)
    }
}

fn ends(states: &BTreeMap<String, u64>) -> String {
    let states: Vec<_> = states.iter().map(|(state, count)| format!("{count} {state}")).collect();
    states.join(", ")
}

/// Prints how many points ended how, and why.
pub(super) fn tell_ends(
    states: &BTreeMap<String, u64>,
    reasons: &BTreeMap<String, u64>,
    shell: &mut Shell,
) -> Result<(), CliError> {
    shell.line(ends(states))?;
    tell_reasons(reasons, shell)
}

fn tell_reasons(reasons: &BTreeMap<String, u64>, shell: &mut Shell) -> Result<(), CliError> {
    let mut reasons: Vec<_> = reasons.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (reason, count) in reasons.iter().take(REASONS) {
        shell.line(format!("  {count} × {reason}"))?;
    }
    if reasons.len() > REASONS {
        shell.line(format!("  and {} more reasons", reasons.len() - REASONS))?;
    }
    Ok(())
}
