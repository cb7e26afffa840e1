//! The life of a call, from the log of the replica that answered it.

use super::watched::{Log, Seen};
use crate::cost::{Bound, Breakdown};
use crate::units::{Seconds, SimTime};
use crate::workload::Cause;

/// Time spent in the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stay {
    /// By what held the batch back.
    pub parts: Breakdown,
    /// The part of `hbm_bandwidth` that went to KV; the rest went to weights.
    pub kv: Seconds,
}

/// What of a call's life lies within the window: its parts add up to the time there from the end of
/// what came before to its own end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallLife {
    /// The number of its task in the run, from 1.
    pub task: u64,
    /// Its prompt, in tokens.
    pub context: u32,
    /// Its place among the calls of its task's main agent, from 0; `None` for sub-agents' calls.
    pub number: Option<u32>,
    /// Whether it was answered in the window; if not it was under way when that ended.
    pub is_answered: bool,
    /// What came before it: a tool, or a person.
    pub cause: Cause,
    /// How long that took.
    pub pause: Seconds,
    /// Between client and engine: reading, tokenising, dispatching.
    pub dispatch: Seconds,
    /// From there to its admission: for a slot, for pages, for the step under way to end.
    pub waiting: Seconds,
    /// From there to its first token.
    pub prefill: Stay,
    /// From there to its last token.
    pub decode: Stay,
}

impl CallLife {
    /// All of it.
    pub fn total(&self) -> Seconds {
        let batch = self.prefill.parts.total() + self.decode.parts.total();
        self.pause + self.dispatch + self.waiting + batch
    }
}

/// The lives of the calls that were answered or under way within `log`; `answered` says how many
/// calls of the main agent of a task, by its number in the run, came before the run.
pub fn lives(log: &Log, answered: impl Fn(u64) -> u32) -> Vec<CallLife> {
    let of = |seen: &Seen| {
        let before = || seen.next.call + answered(seen.task);
        life(log, seen, (seen.agent.chain == 0).then(before))
    };
    log.calls.iter().map(of).collect()
}

fn life(log: &Log, seen: &Seen, number: Option<u32>) -> CallLife {
    let within = |time: SimTime| time.max(log.from).min(log.to);
    let reached = |time: Option<SimTime>| within(time.unwrap_or(log.to));
    let [paused, sent] = [seen.paused, seen.sent].map(within);
    let [arrived, admitted, first, end] =
        [seen.arrived, seen.admitted, seen.first_token, seen.end].map(reached);
    CallLife {
        task: seen.task,
        context: seen.next.prompt,
        number,
        is_answered: seen.end.is_some(),
        cause: seen.cause,
        pause: sent.since(paused).seconds(),
        dispatch: arrived.since(sent).seconds(),
        waiting: admitted.since(arrived).seconds(),
        prefill: stay(log, admitted, first),
        decode: stay(log, first, end),
    }
}

/// What was spent from `from` to `to`.
fn stay(log: &Log, from: SimTime, to: SimTime) -> Stay {
    let time = to.since(from).seconds();
    if time.is_zero() {
        return Stay::default();
    }
    let (before, mut after) = (log.spent(from), log.spent(to));
    let mut parts = between(&before.parts, &after.parts);
    let mut hbm = before.hbm;
    if parts.total().is_zero() {
        // Within a step that the window's end cuts: as all steps on average.
        (after, hbm) = (log.spent(log.to), super::HbmTime::default());
        parts = after.parts;
    }
    let sum = parts.total().get();
    if sum == 0.0 {
        return Stay { parts: Breakdown::of(Bound::Idle, time), kv: Seconds::ZERO };
    }
    // Steps end at whole picoseconds, and are counted in fractions of them.
    let parts = parts.scaled(time.get() / sum);
    let of = |to: Seconds, from: Seconds| to.saturating_sub(from).get();
    let (kv, all) = (of(after.hbm.kv, hbm.kv), of(after.hbm.all, hbm.all));
    let share = if all > 0.0 { (kv / all).min(1.0) } else { 0.0 };
    Stay { parts, kv: Seconds::new(parts[Bound::HbmBandwidth] * share) }
}

fn between(from: &Breakdown, to: &Breakdown) -> Breakdown {
    let mut parts = Breakdown::default();
    for bound in Bound::ALL {
        parts[bound] = (to[bound] - from[bound]).max(0.0);
    }
    parts
}
