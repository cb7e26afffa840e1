//! A replica that is watched: when each request was admitted, and where time had gone by then.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::attributed::{Attributed, HbmTime};
use crate::cluster::run::{Account, Service};
use crate::cost::Breakdown;
use crate::serving::{Extent, Outcome, Replica, Request, RequestId, TooLong};
use crate::units::{SimSpan, SimTime};

/// What was seen of a replica since its last reset.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// The end of every step or stretch, and where all time had gone by then.
    marks: Vec<Mark>,
    /// Requests that ended, in that order.
    pub(super) calls: Vec<Seen>,
    /// When it was reset.
    pub(super) from: SimTime,
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

/// A request that ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) session: u64,
    pub(super) outcome: Outcome,
    pub(super) admitted: SimTime,
    /// Between its client and the engine.
    pub(super) way: SimSpan,
}

impl Log {
    /// Where time had gone at `time`, at which a step begins or ends.
    pub(super) fn spent(&self, time: SimTime) -> Spent {
        let later = self.marks.partition_point(|mark| mark.at <= time);
        later.checked_sub(1).map_or_else(Spent::default, |last| self.marks[last].spent)
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
    admitted: FxHashMap<RequestId, SimTime>,
    sessions: FxHashMap<RequestId, u64>,
}

impl<'a, 'l> Watched<'a, 'l> {
    /// `replica`, of which `log` is kept.
    pub fn new(replica: Replica<Attributed<'a>>, log: &'l mut Log) -> Self {
        Self {
            replica,
            log,
            waiting: VecDeque::new(),
            known: 0,
            admitted: FxHashMap::default(),
            sessions: FxHashMap::default(),
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
            self.admitted.insert(id, now);
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

    fn submit(&mut self, now: SimTime, request: Request, session: u64) -> Result<(), TooLong> {
        let (id, prompt) = (request.id, request.prompt);
        self.replica.submit(now, request)?;
        self.waiting.push_back((id, prompt));
        self.sessions.insert(id, session);
        self.start(now);
        Ok(())
    }

    fn next_time(&self) -> Option<SimTime> {
        self.replica.next_end()
    }

    fn advance(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        let before = done.len();
        self.replica.finish_step(now, done);
        let meter = self.replica.meter();
        let spent = Spent { parts: meter.busy(), hbm: HbmTime::of(meter.work()) };
        self.log.marks.push(Mark { at: now, spent });
        for &outcome in &done[before..] {
            let id = outcome.id;
            let admitted = self.admitted.remove(&id).expect("what ended was admitted");
            let session = self.sessions.remove(&id).expect("what ended was submitted");
            let way = self.dispatch() + self.reading(outcome.prompt);
            self.log.calls.push(Seen { session, outcome, admitted, way });
        }
        self.start(now);
    }

    fn reset(&mut self, now: SimTime) {
        self.replica.reset_meter(now);
        *self.log = Log { from: now, ..Log::default() };
        self.known = 0;
    }

    fn close(&mut self, now: SimTime) -> Account {
        self.replica.close(now)
    }
}
