//! Where the seconds of a task's life go, over its growing context.

use crate::cluster::{CallLife, Stay};
use crate::cost::Bound;
use crate::workload::Cause;

/// Along what a life is divided into stages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Along {
    /// The prompt of a call, in tokens.
    Context,
    /// The number of a call of the main agent, from 1.
    Calls,
}

impl Along {
    /// Where the first stage begins, and where stages end; the last has no end.
    const fn bounds(self) -> (u32, &'static [u32]) {
        match self {
            Self::Context => (0, &[8_000, 16_000, 32_000, 64_000, 96_000, 128_000]),
            Self::Calls => (1, &[6, 11, 21, 41, 81]),
        }
    }

    /// Where a call is; `None` if nowhere.
    fn of(self, life: &CallLife) -> Option<u32> {
        match self {
            Self::Context => Some(life.context),
            Self::Calls => life.number.map(|number| number + 1),
        }
    }
}

/// What a second of a task's life goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Weights on their way from HBM, and activations beside them.
    Weights,
    /// KV, or state, on its way from HBM.
    Kv,
    /// Arithmetic.
    Compute,
    /// Links between chips.
    Interconnect,
    /// Launches, floors, serial loops.
    Latency,
    /// The host: scheduling, sampling, tokenising, dispatching.
    Host,
    /// Waiting for room: for a slot, for pages, and prefilling again what had to make room.
    Capacity,
    /// A tool runs.
    Tool,
    /// A person reads, thinks and writes.
    Human,
}

impl Use {
    /// Every use, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Weights,
        Self::Kv,
        Self::Compute,
        Self::Interconnect,
        Self::Latency,
        Self::Host,
        Self::Capacity,
        Self::Tool,
        Self::Human,
    ];

    /// The key in JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Kv => "kv",
            Self::Compute => "compute",
            Self::Interconnect => "interconnect",
            Self::Latency => "latency",
            Self::Host => "host",
            Self::Capacity => "waiting_for_capacity",
            Self::Tool => "idle_tool",
            Self::Human => "idle_human",
        }
    }
}

/// Seconds by use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Uses([f64; Use::ALL.len()]);

impl Uses {
    /// Seconds that go to `what`.
    pub fn get(&self, what: Use) -> f64 {
        self.0[what as usize]
    }

    /// All of them.
    pub fn total(&self) -> f64 {
        self.0.iter().sum()
    }

    /// Each use's share of the total, all zero if there is none.
    pub fn shares(&self) -> Self {
        let total = self.total();
        if total > 0.0 { Self(self.0.map(|part| part / total)) } else { Self::default() }
    }

    /// With so many seconds more.
    #[must_use]
    pub fn plus(mut self, what: Use, seconds: f64) -> Self {
        self.add(what, seconds);
        self
    }

    pub(super) fn add(&mut self, what: Use, seconds: f64) {
        self.0[what as usize] += seconds;
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        for (part, more) in self.0.iter_mut().zip(other.0) {
            *part += more;
        }
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self(self.0.map(|part| part * factor))
    }

    fn of(stay: &Stay) -> Self {
        let mut uses = Self::default();
        let kv = stay.kv.get();
        for bound in Bound::ALL {
            let part = stay.parts[bound];
            match bound {
                Bound::Compute => uses.add(Use::Compute, part),
                Bound::HbmBandwidth => {
                    uses.add(Use::Kv, kv);
                    uses.add(Use::Weights, part - kv);
                }
                Bound::HbmCapacity | Bound::Idle => uses.add(Use::Capacity, part),
                Bound::Interconnect => uses.add(Use::Interconnect, part),
                Bound::Latency => uses.add(Use::Latency, part),
                Bound::Host => uses.add(Use::Host, part),
            }
        }
        uses
    }
}

/// A part of a task's life: the calls that are within a range of [`Along`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stage {
    /// Its beginning.
    pub from: u32,
    /// The first that is beyond it; `None` without end.
    pub to: Option<u32>,
    /// Calls of a task that are answered.
    pub calls: f64,
    /// Before the calls reach the batch, per task: pauses, dispatch, waiting.
    pub before: Uses,
    /// Prefill, per task.
    pub prefill: Uses,
    /// Decode, per task.
    pub decode: Uses,
}

impl Stage {
    /// All of it.
    pub fn total(&self) -> Uses {
        let mut sum = self.before;
        sum.add_all(&self.prefill);
        sum.add_all(&self.decode);
        sum
    }

    fn add(&mut self, life: &CallLife) {
        self.calls += f64::from(u8::from(life.is_answered));
        self.before.add_all(&before(life));
        self.prefill.add_all(&Uses::of(&life.prefill));
        self.decode.add_all(&Uses::of(&life.decode));
    }
}

