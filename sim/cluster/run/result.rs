//! What happened in a run.

use super::sketches::Sketches;
use crate::cluster::door::DoorFigures;
use crate::cost::{Bound, Breakdown};
use crate::serving::{Meter, Outcome, RankFigures};
use crate::units::{SimSpan, SimTime};

/// A run's counts, and the measurements of its window.
#[derive(Clone, Debug, Default)]
pub struct RunResult {
    /// Events of the whole run.
    pub events: u64,
    /// Whether it reached the end of simulated time before its own.
    pub is_cut_off: bool,
    /// When it ended.
    pub ended: SimTime,
    /// Length of the measuring window.
    pub window: SimSpan,
    /// Requests of the whole run.
    pub requests: RequestCounts,
    /// Tasks of the whole run.
    pub tasks: TaskCounts,
    /// Calls of a whole task on average: over the tasks that were started, unless the caller knows
    /// better because some of them were begun before the run.
    pub calls_per_task: f64,
    /// Requests that ended within the window, in that order; none are kept if there are sketches.
    pub outcomes: Vec<Outcome>,
    /// Their latencies in bounded memory, where that was asked for.
    pub sketches: Option<Box<Sketches>>,
    /// Time each task took that started and ended within the window; not kept beside sketches.
    pub task_spans: Vec<SimSpan>,
    /// When each of them started.
    pub task_starts: Vec<SimTime>,
    /// When tasks started that failed or did not end, of those that began within the window; not
    /// kept beside sketches.
    pub unended_starts: Vec<SimTime>,
    /// Of `task_spans`, the tasks that went on to a better model.
    pub escalated_spans: Vec<SimSpan>,
    /// The replica's own measurements in the window; all replicas' together.
    pub meter: Meter,
    /// What users waited for at the door; none where there is none.
    pub door: Option<DoorFigures>,
    /// How evenly groups of ranks were loaded, where they have sequences of their own.
    pub ranks: Option<RankFigures>,
    /// How many replicas.
    pub replicas: u32,
    /// Pages evicted in the whole run for want of room.
    pub evicted_pages: u64,
    /// KV pages of all replicas.
    pub kv_pages: u64,
}

/// Requests by fate: submitted = completed + rejected + in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Sent to the replica.
    pub submitted: u64,
    /// Answered in full.
    pub completed: u64,
    /// Too long for the replica's KV cache.
    pub rejected: u64,
    /// Unfinished when the run stopped.
    pub in_flight: u64,
}

/// Tasks by fate: started = completed + failed + in flight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskCounts {
    /// Started.
    pub started: u64,
    /// Every call answered.
    pub completed: u64,
    /// Ended with a rejected call.
    pub failed: u64,
    /// Unfinished when the run stopped.
    pub in_flight: u64,
    /// Calls of all tasks started.
    pub calls: u64,
    /// Tasks started that go on to a better model.
    pub escalated: u64,
}

/// Tasks that were done in time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InTime {
    /// Their share of all whose fate is known.
    pub share: f64,
    /// How many began in an hour of the time in which these did.
    pub per_hour: f64,
}

impl RunResult {
    /// Requests that ended within the window.
    pub fn measured(&self) -> u64 {
        self.sketches.as_ref().map_or(self.outcomes.len() as u64, |sketches| sketches.count())
    }

    /// Output tokens per second of the replica.
    pub fn output_tok_s(&self) -> f64 {
        self.per_second(self.meter.tokens.output)
    }

    /// Prompt tokens, cached ones included, and output tokens per second of the replica.
    pub fn total_tok_s(&self) -> f64 {
        self.per_second(self.meter.tokens.prompt + self.meter.tokens.output)
    }

    /// Share of prompt tokens found in the prefix cache; `None` if there were none.
    pub fn hit_rate(&self) -> Option<f64> {
        let tokens = self.meter.tokens;
        (tokens.prompt > 0).then(|| tokens.cached as f64 / tokens.prompt as f64)
    }

    /// Where the window's time went, idle time included; that of all replicas together.
    pub fn time(&self) -> Breakdown {
        let busy = self.meter.busy();
        let window = self.window.seconds() * f64::from(self.replicas.max(1));
        let idle = window.saturating_sub(busy.total());
        busy + Breakdown::of(Bound::Idle, idle)
    }

    /// The tasks that ended within `deadline` of their start, of those that began within the
    /// window and, if any is left that did not end, at least so long before its end: the fate of
    /// all of them is known. `None` if there are none.
    pub fn within(&self, deadline: SimSpan) -> Option<InTime> {
        let has_all_ended = self.unended_starts.is_empty();
        let in_time = |start: SimTime| has_all_ended || start + deadline <= self.ended;
        let ended = self.task_starts.iter().zip(&self.task_spans);
        let known: Vec<_> = ended.filter(|(start, _)| in_time(**start)).collect();
        let unended = self.unended_starts.iter().filter(|start| in_time(**start)).count();
        let met = known.iter().filter(|(_, span)| **span <= deadline).count();
        let all = known.len() + unended;
        let unknown = if has_all_ended { SimSpan::ZERO } else { deadline };
        let hours = self.window.seconds().saturating_sub(unknown.seconds()).get() / 3600.0;
        (all > 0 && hours > 0.0)
            .then(|| InTime { share: met as f64 / all as f64, per_hour: met as f64 / hours })
    }

    fn per_second(&self, count: u64) -> f64 {
        let seconds = self.window.seconds().get();
        if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
    }

    /// Mean time that the answers to all calls of a task take together, in seconds, sub-agents'
    /// included; `None` if nothing was answered.
    pub fn answer_s_per_task(&self) -> Option<f64> {
        self.e2e().map(|e2e| e2e.mean / 1e3 * self.calls_per_task)
    }

    /// Tasks completed an hour, at the rate at which calls were answered within the window.
    ///
    /// Calls are far more numerous than tasks, so this converges long before a count of ended
    /// tasks does.
    pub fn tasks_per_hour(&self) -> f64 {
        let hours = self.window.seconds().get() / 3600.0;
        if hours > 0.0 && self.calls_per_task > 0.0 {
            self.measured() as f64 / self.calls_per_task / hours
        } else {
            0.0
        }
    }
}
