//! Which work is simulated: a generated workload, or a trace.

use std::path::PathBuf;

use clap::Args;
use rayon::prelude::*;

use super::compaction::CompactionFlags;
use super::streamed::Streamed;
use crate::cli::simulate::values;
use crate::cli::workloads::workload_named;
use crate::cli::{CliError, Shell};
use crate::cluster::TaskPool;
use crate::units::SimSpan;
use crate::workload::{Cause, Synthetic, Tally, Task, Tasks, Trace, read_trace};

/// Pages of generated workloads and of traces without pages, in tokens.
///
/// The page of the recorded coding sessions, and of `FlashMLA`'s and TensorRT-LLM's KV caches.
const PAGE_TOKENS: u32 = 64;

/// Longest pause of a person that a steady state waits for: a longer one only empties caches.
pub(in crate::cli::simulate) const LONGEST_PAUSE: SimSpan = SimSpan::from_ms(3_600_000);

/// The work.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct WorkFlags {
    /// Generated work: a name of `memwall workloads list`, or a TOML file
    /// [default: agentic-coding]
    #[arg(long, value_name = "W", conflicts_with = "trace")]
    pub(in crate::cli) workload: Option<String>,
    /// Recorded work: Claude Code sessions, Mooncake JSONL, Azure CSV, Dynamo's agentic Mooncake
    /// and request traces, LLMServingSim JSONL, OpenTelemetry spans; files or folders
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(in crate::cli::simulate) trace: Vec<PathBuf>,
    /// Time between the starts of session files, which have no common clock
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = values::span)]
    pub(in crate::cli::simulate) stagger: SimSpan,
    /// How contexts are shortened
    #[command(flatten)]
    compaction: CompactionFlags,
}

/// Work that has been read.
#[derive(Clone, Debug)]
pub(in crate::cli::simulate) enum Work {
    Generated(Box<Synthetic>),
    Recorded {
        trace: Box<Trace>,
        tasks: Vec<Task>,
        name: String,
    },
    /// Recorded too, but read as the clock reaches it.
    Streamed {
        stream: Box<Streamed>,
        name: String,
    },
}

impl WorkFlags {
    /// Reads it.
    pub(in crate::cli::simulate) fn read(&self, shell: &Shell) -> Result<Work, CliError> {
        if self.trace.is_empty() {
            let name = self.workload.as_deref().unwrap_or("agentic-coding");
            let workload = self.compaction.on(workload_named(name, shell)?)?;
            return Ok(Work::Generated(Box::new(workload)));
        }
        let reading = shell.spinner("reading the trace");
        let trace = Box::new(read_trace(&self.trace)?);
        drop(reading);
        let tasks = trace.tasks(self.stagger)?;
        Ok(Work::Recorded { trace, tasks, name: self.trace_name() })
    }

    /// The same, for one replay: a trace stays in its file as far as its format allows.
    pub(in crate::cli::simulate) fn read_once(&self, shell: &Shell) -> Result<Work, CliError> {
        Ok(match Streamed::of(&self.trace)? {
            Some(stream) => Work::Streamed { stream: Box::new(stream), name: self.trace_name() },
            None => self.read(shell)?,
        })
    }

    fn trace_name(&self) -> String {
        let names: Vec<_> = self.trace.iter().filter_map(|path| path.file_name()).collect();
        names.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>().join(", ")
    }
}

impl Work {
    /// What reports call it.
    pub(in crate::cli::simulate) fn name(&self) -> &str {
        match self {
            Self::Generated(synthetic) => synthetic.name(),
            Self::Recorded { name, .. } | Self::Streamed { name, .. } => name,
        }
    }

    /// Whether some of its agents start others. A file of one request a line has no agents.
    pub(in crate::cli::simulate) fn has_sub_agents(&self) -> bool {
        match self {
            Self::Generated(synthetic) => synthetic.has_sub_agents(),
            Self::Recorded { tasks, .. } => tasks.iter().any(|task| task.chains.len() > 1),
            Self::Streamed { .. } => false,
        }
    }

    /// A copy in which no person takes longer than [`LONGEST_PAUSE`] before a call.
    pub(in crate::cli::simulate) fn with_pauses_cut(&self) -> Self {
        self.clone().with_longest_pause()
    }