/// What a call's seconds before the batch go to.
fn before(life: &CallLife) -> Uses {
    let pause = match life.cause {
        Cause::Tool => Use::Tool,
        Cause::User => Use::Human,
    };
    let mut uses = Uses::default();
    uses.add(pause, life.pause.get());
    uses.add(Use::Host, life.dispatch.get());
    uses.add(Use::Capacity, life.waiting.get());
    uses
}

/// What all seconds of a call go to.
pub(super) fn spent(life: &CallLife) -> Uses {
    let mut uses = before(life);
    uses.add_all(&Uses::of(&life.prefill));
    uses.add_all(&Uses::of(&life.decode));
    uses
}

/// A task's life in stages along `along`; stages that nothing is in are left out.
///
/// Seconds are those of an average task of `calls_per_task` calls, of all its agents together: all
/// that `lives` have in their window, over the tasks whose calls were answered there. By Little's
/// law that is the mean number of agents at work over the rate of tasks, however much of a life
/// lies outside of the window.
pub fn stages(lives: &[CallLife], along: Along, calls_per_task: f64) -> Vec<Stage> {
    let (mut from, ends) = along.bounds();
    let mut stages: Vec<Stage> = Vec::new();
    for to in ends.iter().copied().map(Some).chain([None]) {
        stages.push(Stage { from, to, ..Stage::default() });
        from = to.unwrap_or(from);
    }
    for life in lives {
        if let Some(place) = along.of(life) {
            stages[ends.partition_point(|&end| end <= place)].add(life);
        }
    }
    stages.retain(|stage| stage.calls > 0.0 || stage.total().total() > 0.0);
    let answered = lives.iter().filter(|life| life.is_answered).count();
    let scale = calls_per_task / answered.max(1) as f64;
    for stage in &mut stages {
        stage.calls *= scale;
        for uses in [&mut stage.before, &mut stage.prefill, &mut stage.decode] {
            *uses = uses.scaled(scale);
        }
    }
    stages
}

/// The seconds of all stages.
pub fn whole_life(stages: &[Stage]) -> Uses {
    let mut sum = Uses::default();
    for stage in stages {
        sum.add_all(&stage.total());
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Breakdown;
    use crate::units::Seconds;

    fn call(context: u32, number: Option<u32>, cause: Cause) -> CallLife {
        let mut parts = Breakdown::of(Bound::HbmBandwidth, Seconds::new(3.0));
        parts[Bound::Compute] = 1.0;
        let stay = Stay { parts, kv: Seconds::new(2.0) };
        let [pause, dispatch, waiting] = [10.0, 0.5, 1.5].map(Seconds::new);
        CallLife {
            task: 1,
            context,
            number,
            is_answered: true,
            cause,
            pause,
            dispatch,
            waiting,
            prefill: stay,
            decode: stay,
        }
    }

    #[test]
    fn every_second_has_a_use_and_a_stage() {
        let lives = [
            call(7_999, Some(0), Cause::User),
            call(8_000, Some(5), Cause::Tool),
            call(500_000, None, Cause::Tool),
        ];
        // A task of six calls has each of these twice.
        let by_context = stages(&lives, Along::Context, 6.0);
        let ends: Vec<_> = by_context.iter().map(|stage| stage.to).collect();
        assert_eq!(ends, [Some(8_000), Some(16_000), None]);
        let all = whole_life(&by_context);
        assert!((all.total() - 2.0 * 3.0 * 20.0).abs() < 1e-9);
        assert!((all.get(Use::Kv) - 2.0 * 3.0 * 4.0).abs() < 1e-9);
        assert!((all.get(Use::Weights) - 2.0 * 3.0 * 2.0).abs() < 1e-9);
        assert!((all.get(Use::Tool) - 40.0).abs() < 1e-9);
        assert!((all.get(Use::Human) - 20.0).abs() < 1e-9);
        let shares: f64 = Use::ALL.iter().map(|&what| all.shares().get(what)).sum();
        assert!((shares - 1.0).abs() < 1e-12);
        // The sixth call is in the second stage, a sub-agent's in none.
        let by_call = stages(&lives, Along::Calls, 6.0);
        let ranges: Vec<_> = by_call.iter().map(|stage| (stage.from, stage.to)).collect();
        assert_eq!(ranges, [(1, Some(6)), (6, Some(11))]);
        assert!((whole_life(&by_call).total() - 2.0 * 2.0 * 20.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_under_way_counts_with_its_seconds_alone() {
        let half = CallLife { is_answered: false, ..call(100, Some(0), Cause::Tool) };
        let stages = stages(&[call(100, Some(0), Cause::Tool), half], Along::Context, 3.0);
        assert!((stages[0].calls - 3.0).abs() < 1e-12);
        assert!((stages[0].total().total() - 3.0 * 2.0 * 20.0).abs() < 1e-9);
    }

    #[test]
    fn no_calls_have_no_life() {
        assert!(stages(&[], Along::Context, 5.0).is_empty());
        assert_eq!(whole_life(&[]).shares(), Uses::default());
    }
}
