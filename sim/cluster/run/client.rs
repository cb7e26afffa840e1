//! The tasks in flight, and when each sends its next call.

use std::borrow::Borrow;

use smallvec::SmallVec;

use super::graph::Pending;
use crate::serving::RequestId;
use crate::units::{SimSpan, SimTime};
use crate::workload::{At, Call, Cause, Chain, Event, Task};

/// Names one call of a task in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallRef {
    /// The task's slot.
    pub(super) slot: u32,
    /// Index into its chains.
    pub(super) chain: u32,
    /// Index into the chain's calls.
    pub(super) call: u32,
}

impl CallRef {
    /// Its place in the task.
    const fn place(self) -> At {
        At { chain: self.chain, call: self.call }
    }
}

/// Whoever sends calls one after another: a chain of a task in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Agent {
    /// The task's slot, which another task has once it is over.
    pub slot: u32,
    /// The chain.
    pub chain: u32,
    /// The call, where calls of a chain overlap because each is sent at its timestamp; else 0.
    pub call: u32,
}

/// What clients do, for whoever draws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// The call sent next is the request `id` of the task numbered `task`.
    Calls {
        /// Who sends it.
        agent: Agent,
        /// The task's number in the run, from 1.
        task: u64,
        /// The request.
        id: RequestId,
    },
    /// Until `until` a tool runs, or a person thinks.
    Pauses {
        /// Who waits for it.
        agent: Agent,
        /// The task's number in the run, from 1.
        task: u64,
        /// When it ends.
        until: SimTime,
        /// Which of the two.
        cause: Cause,
        /// What comes after it.
        next: Next,
    },
    /// Nothing more comes of it.
    Ends {
        /// Of whom.
        agent: Agent,
    },
}

/// The call that a pause leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// Its place among the calls of its chain, from 0.
    pub call: u32,
    /// Its prompt, in tokens.
    pub prompt: u32,
}

/// A call and the time at which it is to be sent.
pub(super) type Send = (SimTime, CallRef);

/// What the end of a call leads to.
#[derive(Debug, Default)]
pub(super) struct Consequences {
    /// Calls to send.
    pub(super) sends: Vec<Send>,
    /// Whether that was the task's last call.
    pub(super) has_ended: bool,
}

/// A task in flight.
#[derive(Debug)]
pub(super) struct ActiveTask<T> {
    /// The task, owned or lent: many runs may share one.
    task: T,
    /// Its number among all tasks of the run.
    pub(super) number: u64,
    pub(super) started: SimTime,
    chains: SmallVec<[Progress; 2]>,
    /// Calls are sent at their timestamps, not after one another.
    by_timestamp: bool,
    /// What calls wait for besides their chains, where the task is a graph.
    pending: Option<Box<Pending>>,
    pub(super) has_failed: bool,
    /// Whether it goes on to a better model.
    pub(super) is_escalated: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Calls answered, or given up.
    answered: u32,
    state: State,
}

/// Where an agent stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Not spawned.
    #[default]
    Dormant,
    /// A call is under way, or its gap is.
    Active,
    /// The next call waits for sub-agents, or for other events of its task.
    Blocked,
    /// No call is left.
    Ended,
}

impl<T: Borrow<Task>> ActiveTask<T> {
    pub(super) fn new(task: T, number: u64, started: SimTime, by_timestamp: bool) -> Self {
        let chains = SmallVec::from_elem(Progress::default(), task.borrow().chains.len());
        let pending = if by_timestamp { None } else { Pending::of(task.borrow()) };
        let is_escalated = task.borrow().is_escalated();
        let has_failed = false;
        Self { task, number, started, chains, by_timestamp, pending, has_failed, is_escalated }
    }

    /// Who sends the call `at`.
    pub(super) fn agent(&self, at: CallRef) -> Agent {
        Agent { slot: at.slot, chain: at.chain, call: if self.by_timestamp { at.call } else { 0 } }
    }

    /// Whether the agent of the call `at`, which has ended, is over.
    pub(super) fn has_left(&self, at: CallRef) -> bool {
        self.by_timestamp || self.is_over(at.chain)
    }

    pub(super) fn call(&self, at: CallRef) -> &Call {
        &self.chain(at.chain).calls[at.call as usize]
    }

    fn chain(&self, chain: u32) -> &Chain {
        &self.task.borrow().chains[chain as usize]
    }

    /// The calls that the task's start leads to are added to `then`.
    pub(super) fn start(&mut self, slot: u32, then: &mut Consequences) {
        self.happens(Event::Start, (self.started, self.started), slot, then);
        for chain in 0..self.chains.len() as u32 {
            if self.by_timestamp {
                self.send_by_timestamp(slot, chain, then);
            } else if chain == 0 || self.needs_no_spawn(chain) {
                self.send_or_end(slot, chain, self.started, then);
            }
        }
    }

