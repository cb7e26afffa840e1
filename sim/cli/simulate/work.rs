//! Which work is simulated: a generated workload, or a trace.

use std::path::PathBuf;

use clap::Args;
use rayon::prelude::*;

use super::values;
use crate::cli::workloads::workload_named;
use crate::cli::{CliError, Shell};
use crate::cluster::TaskPool;
use crate::units::SimSpan;
use crate::workload::{Cause, Synthetic, Task, Tasks, Trace, TraceKind, read_trace};

/// Pages of generated workloads and of traces without pages, in tokens.
///
/// The page of the recorded coding sessions, and of `FlashMLA`'s and TensorRT-LLM's KV caches.
const PAGE_TOKENS: u32 = 64;

/// Longest pause of a person that a steady state waits for: a longer one only empties caches.
pub(super) const LONGEST_PAUSE: SimSpan = SimSpan::from_ms(3_600_000);

/// The work.
#[derive(Args, Clone, Debug)]
pub(super) struct WorkFlags {
    /// Generated work: a name of `memwall workloads list`, or a TOML file
    /// [default: agentic-coding]
    #[arg(long, value_name = "W", conflicts_with = "trace")]
    pub(super) workload: Option<String>,
    /// Recorded work: Claude Code sessions, Mooncake JSONL, Azure CSV; files or folders
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(super) trace: Vec<PathBuf>,
    /// Time between the starts of session files, which have no common clock
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = values::span)]
    pub(super) stagger: SimSpan,
}

/// Work that has been read.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Generated(Box<Synthetic>),
    Recorded { trace: Box<Trace>, tasks: Vec<Task>, name: String },
}

impl WorkFlags {
    /// Reads it.
    pub(super) fn read(&self, shell: &Shell) -> Result<Work, CliError> {
        if self.trace.is_empty() {
            let name = self.workload.as_deref().unwrap_or("agentic-coding");
            return Ok(Work::Generated(Box::new(workload_named(name, shell)?)));
        }
        let reading = shell.spinner("reading the trace");
        let trace = Box::new(read_trace(&self.trace)?);
        drop(reading);
        let tasks = trace.tasks(self.stagger)?;
        let names: Vec<_> = self.trace.iter().filter_map(|path| path.file_name()).collect();
        let name = names.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>().join(", ");
        Ok(Work::Recorded { trace, tasks, name })
    }
}

impl Work {
    /// What reports call it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Generated(synthetic) => synthetic.name(),
            Self::Recorded { name, .. } => name,
        }
    }

    /// A copy in which no person takes longer than [`LONGEST_PAUSE`] before a call.
    pub(super) fn with_pauses_cut(&self) -> Self {
        self.clone().with_longest_pause()
    }

    /// The same work where no person takes longer than [`LONGEST_PAUSE`] before a call.
    pub(super) fn with_longest_pause(self) -> Self {
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
        }
    }

    /// Tokens in its pages.
    pub(super) fn page_tokens(&self) -> u32 {
        match self {
            Self::Generated(_) => PAGE_TOKENS,
            Self::Recorded { trace, .. } => trace.page_tokens.unwrap_or(PAGE_TOKENS),
        }
    }

    /// Endless tasks of generated work for a model with a context of `window` tokens.
    pub(super) fn generated(&self, seed: u64, window: u32) -> Result<Option<Tasks>, CliError> {
        match self {
            Self::Generated(synthetic) => {
                Ok(Some(synthetic.tasks(seed, self.page_tokens(), window)?))
            }
            Self::Recorded { .. } => Ok(None),
        }
    }

    /// A pool for closed loops of at most `clients` clients.
    pub(super) fn pool(&self, seed: u64, window: u32, clients: u32) -> Result<TaskPool, CliError> {
        Ok(match (self.generated(seed, window)?, self) {
            (None, Self::Recorded { tasks, .. }) => TaskPool::recorded(tasks.clone()),
            (Some(tasks), _) => {
                let slots = (0..clients).into_par_iter();
                let underway = slots.map(|slot| TaskPool::underway_in(&tasks, slot)).collect();
                TaskPool::generated(tasks, underway)
            }
            (None, Self::Generated(_)) => unreachable!("generated work generates"),
        })
    }

    /// The longest sequence it is known to hold, in tokens; generated work keeps to the window.
    pub(super) fn longest(&self, window: u32) -> u32 {
        match self {
            Self::Generated(_) => window,
            Self::Recorded { tasks, .. } => {
                let lengths = tasks.iter().flat_map(Task::calls).map(|c| c.prompt + c.output);
                lengths.max().unwrap_or(0)
            }
        }
    }

    /// Reasons to doubt a simulation of it on a model with a context of `window` tokens.
    pub(super) fn warnings(&self, model: &str, window: u32) -> Vec<String> {
        let Self::Recorded { trace, tasks, .. } = self else { return Vec::new() };
        let mut warnings = Vec::new();
        let calls = tasks.iter().flat_map(Task::calls);
        let (all, long) = calls.fold((0u64, 0u64), |(all, long), call| {
            (all + 1, long + u64::from(call.prompt + call.output > window))
        });
        if long > 0 {
            warnings.push(format!(
                "{long} of {all} calls are longer than {model}'s window of {window} tokens; they \
                 are simulated as if it reached so far"
            ));
        }
        if trace.kind == TraceKind::Azure {
            warnings
                .push("the trace has lengths only, so no prefix is ever found in the cache".into());
        }
        if trace.without_output() > 0 {
            let silent = trace.without_output();
            warnings.push(format!("{silent} requests have no output; each generates one token"));
        }
        warnings
    }
}
