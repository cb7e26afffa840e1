//! A cheap model first: tasks that it does not complete are done again by a better one.

use std::borrow::Cow;

use super::task::{After, At, Call, Event, Task};
use crate::des::Streams;
use crate::units::SimSpan;

/// `tasks`, of which the share `rate` is [handed on](Task::handed_on).
///
/// Which ones depends on the seed and on their number alone: those of a lower rate are among those
/// of a higher one, and no other stream notices.
pub fn escalating<'a>(
    tasks: impl Iterator<Item = Cow<'a, Task>> + 'a,
    rate: f64,
    streams: Streams,
) -> impl Iterator<Item = Cow<'a, Task>> + 'a {
    (0..).zip(tasks).map(move |(number, task)| {
        if streams.named("escalation", number).unit() < rate {
            Cow::Owned(task.into_owned().handed_on())
        } else {
            task
        }
    })
}

impl Task {
    /// Whether some of its calls go to a better model than the first.
    pub fn is_escalated(&self) -> bool {
        // A better model has the last word.
        self.chains.first().and_then(|main| main.calls.last()).is_some_and(|call| call.model > 0)
    }

    /// The same task, which a better model does again from its beginning once the main agent has
    /// ended: the same calls and sub-agents, with the same gaps between them.
    pub fn handed_on(mut self) -> Self {
        let copies = self.chains.len() as u32;
        // The main agent goes on in its chain; copies of the others are new ones.
        let moved = |chain: u32| if chain == 0 { 0 } else { copies + chain - 1 };
        let first = self.chains[0].calls.len() as u32;
        let place = |at: At| At {
            chain: moved(at.chain),
            call: if at.chain == 0 { first + at.call } else { at.call },
        };
        let ended = Event::Answered(At { chain: 0, call: first.saturating_sub(1) });
        let again = |call: &Call| Call {
            spawns: call.spawns.iter().map(|&chain| moved(chain)).collect(),
            waits_for: call.waits_for.iter().map(|&chain| moved(chain)).collect(),
            after: call.after.iter().map(|after| after.again(ended, place)).collect(),
            at: None,
            model: 1,
            ..call.clone()
        };
        let mut better: Vec<_> = self.chains.clone();
        for chain in &mut better {
            chain.calls = chain.calls.iter().map(again).collect();
        }
        let mut better = better.into_iter();
        let mut main = better.next().expect("a task has a main agent");
        if let Some(call) = main.calls.first_mut() {
            // Nobody thinks before it is tried again.
            call.gap = SimSpan::ZERO;
        }
        self.chains[0].calls.append(&mut main.calls);
        self.chains.extend(better);
        self
    }
}

impl After {
    /// What the same call waits for when all is done again after `ended`.
    fn again(self, ended: Event, place: impl Fn(At) -> At) -> Self {
        let event = match self.event {
            Event::Start => ended,
            Event::Sent(at) => Event::Sent(place(at)),
            Event::Answered(at) => Event::Answered(place(at)),
        };
        Self { event, ..self }
    }
}
