//! The life of a call, from the log of the replica that answered it.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use super::watched::{Log, Seen, Spent};
use crate::cost::{Bound, Breakdown};
use crate::units::{Seconds, SimSpan};
use crate::workload::{Call, Cause, Task};

/// Time spent in the batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stay {
    /// By what held the batch back.
    pub parts: Breakdown,
    /// The part of `hbm_bandwidth` that went to KV; the rest went to weights.
    pub kv: Seconds,
}

/// A call's life: its parts add up to the time from the end of what came before to its own end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CallLife {
    /// Its prompt, in tokens.
    pub context: u32,
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

/// The lives of the calls that were sent and answered within `log`; `tasks` are those of the run,
/// in order, each with the time for which it had been idle when the run began.
pub fn lives<T: Borrow<Task>>(
    log: &Log,
    tasks: impl Iterator<Item = (T, SimSpan)>,
) -> Vec<CallLife> {
    let mut sessions: BTreeMap<u64, Vec<&Seen>> = BTreeMap::new();
    for seen in log.calls.iter().filter(|seen| seen.outcome.arrival >= log.from) {
        sessions.entry(seen.session).or_default().push(seen);
    }
    let last = sessions.last_key_value().map_or(0, |(&last, _)| last);
    let mut lives = Vec::new();
    // Tasks are numbered from 1.
    for (number, (task, idle)) in (1..=last).zip(tasks) {
        let Some(mut seen) = sessions.remove(&number) else { continue };
        seen.sort_by_key(|seen| (seen.outcome.arrival, seen.outcome.id));
        let mut calls: Vec<(usize, &Call)> = task.borrow().calls().enumerate().collect();
        for seen in seen {
            let is_it = |(_, call): &(usize, &Call)| {
                (call.prompt, call.output) == (seen.outcome.prompt, seen.outcome.output)
            };
            let Some(place) = calls.iter().position(is_it) else { continue };
            let (number, call) = calls.remove(place);
            // The pause before the first call was under way when the run began.
            let before = if number == 0 { idle } else { SimSpan::ZERO };
            lives.push(life(log, seen, call, call.gap + before));
        }
    }
    lives
}

fn life(log: &Log, seen: &Seen, call: &Call, pause: SimSpan) -> CallLife {
    let outcome = &seen.outcome;
    let until = seen.admitted.since(outcome.arrival).seconds();
    let [admitted, first, end] =
        [seen.admitted, outcome.first_token, outcome.end].map(|time| log.spent(time));
    CallLife {
        context: outcome.prompt,
        cause: call.cause,
        pause: pause.seconds(),
        dispatch: seen.way.seconds(),
        waiting: until.saturating_sub(seen.way.seconds()),
        prefill: stay(&admitted, &first, outcome.ttft().seconds().saturating_sub(until)),
        decode: stay(&first, &end, outcome.end.since(outcome.first_token).seconds()),
    }
}

/// What was spent from `from` to `to`, which took `time`.
fn stay(from: &Spent, to: &Spent, time: Seconds) -> Stay {
    let mut parts = Breakdown::default();
    for bound in Bound::ALL {
        parts[bound] = (to.parts[bound] - from.parts[bound]).max(0.0);
    }
    let sum = parts.total().get();
    if sum == 0.0 {
        return Stay::default();
    }
    // Steps end at whole picoseconds, and are counted in fractions of them.
    let parts = parts.scaled(time.get() / sum);
    let of = |to: Seconds, from: Seconds| to.saturating_sub(from).get();
    let (kv, all) = (of(to.hbm.kv, from.hbm.kv), of(to.hbm.all, from.hbm.all));
    let share = if all > 0.0 { (kv / all).min(1.0) } else { 0.0 };
    Stay { parts, kv: Seconds::new(parts[Bound::HbmBandwidth] * share) }
}
