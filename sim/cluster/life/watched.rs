//! A replica that is watched: what each agent does when, and where time had gone by then.

use std::collections::{BTreeMap, VecDeque};

use super::attributed::{Attributed, HbmTime};
use crate::cluster::run::{Account, Agent, News, Next, Service};
use crate::cost::Breakdown;
use crate::serving::{Extent, Outcome, Replica, Request, RequestId, TooLong};
use crate::units::{SimSpan, SimTime};
use crate::workload::Cause;

/// What was seen of a replica from its last reset to its close.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The end of every step or stretch, and where all time had gone by then.
    marks: Vec<Mark>,
    /// Calls that ended, in that order, then those that were under way at the close.
    pub(super) calls: Vec<Seen>,
    /// When it was reset.
    pub(super) from: SimTime,
    /// When it was closed.
    pub(super) to: SimTime,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    at: SimTime,
    spent: Spent,
}

/// Time since the last reset, by cause.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    pub(super) parts: Breakdown,
    pub(super) hbm: HbmTime,
}

/// A call and the pause before it, from state to state; `None` for those that it did not reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) agent: Agent,
    /// The task's number in the run, from 1.
    pub(super) task: u64,
    /// What it waited for before it was sent.
    pub(super) cause: Cause,
    pub(super) next: Next,
    /// When that began.
    pub(super) paused: SimTime,
    /// When it ended, or would have.
    pub(super) sent: SimTime,
    /// At the engine.
    pub(super) arrived: Option<SimTime>,
    pub(super) admitted: Option<SimTime>,
    pub(super) first_token: Option<SimTime>,
    pub(super) end: Option<SimTime>,
}

impl Log {
    /// Where time had gone at `time`, at which a step begins or ends.
    pub(super) fn spent(&self, time: SimTime) -> Spent {
        let later = self.marks.partition_point(|mark| mark.at <= time);
        later.checked_sub(1).map_or_else(Spent::default, |last| self.marks[last].spent)
    }

    fn mark(&mut self, at: SimTime, replica: &Replica<Attributed>) {
        let meter = replica.meter();
        let spent = Spent { parts: meter.busy(), hbm: HbmTime::of(meter.work()) };
        self.marks.push(Mark { at, spent });
    }
}

/// A replica that is watched.
pub struct Watched<'a, 'l> {
    replica: Replica<Attributed<'a>>,
    log: &'l mut Log,
    /// Requests that wait for their first admission, in order.
    waiting: VecDeque<(RequestId, u32)>,
    /// Prompt tokens admitted since the reset, as far as their requests are known.
    known: u64,
    /// Who sends the request that comes next.
    caller: Option<Agent>,
    /// Agents in a pause, or with a call on its way to the engine.
    paused: BTreeMap<Agent, Seen>,
    /// Requests in the engine.
    open: BTreeMap<RequestId, Seen>,
}

impl<'a, 'l> Watched<'a, 'l> {
    /// `replica`, of which `log` is kept.
    pub fn new(replica: Replica<Attributed<'a>>, log: &'l mut Log) -> Self {
        Self {
            replica,
            log,
            waiting: VecDeque::new(),
            known: 0,
            caller: None,
            paused: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    /// Starts a step, and sees who was admitted: requests are for the first time in order of
    /// arrival, and each adds its prompt to what is counted.
    fn start(&mut self, now: SimTime) {
        self.replica.start_step(now);
        let counted = self.replica.meter().tokens.prompt;
        while self.known < counted
            && let Some((id, prompt)) = self.waiting.pop_front()
        {
            self.known += u64::from(prompt);
            self.open.get_mut(&id).expect("what is admitted was submitted").admitted = Some(now);
        }
        debug_assert_eq!(self.known, counted, "first admissions are in order of arrival");
    }
}

impl Service for Watched<'_, '_> {
    fn dispatch(&self) -> SimSpan {
        self.replica.dispatch()
    }

    fn reading(&self, prompt: u32) -> SimSpan {
        self.replica.reading(prompt)
    }

    fn copied(&mut self, content: &[Extent]) -> Vec<Extent> {
        self.replica.copied(content)
    }

    fn hear(&mut self, now: SimTime, news: News) {
        match news {
            News::Pauses { agent, task, until, cause, next } => {
                let seen = Seen {
                    agent,
                    task,
                    cause,
                    next,
                    paused: now,
                    sent: until,
                    arrived: None,
                    admitted: None,
                    first_token: None,
                    end: None,
                };
                self.paused.insert(agent, seen);
            }
            News::Calls { agent, .. } => self.caller = Some(agent),
            News::Ends { .. } => {}
        }
    }

    fn submit(&mut self, now: SimTime, request: Request, _: u64) -> Result<(), TooLong> {
        let (id, prompt) = (request.id, request.prompt);
        let caller = self.caller.take().and_then(|agent| self.paused.remove(&agent));
        let seen = caller.expect("a call comes after a pause, if of no length");
        self.replica.submit(now, request)?;
        self.waiting.push_back((id, prompt));
        self.open.insert(id, Seen { arrived: Some(now), ..seen });
        self.start(now);
        Ok(())
    }

    fn next_time(&self) -> Option<SimTime> {
        self.replica.next_end()
    }

    fn advance(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        let before = done.len();
        self.replica.finish_step(now, done);
        self.log.mark(now, &self.replica);
        for outcome in &done[before..] {
            let seen = self.open.remove(&outcome.id).expect("what ended was submitted");
            let (first_token, end) = (Some(outcome.first_token), Some(outcome.end));
            self.log.calls.push(Seen { first_token, end, ..seen });
        }
        self.start(now);
    }

    fn reset(&mut self, now: SimTime) {
        self.replica.reset_meter(now);
        *self.log = Log { from: now, ..Log::default() };
        self.known = 0;
    }

    fn close(&mut self, now: SimTime) -> Account {
        let account = self.replica.close(now);
        self.log.mark(now, &self.replica);
        self.log.to = now;
        for (id, at) in self.replica.begun() {
            if let Some(seen) = self.open.get_mut(&id) {
                seen.first_token = Some(at);
            }
        }
        let left = std::mem::take(&mut self.open).into_values();
        self.log.calls.extend(left.chain(std::mem::take(&mut self.paused).into_values()));
        account
    }
}
