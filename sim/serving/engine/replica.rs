//! A replica from outside.

use super::decodes::Decodes;
use super::meter::{Meter, Percentiles};
use super::sequences::{Place, Running, Sequence, Slot, Waiting, new_place, place};
use crate::cost::{Batch, Cost, DecodeSteps, FineTime, Pricer, Series};
use crate::serving::kv::{Below, Clairvoyant, Fresh, History, KvCache, Nothing};
use crate::serving::{Extent, Journal, Limits, Outcome, Request, RequestId, Scheduling};
use crate::units::{SimSpan, SimTime};

/// How the steps of a replica are gone through. Both ways lead to equal events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// From change to change of the batch.
    #[default]
    Macro,
    /// Step by step and sequence by sequence: slow, plain, and what the other is held against.
    Stepwise,
}

/// A replica: a batch of running sequences, a queue, and a KV cache.
#[derive(Debug)]
pub struct Replica<P> {
    pub(super) pricer: P,
    pub(super) engine: Engine,
    pub(super) limits: Limits,
    pub(super) kv: KvCache,
    /// What a cache with room for everything would hold.
    pub(super) history: History,
    pub(super) waiting: Waiting,
    /// Sequences that have their pages, some of which are on their way from stores below.
    pub(super) fetching: Vec<Sequence>,
    /// What was computed and not asked for yet, if anybody asks.
    pub(super) fresh: Option<Vec<Fresh>>,
    /// What was looked up and computed, if that is to be held against a cache that knows.
    pub(super) log: Option<Clairvoyant>,
    pub(super) running: Running,
    /// Running sequences that decode, and those that do not, in order of admission; kept by
    /// [`Engine::Macro`] alone.
    pub(super) decodes: Decodes,
    pub(super) prefilling: Vec<Slot>,
    /// The next step must visit every sequence.
    pub(super) is_irregular: bool,
    pub(super) underway: Option<Underway>,
    /// The steps of the stretch that is under way, if one is.
    pub(super) decode_steps: DecodeSteps,
    /// When the last step ended.
    pub(super) ended: FineTime,
    pub(super) steps_ended: u64,
    /// How many steps had ended when the prompts that wait for company began to.
    pub(super) held_from: Option<u64>,
    pub(super) percentiles: Percentiles,
    pub(super) meter: Meter,
    pub(super) journal: Journal,
    /// Sequences that end in the step at hand, by number of admission.
    pub(super) ending: Vec<(u64, Slot)>,
    /// Content lists of requests that have ended, empty, kept for their room.
    pub(super) emptied: Vec<Vec<Extent>>,
}

/// Steps under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Underway {
    /// When the first of them began.
    pub(super) start: FineTime,
    /// When the last of them ends.
    pub(super) end: FineTime,
    pub(super) steps: u64,
    /// Whether the decodes gain a token in each.
    pub(super) has_decodes: bool,
    /// Whether the meter knows of them; it learns of a stretch when that ends or is cut short.
    pub(super) is_booked: bool,
    /// Whether every sequence is to be visited when it ends.
    pub(super) is_plain: bool,
}

/// What sequences have been scheduled for, and is not priced yet.
#[derive(Clone, Copy, Debug)]
pub(in crate::serving) enum Proposal {
    /// A single step.
    Single {
        batch: Batch,
        /// Prefill tokens that are computed a second time.
        recomputed: u32,
        /// Whether every sequence is to be visited when it ends.
        is_plain: bool,
    },
    /// As many decode steps as pass without a change.
    Stretch,
}

impl Proposal {
    /// A single step of `batch`; none if there is nothing to do.
    pub(super) fn single(batch: Batch, recomputed: u32, is_plain: bool) -> Option<Self> {
        (!batch.is_empty()).then_some(Self::Single { batch, recomputed, is_plain })
    }
}

/// Why a request cannot be served at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// Pages it would need.
    pub pages: u64,
    /// Pages there are.
    pub capacity: u64,
}

