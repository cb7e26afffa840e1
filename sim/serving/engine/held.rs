//! Pages and sequences that come from elsewhere, or go there: hand-overs, stores below, failures.

use super::admission::publish_prompt;
use super::decodes::Decodes;
use super::replica::{Engine, Replica};
use super::sequences::Sequence;
use crate::cost::Pricer;
use crate::serving::kv::{Clairvoyant, Fresh, History, Lease, Piece};
use crate::serving::{Admission, Extent, Request, RequestId};
use crate::units::SimTime;

/// KV pages of a sequence that a replica keeps but does not run: it has just prefilled them for
/// another, or another is about to send them.
#[derive(Debug)]
#[must_use = "dropping it leaks its pages; resume or release it"]
pub struct Held {
    lease: Lease,
    /// Tokens that were there before.
    pub cached: u32,
}

/// A sequence on its way from a replica that failed to another: what it generated is kept, its KV
/// is gone.
#[derive(Debug)]
pub struct Migrant(Sequence);

impl Migrant {
    /// A request whose first token is out, but whose KV was lost on its way.
    pub fn orphan(request: Request, first_token: SimTime) -> Self {
        Self(Sequence::handed_over(request, first_token, Lease::default()).uprooted())
    }

    /// Tokens whose KV is lost.
    pub fn lost_tokens(&self) -> u32 {
        self.0.once_cached
    }

    /// The request that it answers.
    pub fn request(&self) -> &Request {
        &self.0.request
    }
}

impl<P: Pricer> Replica<P> {
    /// Queues a sequence that another replica lost.
    pub fn receive(&mut self, now: SimTime, migrant: Migrant) {
        self.queue(now, migrant.0);
    }

    /// Keeps the pages of `tokens` tokens, of which those of the first `prompt` are shared if they
    /// are cached; none if there is no room now.
    pub fn hold(
        &mut self,
        now: SimTime,
        content: &[Extent],
        prompt: u32,
        tokens: u32,
    ) -> Option<Held> {
        self.observe(now);
        let mut lease = self.kv.acquire(now, content, self.limits.full_pages(prompt));
        let cached = lease.pages() * self.limits.page_tokens;
        let missing = self.limits.pages(tokens) - lease.pages();
        if self.kv.grow(&mut lease, missing) {
            return Some(Held { lease, cached });
        }
        self.kv.cancel(lease);
        None
    }

    /// Gives kept pages back.
    pub fn release(&mut self, now: SimTime, held: Held) {
        self.observe(now);
        self.kv.release(now, held.lease);
    }

    /// Queues a request whose prompt's KV has arrived in the pages `held`, and whose first token
    /// was out at `first_token`, before all that wait: it has its pages.
    pub fn resume(&mut self, now: SimTime, request: Request, first_token: SimTime, held: Held) {
        self.observe(now);
        self.waiting.push_first(Sequence::handed_over(request, first_token, held.lease));
    }

    /// Tokens that must have room when `prompt` tokens arrive from elsewhere with `output` to come.
    pub fn handed_tokens(&self, prompt: u32, output: u32) -> u32 {
        match self.limits.admission {
            Admission::PromptFits => prompt + 1,
            Admission::AnswerFits => prompt + output,
        }
    }

    /// The same replica with stores below it: it keeps account of what it computes, for
    /// [`fresh`](Self::fresh), or of what it evicts, for [`given_up`](Self::given_up).
    pub fn with_stores(mut self, on_eviction: bool) -> Self {
        if on_eviction {
            self.kv.log_evictions();
        } else {
            self.fresh = Some(Vec::new());
        }
        self
    }

    /// The same replica, which keeps a log of what is looked up and computed.
    pub fn with_log(self) -> Self {
        Self { log: Some(Clairvoyant::default()), ..self }
    }

    /// The log, if one is kept.
    pub fn log(&self) -> Option<&Clairvoyant> {
        self.log.as_ref()
    }

