//! How much work, at what pace, for how long.

use std::borrow::BorrowMut;

use clap::ValueEnum;

use super::command::Run;
use crate::cli::CliError;
use crate::cli::simulate::work::{LONGEST_PAUSE, Work};
use crate::cluster::{Load, RunPlan, at_rate};
use crate::des::Streams;
use crate::serving::Percentiles;
use crate::units::{PerSec, SimSpan};
use crate::workload::Task;

/// When the simulation of generated work stops if nothing else is said.
const DURATION: SimSpan = SimSpan::from_ms(7_200_000);

/// How percentiles are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PercentilesName {
    /// From every sample.
    Exact,
    /// From counts by size.
    Sketch,
}

impl From<PercentilesName> for Percentiles {
    fn from(name: PercentilesName) -> Self {
        match name {
            PercentilesName::Exact => Self::Exact,
            PercentilesName::Sketch => Self::Sketch,
        }
    }
}

impl Run {
    /// The tasks, at their rate if one was given, at most as many as asked for.
    pub(super) fn task_list<'a>(
        &self,
        work: &Work,
        window: u32,
    ) -> Result<Box<dyn Iterator<Item = Task> + 'a>, CliError> {
        Ok(match (work.generated(self.common.seed, window)?, work) {
            (Some(tasks), _) => self.paced(tasks),
            (None, Work::Recorded { tasks, .. }) => self.paced(tasks.clone().into_iter()),
            (None, Work::Generated(_) | Work::Streamed { .. }) => {
                unreachable!("generated work generates, and streams are paced on their own")
            }
        })
    }

    /// `tasks` as the flags want them.
    pub(super) fn paced<'a, T: BorrowMut<Task> + 'a>(
        &self,
        tasks: impl Iterator<Item = T> + 'a,
    ) -> Box<dyn Iterator<Item = T> + 'a> {
        let most = self.tasks.map_or(usize::MAX, |tasks| tasks as usize);
        let streams = Streams::new(self.common.seed);
        match self.rate {
            Some(rate) => Box::new(at_rate(tasks, PerSec::new(rate), streams).take(most)),
            None => Box::new(tasks.take(most)),
        }
    }

    pub(super) fn plan_of(&self, work: &Work) -> RunPlan {
        self.run_plan(self.load(work), self.horizon(work), self.warmup(work))
    }

    /// From `warmup` on, or what the flags say instead.
    pub(super) fn run_plan(
        &self,
        load: Load,
        horizon: Option<SimSpan>,
        warmup: SimSpan,
    ) -> RunPlan {
        let classes = self.policies.classes(self.common.seed);
        let warmup = self.warmup.unwrap_or(warmup);
        RunPlan { load, warmup, horizon, requests: None, classes }
    }

    /// The clients of a closed loop of generated work, which is entered in its steady state; not if
    /// a number of tasks is to be done from beginning to end.
    pub(in crate::cli::simulate) fn steady_clients(&self, work: &Work) -> Option<u32> {
        match (self.load(work), work) {
            (Load::Closed { concurrency }, Work::Generated(_)) if self.tasks.is_none() => {
                Some(concurrency)
            }
            _ => None,
        }
    }

    /// Loops in their steady state warm up as long as a person may pause.
    pub(super) fn warmup(&self, work: &Work) -> SimSpan {
        let steady = self.steady_clients(work).filter(|_| self.duration.is_none());
        self.warmup.unwrap_or(if steady.is_some() { LONGEST_PAUSE } else { SimSpan::ZERO })
    }

    /// Generated work has no end of its own.
    pub(super) fn horizon(&self, work: &Work) -> Option<SimSpan> {
        let is_endless = matches!(work, Work::Generated(_)) && self.tasks.is_none();
        self.duration.or(is_endless.then_some(DURATION))
    }

    /// What drives the run.
    pub(super) fn load(&self, work: &Work) -> Load {
        match (self.concurrency, self.rate, work) {
            (None, None, Work::Generated(_)) => Load::Closed { concurrency: 32 },
            _ => self.recorded_load(),
        }
    }

    /// What drives the replay of a trace.
    pub(super) fn recorded_load(&self) -> Load {
        match (self.concurrency, self.rate) {
            (Some(concurrency), _) => Load::Closed { concurrency },
            (None, None) if self.open_loop => Load::Timestamps,
            (None, _) => match self.users.per_user(self.common.seed) {
                Some(users) => Load::PerUser(users),
                None => Load::Arrivals,
            },
        }
    }
}
