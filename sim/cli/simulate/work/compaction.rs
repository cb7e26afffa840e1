//! The flags for how agents shorten contexts that grew long.

use clap::Args;

use crate::cli::CliError;
use crate::workload::{Compaction, Synthetic};

/// Where they stand in the help, alone.
const HEADING: &str = "Compaction";

/// What an agent does with a context that has grown too long.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct CompactionFlags {
    /// Agents shorten contexts at this length, in tokens [default: as the workload says]
    #[arg(long, value_name = "TOKENS", conflicts_with = "trace", help_heading = HEADING)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1 << 24))]
    compact_at: Option<u32>,
    /// The model writes the summary, of so many tokens, in a call of its own that reads all that is
    /// to be summarised [default: summaries are there at once and cost nothing]
    #[arg(long, value_name = "TOKENS", conflicts_with = "trace", help_heading = HEADING)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    summary_call: Option<u32>,
    /// Tokens of the context that are kept behind the summary
    /// [default: with the summary, as many as the workload says that remain]
    #[arg(long, value_name = "TOKENS", requires = "summary_call", help_heading = HEADING)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=1 << 24))]
    compact_keep: Option<u32>,
}

impl CompactionFlags {
    /// The same workload, whose agents shorten contexts so.
    pub(super) fn on(&self, workload: Synthetic) -> Result<Synthetic, CliError> {
        let Self { compact_at: at, summary_call: written, compact_keep: keep } = *self;
        if at.is_none() && written.is_none() {
            return Ok(workload);
        }
        Ok(workload.with_compaction(Compaction { at, written, keep })?)
    }
}
