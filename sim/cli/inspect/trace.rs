//! `memwall trace stats`: what a trace holds, and how much of it a prefix cache would find.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::terminal::{count, known, per_cent};
use crate::cli::{CliError, Column, Exit, Shell, Table};
use crate::units::{Seconds, SimSpan, significant};
use crate::workload::{Arrivals, Lengths, Reuse, ReusePolicy, ReuseQuery, TraceStats, read_trace};

const EXAMPLES: &str = "\
Examples:
  memwall trace stats conversation_trace.jsonl
  memwall trace stats session-*.json.gz --capacity-blocks 10000,inf --ttl-s 300,3600";

/// What to do with traces.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) enum TraceCommand {
    /// Lengths, arrivals, and the exact hit rates of a prefix cache
    Stats(Stats),
}

/// Flags of `trace stats`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Stats {
    /// Mooncake JSONL, Claude Code session JSON, Azure CSV, Dynamo's agentic Mooncake and request
    /// traces, LLMServingSim JSONL or OpenTelemetry spans; plain, gzip, zstd, tar or a folder
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Cache capacities in blocks of the trace
    #[arg(long, value_name = "N|inf", value_delimiter = ',', default_value = "1000,10000,inf")]
    #[arg(value_parser = capacity)]
    capacity_blocks: Vec<Limit<u64>>,
    /// Which blocks are evicted first: of equally recent ones the leaves, as in vLLM and SGLang, or
    /// the heads; or what no policy can beat (belady)
    #[arg(long, value_enum, value_delimiter = ',', default_value = "leaf-first,head-first")]
    policy: Vec<PolicyName>,
    /// How long after its last use a block can still be found, in seconds
    #[arg(long, value_name = "S|inf", value_delimiter = ',', default_value = "inf")]
    #[arg(value_parser = ttl)]
    ttl_s: Vec<Limit<SimSpan>>,
    /// Seconds between the starts of session files, which have no common clock
    #[arg(long, value_name = "S", default_value = "60", value_parser = seconds)]
    stagger_s: SimSpan,
}

/// A limit, or none.
#[derive(Clone, Copy, Debug)]
struct Limit<T>(Option<T>);

/// [`ReusePolicy`] on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum PolicyName {
    /// Least recently used, leaves first
    LeafFirst,
    /// Least recently used, heads first
    HeadFirst,
    /// The bound: what is looked up last
    Belady,
}

impl TraceCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        match self {
            Self::Stats(stats) => stats.run(shell),
        }
    }
}

impl Stats {
    fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let working = shell.spinner("reading the trace");
        let trace = read_trace(&self.files)?;
        let stats = TraceStats::of(&trace, &self.query())?;
        drop(working);
        if shell.json() {
            shell.document("memwall.trace/1", &stats)?;
        } else {
            print(&stats, shell)?;
        }
        Ok(Exit::Done)
    }

    fn query(&self) -> ReuseQuery {
        let policies = self.policy.iter().map(|policy| match policy {
            PolicyName::LeafFirst => ReusePolicy::LeafFirst,
            PolicyName::HeadFirst => ReusePolicy::HeadFirst,
            PolicyName::Belady => ReusePolicy::Belady,
        });
        ReuseQuery {
            policies: policies.collect(),
            capacities: self.capacity_blocks.iter().map(|limit| limit.0).collect(),
            ttls: self.ttl_s.iter().map(|limit| limit.0).collect(),
            stagger: self.stagger_s,
        }
    }
}

fn capacity(text: &str) -> Result<Limit<u64>, String> {
    if text == "inf" {
        return Ok(Limit(None));
    }
    let blocks = text.parse().ok().filter(|&blocks| blocks > 0);
    blocks.map(|blocks| Limit(Some(blocks))).ok_or_else(|| "give 1 or more blocks, or inf".into())
}

fn ttl(text: &str) -> Result<Limit<SimSpan>, String> {
    if text == "inf" {
        return Ok(Limit(None));
    }
    seconds(text).map(|span| Limit(Some(span))).map_err(|error| format!("{error}, or inf"))
}

fn seconds(text: &str) -> Result<SimSpan, String> {
    // Far beyond any trace, and well inside what a span can hold.
    let number = text.parse::<f64>().ok().filter(|seconds| (0.0..=1e7).contains(seconds));
    number
        .map(|seconds| SimSpan::from_seconds(Seconds::new(seconds)))
        .ok_or_else(|| "give seconds between 0 and 10,000,000".into())
}

fn print(stats: &TraceStats, shell: &mut Shell) -> Result<(), CliError> {
    shell.heading(format!(
        "{}: {} requests in {} sessions",
        stats.format,
        count(stats.requests),
        count(stats.sessions)
    ))?;
    if let Some(arrivals) = &stats.arrivals {
        shell.line(arrivals_line(arrivals))?;
    }
    if stats.duplicate_files > 0 {
        shell.line(format!("{} files left out as exact copies", stats.duplicate_files))?;
    }
    shell.line("")?;
    let columns = ["total", "mean", "p50", "p90", "p99"].map(Column::Number);
    let mut table = Table::new(&[&[Column::Name("tokens")], columns.as_slice()].concat());
    table.row(lengths_row("prompt", stats.prompt_tokens, &stats.prompt_length_tokens));
    table.row(lengths_row("output", stats.output_tokens, &stats.output_length_tokens));
    shell.table(table)?;
    let Some(page_tokens) = stats.page_tokens else {
        return shell.line("\nThe trace has lengths only: what it shares is not known.");
    };
    shell.line("")?;
    shell.table(reuse_table(&stats.reuse))?;
    shell.line(format!(
        "Blocks of {page_tokens} tokens; {} of them are different.",
        count(stats.distinct_blocks)
    ))
}

fn arrivals_line(arrivals: &Arrivals) -> String {
    let number = |value: Option<f64>| known(value.map(|value| significant(value, 3)));
    format!(
        "{} s, {} requests/s, interarrival CV {}, variance over mean {} in 10 s and {} in 60 s",
        significant(arrivals.duration_s, 4),
        number(arrivals.requests_per_s),
        number(arrivals.interarrival_cv),
        number(arrivals.variance_over_mean_10s),
        number(arrivals.variance_over_mean_60s),
    )
}

fn lengths_row(name: &str, total: u64, lengths: &Lengths) -> [String; 6] {
    let [mean, p50, p90, p99] =
        [lengths.mean, lengths.p50, lengths.p90, lengths.p99].map(|tokens| significant(tokens, 4));
    [name.into(), count(total), mean, p50, p90, p99]
}

fn reuse_table(rows: &[Reuse]) -> Table {
    let mut table = Table::new(&[
        Column::Name("policy"),
        Column::Number("capacity blocks"),
        Column::Number("ttl s"),
        Column::Number("hit blocks"),
        Column::Number("of blocks"),
        Column::Number("hit rate"),
        Column::Number("hit tokens"),
    ]);
    for row in rows {
        table.row([
            match row.policy {
                ReusePolicy::LeafFirst => "leaf-first".into(),
                ReusePolicy::HeadFirst => "head-first".into(),
                ReusePolicy::Belady => "belady".into(),
            },
            row.capacity_blocks.map_or_else(|| "inf".into(), count),
            row.ttl_s.map_or_else(|| "inf".into(), |seconds| significant(seconds, 4)),
            count(row.hit_blocks),
            count(row.total_blocks),
            per_cent(row.hit_blocks, row.total_blocks),
            count(row.hit_tokens),
        ]);
    }
    table
}
