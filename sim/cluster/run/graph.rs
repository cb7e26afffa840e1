//! What the calls of a graph still wait for.

use std::collections::BTreeMap;

use crate::units::{SimSpan, SimTime};
use crate::workload::{At, Event, Task};

/// The events of a task in flight that have not happened, and the calls that they hold back.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Whom an event lets go on, and how long after it.
    held: BTreeMap<Event, Vec<(At, SimSpan)>>,
    /// Every call that waits, or has waited, for events.
    calls: BTreeMap<At, Waiting>,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    /// Events that have not happened.
    left: u32,
    /// When it may be sent, by those that have.
    ready: SimTime,
}

impl Waiting {
    /// When it may be sent, if nothing holds it back any more.
    pub(super) fn ready(self) -> Option<SimTime> {
        (self.left == 0).then_some(self.ready)
    }
}

impl Pending {
    /// All that `task` waits for at its start; none if it is no graph.
    pub(super) fn of(task: &Task) -> Option<Box<Self>> {
        if !task.is_graph() {
            return None;
        }
        let mut pending = Self::default();
        for (chain, calls) in (0..).zip(&task.chains) {
            for (call, waiting) in (0..).zip(&calls.calls) {
                let at = At { chain, call };
                for after in &waiting.after {
                    pending.held.entry(after.event).or_default().push((at, after.delay));
                }
                let left = waiting.after.len() as u32;
                if left > 0 {
                    pending.calls.insert(at, Waiting { left, ready: SimTime::ZERO });
                }
            }
        }
        Some(Box::new(pending))
    }

    /// What `at` waits for; none if that is its own chain alone.
    pub(super) fn of_call(&self, at: At) -> Option<Waiting> {
        self.calls.get(&at).copied()
    }

    /// Notes that an event happens at `time`, and returns the calls that nothing else holds back.
    pub(super) fn happens(&mut self, event: Event, time: SimTime) -> Vec<At> {
        let held = self.held.remove(&event).unwrap_or_default();
        let mut free = Vec::new();
        for (at, delay) in held {
            let waiting = self.calls.get_mut(&at).expect("it waits for the event");
            waiting.left -= 1;
            waiting.ready = waiting.ready.max(time + delay);
            if waiting.left == 0 {
                free.push(at);
            }
        }
        free
    }
}
