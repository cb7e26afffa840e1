//! Synthetic workloads, and the endless stream of tasks that each gives.

use super::agent::{self, Detail, Setting};
use super::catalog;
use super::dialogue;
use super::draw::Draw;
use super::identity::{MOST_PAGES, MOST_TASKS};
use super::spec::{Sourced, Spec};
use crate::des::Streams;
use crate::units::{Seconds, SimSpan};
use crate::workload::{Entered, Task, WorkloadError};

/// A workload that generates its tasks from distributions.
///
/// ```
/// use memwall::workload::Synthetic;
/// let workload = Synthetic::embedded("agentic-coding")?;
/// let tasks = workload.tasks(1, 64, 131_072)?;
/// assert_eq!(tasks.task(7), tasks.clone().nth(7).unwrap());
/// # Ok::<(), memwall::workload::WorkloadError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Synthetic {
    spec: Spec,
}

impl Synthetic {
    /// A built-in workload, by name.
    pub fn embedded(name: &str) -> Result<Self, WorkloadError> {
        let (file, text) = catalog::workload_file(name)?;
        Self::parse(file, text)
    }

    /// A workload from the text of a TOML file.
    pub fn parse(file: &str, text: &str) -> Result<Self, WorkloadError> {
        Ok(Self { spec: Spec::parse(file, text)? })
    }

    /// Its name: `agentic-coding`.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// What it is, in a sentence.
    pub fn description(&self) -> &str {
        &self.spec.description
    }

    /// Whether some of its agents start others.
    pub fn has_sub_agents(&self) -> bool {
        self.spec.agent.as_ref().is_some_and(|agent| agent.delegation.is_some())
    }

    /// The same workload where no person takes longer than `cap`.
    pub fn with_longest_human_gap(mut self, cap: Seconds) -> Self {
        if let Some(agent) = &mut self.spec.agent {
            agent.human_gap.value.capped(cap);
        }
        if let Some(dialogue) = &mut self.spec.dialogue {
            dialogue.human_gap.value.capped(cap);
        }
        self
    }

    /// The same workload, whose agents shorten contexts otherwise. Fails if it has no agents, or if
    /// too little would be left between two summaries.
    pub fn with_compaction(mut self, how: Compaction) -> Result<Self, WorkloadError> {
        let Some(agent) = &mut self.spec.agent else {
            return Err(WorkloadError::NoContexts { workload: self.spec.name });
        };
        let needs = agent.least_context();
        let compaction = &mut agent.compaction;
        compaction.at.value = how.at.unwrap_or(compaction.at.value);
        if let Some(written) = how.written {
            compaction.written = Some(Sourced::given(Draw::Constant(written)));
            if let Some(keep) = how.keep {
                compaction.summary.value = Draw::Constant(written.saturating_add(keep));
            }
        }
        // What remains must leave room for work.
        let kept = how.keep.and_then(|_| compaction.summary.value.most());
        let left = kept.or(how.written).unwrap_or(0);
        let needs = needs.max(left.saturating_add(agent.shared_prefix.value).saturating_mul(5) / 4);
        let at = agent.compaction.at.value;
        if at < needs {
            return Err(WorkloadError::CompactedTooEarly { workload: self.spec.name, at, needs });
        }
        Ok(self)
    }

    /// Its tasks for a seed, with pages of `page_tokens`, for a model with a context of `window`
    /// tokens. Fails if the window is too short for it.
    ///
    /// # Panics
    /// If `page_tokens` is zero.
    pub fn tasks(&self, seed: u64, page_tokens: u32, window: u32) -> Result<Tasks, WorkloadError> {
        assert!(page_tokens > 0, "a page has at least one token");
        let needs = self.least_window();
        if window < needs {
            let workload = self.name().to_owned();
            return Err(WorkloadError::WindowTooSmall { workload, needs, window });
        }
        // Identities have room for so many pages; only toy pages come near it.
        let window = window.min(MOST_PAGES.saturating_mul(page_tokens));
        let setting = Setting { streams: Streams::new(seed), page_tokens, window };
        Ok(Tasks { workload: self.clone(), setting, next: 0 })
    }