    /// The same work where no person takes longer than [`LONGEST_PAUSE`] before a call.
    pub(in crate::cli::simulate) fn with_longest_pause(self) -> Self {
        let longest = LONGEST_PAUSE;
        match self {
            Self::Generated(synthetic) => {
                Self::Generated(Box::new(synthetic.with_longest_human_gap(longest.seconds())))
            }
            Self::Recorded { trace, mut tasks, name } => {
                let chains = tasks.iter_mut().flat_map(|task| &mut task.chains);
                for call in chains.flat_map(|chain| &mut chain.calls) {
                    if call.cause == Cause::User {
                        call.gap = call.gap.min(longest);
                    }
                }
                Self::Recorded { trace, tasks, name }
            }
            // Its calls are sent one by one: nobody pauses within a task.
            Self::Streamed { .. } => self,
        }
    }

    /// Tokens in its pages.
    pub(in crate::cli::simulate) fn page_tokens(&self) -> u32 {
        match self {
            Self::Generated(_) => PAGE_TOKENS,
            Self::Recorded { trace, .. } => trace.page_tokens.unwrap_or(PAGE_TOKENS),
            Self::Streamed { stream, .. } => stream.page_tokens.unwrap_or(PAGE_TOKENS),
        }
    }

    /// Endless tasks of generated work for a model with a context of `window` tokens.
    pub(in crate::cli::simulate) fn generated(
        &self,
        seed: u64,
        window: u32,
    ) -> Result<Option<Tasks>, CliError> {
        match self {
            Self::Generated(synthetic) => {
                Ok(Some(synthetic.tasks(seed, self.page_tokens(), window)?))
            }
            Self::Recorded { .. } | Self::Streamed { .. } => Ok(None),
        }
    }

    /// A pool for closed loops of at most `clients` clients.
    pub(in crate::cli::simulate) fn pool(
        &self,
        seed: u64,
        window: u32,
        clients: u32,
    ) -> Result<TaskPool, CliError> {
        Ok(match (self.generated(seed, window)?, self) {
            (None, Self::Recorded { tasks, .. }) => TaskPool::recorded(tasks.clone()),
            (Some(tasks), _) => {
                let slots = (0..clients).into_par_iter();
                let underway = slots.map(|slot| TaskPool::underway_in(&tasks, slot)).collect();
                TaskPool::generated(tasks, underway)
            }
            (None, Self::Generated(_) | Self::Streamed { .. }) => {
                unreachable!("generated work generates, and a pool is of a trace in memory")
            }
        })
    }

    /// The longest sequence it is known to hold, in tokens; generated work keeps to the window.
    pub(in crate::cli::simulate) fn longest(&self, window: u32) -> u32 {
        match self {
            Self::Generated(_) | Self::Streamed { .. } => window,
            Self::Recorded { tasks, .. } => {
                let lengths = tasks.iter().flat_map(Task::calls).map(|c| c.prompt + c.output);
                lengths.max().unwrap_or(0)
            }
        }
    }

    /// Reasons to doubt a simulation of it on a model with a context of `window` tokens.
    pub(in crate::cli::simulate) fn warnings(&self, model: &str, window: u32) -> Vec<String> {
        let (has_pages, estimated, tally) = match self {
            Self::Generated(_) => return Vec::new(),
            Self::Recorded { trace, tasks, .. } => {
                (trace.page_tokens.is_some(), trace.estimated(), tally(trace, tasks, window))
            }
            Self::Streamed { stream, .. } => (stream.page_tokens.is_some(), 0, stream.tally),
        };
        let Tally { requests, beyond_window, without_output } = tally;
        let mut warnings = Vec::new();
        if beyond_window > 0 {
            warnings.push(format!(
                "{beyond_window} of {requests} calls are longer than {model}'s window of {window} \
                 tokens; they are simulated as if it reached so far"
            ));
        }
        if estimated > 0 {
            warnings.push(format!(
                "the lengths of {estimated} of {requests} calls are not recorded; they are taken \
                 to be four characters a token"
            ));
        }
        if !has_pages {
            warnings
                .push("the trace has lengths only, so no prefix is ever found in the cache".into());
        }
        if without_output > 0 {
            warnings.push(format!(
                "{without_output} requests have no output; each generates one token"
            ));
        }
        warnings
    }
}

/// What a replay of the whole trace would see.
fn tally(trace: &Trace, tasks: &[Task], window: u32) -> Tally {
    let mut tally = Tally { without_output: trace.without_output() as u64, ..Tally::default() };
    for call in tasks.iter().flat_map(Task::calls) {
        tally.requests += 1;
        tally.beyond_window += u64::from(call.prompt + call.output > window);
    }
    tally
}