    /// What was computed since this was last asked.
    pub fn fresh(&mut self) -> Vec<Fresh> {
        self.fresh.as_mut().map_or_else(Vec::new, std::mem::take)
    }

    /// What was evicted since this was last asked.
    pub fn given_up(&mut self) -> Vec<Piece> {
        self.kv.given_up()
    }

    /// Keeps the first `pages` pages of `content`, of which those that are cached are shared, for
    /// what is to come from elsewhere; none if there is no room now.
    pub fn reserve(&mut self, now: SimTime, content: &[Extent], pages: u32) -> Option<Held> {
        self.observe(now);
        let mut lease = self.kv.acquire(now, content, pages);
        let cached = lease.pages() * self.limits.page_tokens;
        let missing = pages - lease.pages();
        if self.kv.grow(&mut lease, missing) {
            return Some(Held { lease, cached });
        }
        self.kv.cancel(lease);
        None
    }

    /// Leaves the first `pages` pages of `content`, which have arrived in kept pages, in the cache.
    pub fn lay(&mut self, now: SimTime, held: Held, content: &[Extent], pages: u32) {
        self.observe(now);
        let mut lease = held.lease;
        self.kv.publish(now, &mut lease, content, pages);
        self.kv.release(now, lease);
    }

    /// Notes that all pages have arrived that a request fetched: it joins before all that wait for
    /// pages.
    ///
    /// # Panics
    /// If it does not fetch any.
    pub fn arrived(&mut self, now: SimTime, id: RequestId) {
        self.observe(now);
        let place = self.fetching.iter().position(|sequence| sequence.request.id == id);
        let mut sequence = self.fetching.remove(place.expect("what arrives was fetched"));
        sequence.computed += std::mem::take(&mut sequence.coming);
        publish_prompt(&mut self.kv, now, &mut sequence, &self.limits);
        self.waiting.push_with_pages(sequence);
    }

    /// Whether pages are on their way to it for the request `id`.
    pub(in crate::serving) fn fetches(&self, id: RequestId) -> bool {
        self.fetching.iter().any(|sequence| sequence.request.id == id)
    }

    /// Lets go of pages that were kept.
    pub fn unpin(&mut self, now: SimTime, lease: Lease) {
        self.observe(now);
        self.kv.cancel(lease);
    }

    /// Goes on with other prices and `pages` KV pages.
    ///
    /// # Panics
    /// If there are requests in it.
    pub fn become_of(&mut self, pricer: P, pages: u64) {
        assert!(self.in_flight() == 0, "a replica changes when it is empty");
        self.decodes = Decodes::new(pricer.clips(), self.limits.page_tokens);
        self.meter.settle();
        self.pricer = pricer;
        self.kv.resize(pages);
    }

    /// Stops at once and loses its KV: all sequences leave, in order of admission, then of arrival,
    /// and the step that was under way comes to nothing.
    pub fn fail(&mut self, now: SimTime) -> Vec<Migrant> {
        self.observe(now);
        let mut is_settled = self.engine == Engine::Stepwise;
        if let Some(underway) = self.underway.take() {
            self.ended = underway.start;
            is_settled |= underway.is_plain;
        }
        if !is_settled {
            self.settle();
        }
        let mut lost = Vec::new();
        while let Some(slot) = self.running.first() {
            lost.push(self.running.remove(slot));
        }
        lost.append(&mut self.fetching);
        lost.extend(self.waiting.drain());
        self.fresh.iter_mut().for_each(Vec::clear);
        self.kv.clear();
        self.history = History::new(self.kv.ttl());
        self.decodes.clear();
        self.prefilling.clear();
        self.is_irregular = false;
        self.held_from = None;
        self.meter.preempted += lost.iter().filter(|one| one.computed > 0).count() as u64;
        lost.into_iter().map(|sequence| Migrant(sequence.uprooted())).collect()
    }
}