    /// The shortest context window that it fits, in tokens.
    fn least_window(&self) -> u32 {
        self.spec.agent.as_ref().map_or(LEAST_DIALOGUE_WINDOW, |agent| {
            let share = agent.compaction.window_share.value;
            libm::ceil(f64::from(agent.least_context()) / share) as u32
        })
    }
}

/// Below it, a conversation would be cut beyond recognition, in tokens.
const LEAST_DIALOGUE_WINDOW: u32 = 1024;

/// How agents shorten their contexts, where that is not as the workload says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compaction {
    /// At this length, in tokens.
    pub at: Option<u32>,
    /// The model writes the summary, of so many tokens, in a call of its own.
    pub written: Option<u32>,
    /// Tokens that are kept behind what is written.
    pub keep: Option<u32>,
}

/// The tasks of a workload, endlessly; each depends only on the seed and its number.
#[derive(Clone, Debug)]
pub struct Tasks {
    workload: Synthetic,
    setting: Setting,
    next: u64,
}

/// How many tasks are laid end to end to find the one that is underway.
const LINE_UP: u64 = 8;

impl Tasks {
    /// The `index`-th task. It starts at zero: arrivals are the run's decision.
    ///
    /// # Panics
    /// If `index` is four million or more.
    pub fn task(&self, index: u64) -> Task {
        self.detailed(index, Detail::Whole)
    }

    /// Calls of one of its tasks on average, over the first `count`, sub-agents' included.
    pub fn calls_per_task(&self, count: u64) -> f64 {
        let calls = |index| self.detailed(index, Detail::Times).calls().count();
        (0..count).map(calls).sum::<usize>() as f64 / count as f64
    }

    fn detailed(&self, index: u64, detail: Detail) -> Task {
        let spec = &self.workload.spec;
        let chains = match (&spec.agent, &spec.dialogue) {
            // When a summary is called for depends on tokens.
            (Some(agent), _) if agent.compaction.written.is_some() => {
                agent::session(agent, self.setting, index, Detail::Whole)
            }
            (Some(agent), _) => agent::session(agent, self.setting, index, detail),
            (None, Some(dialogue)) => dialogue::conversation(dialogue, self.setting, index),
            (None, None) => unreachable!("a description has one of the two; parsing checks it"),
        };
        Task { label: format!("{}/{index}", spec.name), start: SimSpan::ZERO, chains }
    }

    /// The task that the `slot`-th of a closed loop's clients is in the middle of when a run
    /// begins, if each call takes `service`.
    ///
    /// Clients have always been at work, so a long task is more likely to be met than a short one,
    /// and at any point alike: tasks of this slot alone are laid end to end, and the run begins at
    /// a random point of that line. Their numbers come from the upper half of all, apart from
    /// those that the stream gives first.
    pub fn underway(&self, slot: u64, service: SimSpan) -> Entered {
        let first = MOST_TASKS / 2 + slot * LINE_UP;
        let length = |index| self.detailed(index, Detail::Times).span(service).seconds().get();
        let lengths: Vec<_> = (first..first + LINE_UP).map(length).collect();
        let unit = self.setting.streams.named("workload/underway", slot).unit();
        let mut point = unit * lengths.iter().sum::<f64>();
        for (index, length) in (first..).zip(lengths) {
            if point < length {
                return self.task(index).entered(point / length, service);
            }
            point -= length;
        }
        // Rounding, or tasks that take no time at all.
        self.task(first).entered(0.0, service)
    }
}

impl Iterator for Tasks {
    type Item = Task;

    fn next(&mut self) -> Option<Task> {
        let index = self.next;
        self.next += 1;
        (index < MOST_TASKS / 2).then(|| self.task(index))
    }

    fn nth(&mut self, n: usize) -> Option<Task> {
        self.next += n as u64;
        self.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_without_tokens_takes_the_same_time_and_as_many_calls() {
        for name in ["agentic-coding", "agentic-research", "chat"] {
            let Ok(workload) = Synthetic::embedded(name) else { continue };
            let tasks = workload.tasks(5, 64, 131_072).unwrap();
            let service = SimSpan::from_ms(10_000);
            for index in 0..200 {
                let (whole, times) = (tasks.task(index), tasks.detailed(index, Detail::Times));
                assert_eq!(whole.span(service), times.span(service), "{name}/{index}");
                assert_eq!(whole.calls().count(), times.calls().count(), "{name}/{index}");
            }
        }
    }
}