    /// Whether a chain begins by itself, once what it waits for has happened.
    fn needs_no_spawn(&self, chain: u32) -> bool {
        self.chain(chain).calls.first().is_some_and(|call| !call.after.is_empty())
    }

    /// Notes at `now` that a call is sent at `time`; what waited for that is added to `then`.
    pub(super) fn on_sent(
        &mut self,
        at: CallRef,
        time: SimTime,
        now: SimTime,
        then: &mut Consequences,
    ) {
        self.happens(Event::Sent(at.place()), (time, now), at.slot, then);
    }

    /// Lets go on, from `now` on, what an event at `time` was the last to hold back.
    fn happens(
        &mut self,
        event: Event,
        (time, now): (SimTime, SimTime),
        slot: u32,
        then: &mut Consequences,
    ) {
        let Some(pending) = &mut self.pending else { return };
        for At { chain, call } in pending.happens(event, time) {
            let Progress { answered, state } = self.chains[chain as usize];
            if state == State::Blocked && answered == call {
                self.send_or_end(slot, chain, now, then);
            }
        }
    }

    /// Ends a chain whose call was rejected; what waited for any of it goes on without.
    fn give_up(&mut self, at: CallRef, now: SimTime, then: &mut Consequences) {
        self.chains[at.chain as usize].state = State::Ended;
        self.unblock(at.slot, now, then);
        if self.pending.is_none() {
            return;
        }
        for call in at.call..self.chain(at.chain).calls.len() as u32 {
            let place = At { chain: at.chain, call };
            self.happens(Event::Sent(place), (now, now), at.slot, then);
            self.happens(Event::Answered(place), (now, now), at.slot, then);
        }
    }

    /// Books the end of a call at `now`, and in `then` what it leads to; a rejected one ends its
    /// chain.
    pub(super) fn on_end(
        &mut self,
        at: CallRef,
        now: SimTime,
        is_rejected: bool,
        then: &mut Consequences,
    ) {
        self.has_failed |= is_rejected;
        self.chains[at.chain as usize].answered += 1;
        if self.by_timestamp {
            self.end_if_answered(at.chain);
        } else if is_rejected {
            self.give_up(at, now, then);
        } else {
            self.happens(Event::Answered(at.place()), (now, now), at.slot, then);
            for spawned in self.call(at).spawns.clone() {
                self.send_or_end(at.slot, spawned, now, then);
            }
            self.send_or_end(at.slot, at.chain, now, then);
        }
        // What a failed agent did not spawn never starts.
        then.has_ended = (0..self.chains.len() as u32).all(|chain| self.is_over(chain));
    }

    /// Sends the next call of `chain` after its gap, or ends the chain.
    fn send_or_end(&mut self, slot: u32, chain: u32, now: SimTime, then: &mut Consequences) {
        let index = self.chains[chain as usize].answered;
        let Some(call) = self.chain(chain).calls.get(index as usize) else {
            self.chains[chain as usize].state = State::Ended;
            self.unblock(slot, now, then);
            return;
        };
        let pending = self.pending.as_ref();
        let time = match pending.and_then(|pending| pending.of_call(At { chain, call: index })) {
            Some(waiting) => waiting.ready().map(|ready| ready.max(now)),
            None => Some(now + call.gap),
        };
        let joined = call.waits_for.iter().all(|&other| self.is_over(other));
        if let Some(time) = time.filter(|_| joined) {
            then.sends.push((time, CallRef { slot, chain, call: index }));
            self.chains[chain as usize].state = State::Active;
        } else {
            self.chains[chain as usize].state = State::Blocked;
        }
    }

    /// Sends what waited for a chain that has ended.
    fn unblock(&mut self, slot: u32, now: SimTime, then: &mut Consequences) {
        for chain in 0..self.chains.len() as u32 {
            if self.chains[chain as usize].state == State::Blocked {
                self.send_or_end(slot, chain, now, then);
            }
        }
    }

    fn send_by_timestamp(&mut self, slot: u32, chain: u32, then: &mut Consequences) {
        let mut previous = SimSpan::ZERO;
        for (index, call) in self.chain(chain).calls.iter().enumerate() {
            previous = call.at.unwrap_or(previous + call.gap);
            let at = CallRef { slot, chain, call: index as u32 };
            then.sends.push((self.started + previous, at));
        }
        self.chains[chain as usize].state = State::Active;
        self.end_if_answered(chain);
    }

    fn end_if_answered(&mut self, chain: u32) {
        let calls = self.chain(chain).calls.len();
        let progress = &mut self.chains[chain as usize];
        if progress.answered as usize == calls {
            progress.state = State::Ended;
        }
    }

    /// Whether nothing more will come of `chain`.
    fn is_over(&self, chain: u32) -> bool {
        match self.chains[chain as usize].state {
            State::Ended => true,
            State::Dormant => self.has_failed,
            State::Active | State::Blocked => false,
        }
    }
}