impl<P: Pricer> Replica<P> {
    /// An idle replica with `pages` KV pages whose unpinned content is forgotten after `ttl`.
    pub fn new(pricer: P, limits: Limits, pages: u64, ttl: Option<SimSpan>) -> Self {
        Self {
            decodes: Decodes::new(pricer.clips(), limits.page_tokens),
            pricer,
            engine: Engine::default(),
            limits,
            kv: KvCache::new(pages, ttl),
            history: History::new(ttl),
            waiting: Waiting::new(limits.rules.scheduling),
            fetching: Vec::new(),
            fresh: None,
            log: None,
            running: Running::default(),
            prefilling: Vec::new(),
            is_irregular: false,
            underway: None,
            decode_steps: Series::single(Cost::default()).into(),
            ended: FineTime::default(),
            steps_ended: 0,
            held_from: None,
            percentiles: Percentiles::default(),
            meter: Meter::default(),
            journal: Journal::default(),
            ending: Vec::new(),
            emptied: Vec::new(),
        }
    }

    /// The same replica, driven otherwise.
    pub fn with_engine(self, engine: Engine) -> Self {
        Self { engine, ..self }
    }

    /// The same replica, measured otherwise.
    pub fn with_percentiles(self, percentiles: Percentiles) -> Self {
        Self { percentiles, meter: Meter::new(percentiles), ..self }
    }

    /// How percentiles are found.
    pub fn percentiles(&self) -> Percentiles {
        self.percentiles
    }

    /// What a request waits between its client and [`submit`](Self::submit).
    pub fn dispatch(&self) -> SimSpan {
        SimSpan::from_seconds(self.pricer.dispatch())
    }

    /// What a request of `prompt` tokens waits there besides.
    pub fn reading(&self, prompt: u32) -> SimSpan {
        SimSpan::from_seconds(self.pricer.reading(prompt))
    }

    /// Queues a request that arrives at `now`, unless it could never fit.
    pub fn submit(&mut self, now: SimTime, request: Request) -> Result<(), TooLong> {
        self.check(request.prompt + request.output)?;
        self.queue(now, Sequence::new(request));
        Ok(())
    }

    /// Whether a sequence of `tokens` tokens could ever be served.
    pub fn check(&self, tokens: u32) -> Result<(), TooLong> {
        self.check_in(tokens, self.kv.capacity())
    }

    /// The same if it had `pages` pages.
    pub fn check_in(&self, tokens: u32, pages: u64) -> Result<(), TooLong> {
        let capacity = pages / u64::from(self.limits.groups.max(1));
        let pages = u64::from(self.limits.pages(tokens));
        if pages > capacity { Err(TooLong { pages, capacity }) } else { Ok(()) }
    }

    pub(super) fn queue(&mut self, now: SimTime, sequence: Sequence) {
        // Behind others that wait, or without a slot, it changes nothing before the next change.
        if self.is_open_to(place(&sequence)) {
            self.observe(now);
        }
        self.waiting.push(sequence);
        self.note_load(now);
    }

    /// Whether `request`, if it is queued now, may be admitted at the next step.
    pub(in crate::serving) fn may_admit(&self, request: &Request) -> bool {
        self.is_open_to(new_place(request))
    }

    fn is_open_to(&self, own: Place) -> bool {
        let takes_places = self.limits.rules.scheduling == Scheduling::Preemptive;
        let may_join = self.waiting.is_led_by(own) || self.held_from.is_some();
        (self.has_slot() || takes_places) && may_join
    }

    /// Tokens of a prompt of `prompt` tokens that the cache holds.
    pub fn cached(&mut self, now: SimTime, content: &[Extent], prompt: u32) -> u32 {
        // Pages that steps have taken meanwhile are not there any more.
        self.observe(now);
        let limit = self.limits.full_pages(prompt - 1);
        self.kv.peek(now, content, limit) * self.limits.page_tokens
    }

    /// Starts a step, or a stretch of steps, if none is under way and there is work.
    pub fn start_step(&mut self, now: SimTime) {
        self.start_step_over(now, &mut Nothing);
    }

    /// The same; what is admitted may find pages in the stores `below`.
    pub fn start_step_over<B: Below>(&mut self, now: SimTime, below: &mut B) {
        if self.underway.is_some() {
            return;
        }
        let start = if self.ended.ceil() == now { self.ended } else { FineTime::at(now) };
        match self.propose(now, below) {
            Some(Proposal::Single { batch, recomputed, is_plain }) => {
                self.underway = Some(self.begin(start, &batch, recomputed, is_plain));
            }
            Some(Proposal::Stretch) => self.underway = Some(self.begin_stretch(start)),
            None => self.note_load(now),
        }
    }

