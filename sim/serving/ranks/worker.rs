//! A replica of a fleet, whose ranks share every sequence or have their own.

use std::borrow::Cow;

use super::{Convoy, RankFigures};
use crate::cost::Pricer;
use crate::serving::kv::Below;
use crate::serving::{Extent, Meter, Migrant, Note, Outcome, Replica, Request, RequestId, TooLong};
use crate::units::{SimSpan, SimTime};

/// One replica of a fleet. Its groups of ranks are numbered from 0; where they share every
/// sequence there is one.
#[derive(Debug)]
pub enum Worker<P> {
    /// All ranks share every sequence.
    Whole(Box<Replica<P>>),
    /// Each group of ranks has its own, and all go in lockstep.
    Ranks(Box<Convoy<P>>),
}

impl<P> From<Replica<P>> for Worker<P> {
    fn from(replica: Replica<P>) -> Self {
        Self::Whole(Box::new(replica))
    }
}

impl<P> From<Convoy<P>> for Worker<P> {
    fn from(convoy: Convoy<P>) -> Self {
        Self::Ranks(Box::new(convoy))
    }
}

impl<P: Pricer> Worker<P> {
    /// The same, every group of which is what `change` makes of it.
    #[must_use]
    pub fn map(self, change: impl Fn(Replica<P>) -> Replica<P>) -> Self {
        match self {
            Self::Whole(replica) => change(*replica).into(),
            Self::Ranks(mut convoy) => {
                let ranks = std::mem::take(&mut convoy.ranks).into_iter();
                convoy.ranks = ranks.map(change).collect();
                Self::Ranks(convoy)
            }
        }
    }

    /// Its groups.
    pub fn groups(&self) -> &[Replica<P>] {
        match self {
            Self::Whole(replica) => std::slice::from_ref(replica),
            Self::Ranks(convoy) => &convoy.ranks,
        }
    }

    /// The same, to be asked for what no step under way changes.
    pub fn groups_mut(&mut self) -> &mut [Replica<P>] {
        match self {
            Self::Whole(replica) => std::slice::from_mut(replica),
            Self::Ranks(convoy) => &mut convoy.ranks,
        }
    }

    /// The group numbered `rank`, to be told something at `now`: the step that is under way is the
    /// last of its stretch for all of them.
    pub fn group(&mut self, now: SimTime, rank: usize) -> &mut Replica<P> {
        match self {
            Self::Whole(replica) => replica,
            Self::Ranks(convoy) => {
                convoy.observe(now);
                &mut convoy.ranks[rank]
            }
        }
    }

    /// The group that a prompt of this content and so many tokens goes to if it comes at `now`,
    /// while `bound` sequences are on their way to each.
    pub fn next(
        &mut self,
        now: SimTime,
        prompt: (&[Extent], u32),
        bound: &dyn Fn(usize) -> usize,
    ) -> usize {
        match self {
            Self::Whole(_) => 0,
            Self::Ranks(convoy) => convoy.next(now, prompt, bound),
        }
    }

    /// Counts a request that goes to the group numbered `rank`.
    pub fn note_sent(&mut self, rank: usize) {
        if let Self::Ranks(convoy) = self {
            convoy.note_sent(rank);
        }
    }

    /// Queues a request at the group numbered `rank`, unless it could never fit.
    pub fn submit(&mut self, now: SimTime, rank: usize, request: Request) -> Result<(), TooLong> {
        match self {
            Self::Whole(replica) => replica.submit(now, request),
            Self::Ranks(convoy) => convoy.submit_to(now, rank, request),
        }
    }

    /// Whether a sequence of `tokens` tokens could ever be served.
    pub fn check(&self, tokens: u32) -> Result<(), TooLong> {
        self.groups()[0].check(tokens)
    }

    /// The same if it had `pages` pages.
    pub fn check_in(&self, tokens: u32, pages: u64) -> Result<(), TooLong> {
        let groups = self.groups();
        groups[0].check_in(tokens, pages / groups.len() as u64)
    }

    /// What a request waits between its client and its queue.
    pub fn dispatch(&self) -> SimSpan {
        self.groups()[0].dispatch()
    }

    /// What a request of `prompt` tokens waits there besides.
    pub fn reading(&self, prompt: u32) -> SimSpan {
        self.groups()[0].reading(prompt)
    }

    /// Starts a step, or a stretch of steps, if none is under way and there is work; what is
    /// admitted may find pages in the stores `below`.
    pub fn start_step_over<B: Below>(&mut self, now: SimTime, below: &mut B) {
        match self {
            Self::Whole(replica) => replica.start_step_over(now, below),
            Self::Ranks(convoy) => convoy.start_step_over(now, below),
        }
    }

    /// When what is under way ends, or would end if nobody told it anything before.
    pub fn next_end(&self) -> Option<SimTime> {
        match self {
            Self::Whole(replica) => replica.next_end(),
            Self::Ranks(convoy) => convoy.next_end(),
        }
    }

    /// Ends what is under way at its [`next_end`](Self::next_end); adds the requests it completed
    /// to `done`.
    pub fn finish_step(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        match self {
            Self::Whole(replica) => replica.finish_step(now, done),
            Self::Ranks(convoy) => convoy.finish_step(now, done),
        }
    }

    /// Brings meters and caches up to `now`.
    pub fn observe(&mut self, now: SimTime) {
        match self {
            Self::Whole(replica) => replica.observe(now),
            Self::Ranks(convoy) => convoy.observe(now),
        }
    }

    /// Fills the cache of a group with content that the `number`-th client's calls left there.
    pub fn warm(&mut self, number: u64, content: &[Extent]) {
        match self {
            Self::Whole(replica) => replica.warm(SimTime::ZERO, content),
            Self::Ranks(convoy) => convoy.warm(number, content),
        }
    }

    /// Notes that all pages have arrived that a request fetched.
    ///
    /// # Panics
    /// If none of its groups fetches any for it.
    pub fn arrived(&mut self, now: SimTime, id: RequestId) {
        let rank = self.groups().iter().position(|group| group.fetches(id));
        self.group(now, rank.expect("what arrives was fetched")).arrived(now, id);
    }

    /// Goes on with other prices and `pages` KV pages.
    ///
    /// # Panics
    /// If there are requests in it.
    pub fn become_of(&mut self, pricer: &P, pages: u64) {
        let each = pages / self.groups().len() as u64;
        if let Self::Ranks(convoy) = self {
            convoy.pricer = pricer.clone();
        }
        self.groups_mut().iter_mut().for_each(|group| group.become_of(pricer.clone(), each));
    }

    /// Stops at once and loses its KV: all sequences leave, group by group, and the step that was
    /// under way comes to nothing.
    pub fn fail(&mut self, now: SimTime) -> Vec<Migrant> {
        self.observe(now);
        if let Self::Ranks(convoy) = self
            && let Some(underway) = convoy.underway.take()
        {
            convoy.ended = underway.start;
        }
        self.groups_mut().iter_mut().flat_map(|group| group.fail(now)).collect()
    }

    /// What was measured since the last reset, up to when it was last told the time.
    pub fn meter(&self) -> Cow<'_, Meter> {
        match self {
            Self::Whole(replica) => Cow::Borrowed(replica.meter()),
            Self::Ranks(convoy) => Cow::Owned(convoy.meter()),
        }
    }

    /// How evenly its groups were loaded, if they have sequences of their own.
    pub fn rank_figures(&self) -> Option<RankFigures> {
        match self {
            Self::Whole(_) => None,
            Self::Ranks(convoy) => Some(convoy.figures()),
        }
    }

    /// Forgets what was measured before `now` (after a warm-up).
    pub fn reset_meter(&mut self, now: SimTime) {
        match self {
            Self::Whole(replica) => replica.reset_meter(now),
            Self::Ranks(convoy) => convoy.reset_meter(now),
        }
    }

    /// KV pages.
    pub fn pages(&self) -> u64 {
        self.groups().iter().map(|group| group.kv().capacity()).sum()
    }

    /// Pages evicted for want of room since the beginning.
    pub fn evicted(&self) -> u64 {
        self.groups().iter().map(|group| group.kv().evicted()).sum()
    }

    /// Requests in it.
    pub fn in_flight(&self) -> usize {
        self.groups().iter().map(Replica::in_flight).sum()
    }

    /// Steps that have ended since the beginning.
    pub fn steps_ended(&self) -> u64 {
        match self {
            Self::Whole(replica) => replica.steps_ended(),
            Self::Ranks(convoy) => convoy.steps_ended(),
        }
    }

    /// Keeps notes of its groups' steps from now on.
    pub fn keep_notes(&mut self) {
        self.groups_mut().iter_mut().for_each(Replica::keep_notes);
    }

    /// Takes the notes made since the last time, group by group.
    pub fn take_notes(&mut self) -> impl Iterator<Item = (u32, Note)> {
        let groups = (0..).zip(self.groups_mut());
        groups.flat_map(|(rank, group)| group.take_notes().map(move |note| (rank, note)))
    }
}