    /// Schedules sequences for the next step, if there is work.
    pub(in crate::serving) fn propose<B: Below>(
        &mut self,
        now: SimTime,
        below: &mut B,
    ) -> Option<Proposal> {
        match self.engine {
            Engine::Macro => self.propose_stretch(now, below),
            Engine::Stepwise => self.propose_plain(now, below),
        }
    }

    /// When what is under way ends, or would end if nobody told the replica anything before.
    pub fn next_end(&self) -> Option<SimTime> {
        self.underway.as_ref().map(|underway| underway.end.ceil())
    }

    /// Ends what is under way at its [`next_end`](Self::next_end); adds the requests it completed
    /// to `done`.
    pub fn finish_step(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        let underway = self.underway.take().expect("a step ends that began");
        self.ended = underway.end;
        self.steps_ended += underway.steps;
        if underway.is_plain {
            self.finish_plain(now, done);
        } else {
            self.finish_stretch(now, &underway, done);
        }
    }

    /// Brings the meter and the cache up to `now`: what has begun is booked. The step that is under
    /// way is the last of its stretch then.
    pub fn observe(&mut self, now: SimTime) {
        if let Some(underway) = self.underway.take() {
            self.underway = Some(self.cut_short(now, underway));
        }
    }

    /// Fills the cache with content that earlier calls left there, as far as it fits.
    pub fn warm(&mut self, now: SimTime, content: &[Extent]) {
        let pages: u32 = content.iter().map(|extent| extent.pages).sum();
        let mut lease = self.kv.acquire(now, content, pages);
        let missing = pages - lease.pages();
        if self.kv.grow(&mut lease, missing) {
            self.kv.publish(now, &mut lease, content, pages);
        }
        self.kv.release(now, lease);
        self.enter(now, content, (0, pages));
    }

    /// Notes that the first `pages` pages of `content` were computed; it was told of the first
    /// `entered` before.
    pub(super) fn enter(&mut self, now: SimTime, content: &[Extent], (entered, pages): (u32, u32)) {
        self.history.enter(now, content, (entered, pages));
        if let Some(log) = &mut self.log {
            log.enter(now, content, pages);
        }
    }

    /// `content` in a list that an earlier request has left behind, if one has.
    pub fn copied(&mut self, content: &[Extent]) -> Vec<Extent> {
        let mut copy =
            if content.is_empty() { Vec::new() } else { self.emptied.pop().unwrap_or_default() };
        copy.extend_from_slice(content);
        copy
    }

    /// Lists that earlier requests have left behind.
    pub(in crate::serving) fn lists(&self) -> usize {
        self.emptied.len()
    }

    /// What was measured since the last reset, up to when it was last told the time.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Forgets what was measured before `now` (after a warm-up).
    pub fn reset_meter(&mut self, now: SimTime) {
        self.observe(now);
        self.meter = Meter::new(self.percentiles);
    }

    /// The KV cache.
    pub fn kv(&self) -> &KvCache {
        &self.kv
    }

    /// Requests in the engine.
    pub fn in_flight(&self) -> usize {
        self.waiting.len() + self.fetching.len() + self.running.len()
    }

    /// Requests that wait, and that run.
    pub(in crate::serving) fn load(&self) -> [usize; 2] {
        [self.waiting.len() + self.fetching.len(), self.running.len()]
    }

    /// The requests that have their first token and not their last, and when it was out.
    pub fn begun(&self) -> impl Iterator<Item = (RequestId, SimTime)> {
        let running = std::iter::successors(self.running.first(), |&slot| self.running.after(slot));
        let running = running.map(|slot| &self.running[slot]);
        let all = running.chain(&self.fetching).chain(self.waiting.iter());
        all.filter_map(|sequence| Some((sequence.request.id, sequence.first_token?)))
    }

    /// Whether there is a slot for a sequence from elsewhere while `expected` others are on their
    /// way, and nothing waits for pages.
    pub fn has_place(&self, expected: usize) -> bool {
        let taken = self.in_flight() + expected;
        taken < self.limits.max_seqs as usize && self.waiting.all_have_pages()
    }

    /// Whether one more sequence may run.
    pub(super) fn has_slot(&self) -> bool {
        self.running.len() < self.limits.max_seqs as usize
    }

    /// The batch limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Steps that have ended since the beginning.
    pub fn steps_ended(&self) -> u64 {
        self.steps_ended
    }
}
