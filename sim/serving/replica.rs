//! The engine of one replica, step by step.
//!
//! Continuous batching with a token budget: decodes first, then the chunks of prompts under way,
//! then waiting requests in order of arrival, as far as [`Admission`](super::Admission) lets them
//! in. When a decode finds no page, the latest admitted sequence is preempted and later
//! recomputed. These are vLLM's rules; where it differs, `docs/deviations.md` says so.

use std::collections::VecDeque;

use super::kv::{KvCache, Lease};
use super::limits::Limits;
use super::meter::Meter;
use super::request::{Extent, Outcome, Request};
use super::sequence::Sequence;
use crate::cost::{Batch, Breakdown, Pricer};
use crate::units::{SimSpan, SimTime};

/// A replica: a batch of running sequences, a queue, and a KV cache.
#[derive(Debug)]
pub struct Replica<P> {
    pricer: P,
    limits: Limits,
    kv: KvCache,
    /// The same cache with room for everything: tells a capacity miss from a first sight.
    boundless: KvCache,
    waiting: VecDeque<Sequence>,
    /// In order of admission.
    running: Vec<Sequence>,
    is_stepping: bool,
    meter: Meter,
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
            pricer,
            limits,
            kv: KvCache::new(pages, ttl),
            boundless: KvCache::new(u64::MAX / 2, ttl),
            waiting: VecDeque::new(),
            running: Vec::new(),
            is_stepping: false,
            meter: Meter::default(),
        }
    }

    /// What a request waits between its client and [`submit`](Self::submit).
    pub fn dispatch(&self) -> SimSpan {
        SimSpan::from_seconds(self.pricer.dispatch())
    }

    /// Queues a request, unless it could never fit.
    pub fn submit(&mut self, request: Request) -> Result<(), TooLong> {
        let pages = u64::from(self.limits.pages(request.prompt + request.output));
        let capacity = self.kv.capacity() / u64::from(self.limits.groups.max(1));
        if pages > capacity {
            return Err(TooLong { pages, capacity });
        }
        self.waiting.push_back(Sequence::new(request));
        Ok(())
    }

    /// Starts a step if none is under way and there is work. Returns when it ends.
    pub fn start_step(&mut self, now: SimTime) -> Option<SimTime> {
        if self.is_stepping {
            return None;
        }
        let (batch, recomputed) = self.schedule(now);
        if batch.is_empty() {
            return None;
        }
        self.is_stepping = true;
        let whole = self.pricer.price(&batch);
        let decode = match (batch.decode.sequences, batch.prefill.tokens) {
            (_, 0) => whole,
            (0, _) => Breakdown::default(),
            _ => self.pricer.price(&batch.decode_only()),
        };
        let share = f64::from(recomputed) / f64::from(batch.prefill.tokens.max(1));
        self.meter.book(whole, decode, share);
        let demand = self.pricer.demand(&batch);
        self.meter.work.flop += demand.flop;
        self.meter.work.traffic += demand.traffic;
        self.meter.tokens.prefilled += u64::from(batch.prefill.tokens);
        self.meter.tokens.recomputed += u64::from(recomputed);
        self.meter.peak_held_pages = self.meter.peak_held_pages.max(self.kv.held());
        Some(now + SimSpan::from_seconds(whole.total()))
    }

    /// Ends the step under way; adds the requests it completed to `done`.
    pub fn finish_step(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        self.is_stepping = false;
        for sequence in &mut self.running {
            let scheduled = std::mem::take(&mut sequence.scheduled);
            sequence.computed += scheduled;
            if scheduled == 0 || sequence.remaining() > 0 {
                continue;
            }
            sequence.generated += 1;
            self.meter.tokens.output += 1;
            if sequence.first_token.is_none() {
                sequence.first_token = Some(now);
                publish_prompt(&mut self.kv, now, sequence, &self.limits);
                remember(&mut self.boundless, now, sequence, &self.limits);
            } else {
                self.meter.itl.record(now.since(sequence.last_token));
            }
            sequence.last_token = now;
        }
        self.retire_finished(now, done);
    }

    /// Fills the cache with content that earlier calls left there, as far as it fits.
    pub fn warm(&mut self, now: SimTime, content: &[Extent]) {
        let pages: u32 = content.iter().map(|extent| extent.pages).sum();
        for kv in [&mut self.kv, &mut self.boundless] {
            let mut lease = kv.acquire(now, content, pages);
            let missing = pages - lease.pages();
            if kv.grow(&mut lease, missing) {
                kv.publish(now, &mut lease, content, pages);
            }
            kv.release(now, lease);
        }
    }

    /// What was measured since the last reset.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Forgets what was measured (after a warm-up).
    pub fn reset_meter(&mut self) {
        self.meter = Meter::default();
    }

    /// The KV cache.
    pub fn kv(&self) -> &KvCache {
        &self.kv
    }

    /// Requests in the engine.
    pub fn in_flight(&self) -> usize {
        self.waiting.len() + self.running.len()
    }

    /// Chooses what the next step computes. Returns its batch, and how many of its prefill tokens
    /// are computed a second time.
    fn schedule(&mut self, now: SimTime) -> (Batch, u32) {
        let mut batch = Batch::default();
        self.schedule_decodes(now, &mut batch);
        let mut recomputed = self.schedule_chunks(&mut batch, 0);
        while self.budget(&batch) > 0 && self.admit_next(now) {
            let from = self.running.len() - 1;
            recomputed += self.schedule_chunks(&mut batch, from);
        }
        (batch, recomputed)
    }

    fn budget(&self, batch: &Batch) -> u32 {
        self.limits.max_batched_tokens.saturating_sub(batch.tokens())
    }

    /// Gives every decode its token, preempting from the back where pages run out.
    fn schedule_decodes(&mut self, now: SimTime, batch: &mut Batch) {
        let mut next = 0;
        while next < self.running.len() && self.budget(batch) > 0 {
            if self.running[next].is_decoding() && !self.make_room(now, next) {
                // It was itself the latest admitted, and is gone.
                break;
            }
            let sequence = &mut self.running[next];
            if sequence.is_decoding() {
                sequence.scheduled = 1;
                batch.decode.add(sequence.computed + 1, self.pricer.clips());
                batch.logits += 1;
            }
            next += 1;
        }
    }

    /// Makes sure that running sequence `index` has a page for its next token.
    fn make_room(&mut self, now: SimTime, index: usize) -> bool {
        loop {
            let sequence = &mut self.running[index];
            let needed = self.limits.pages(sequence.computed + 1);
            let missing = needed.saturating_sub(sequence.lease.pages());
            if missing == 0 || self.kv.grow(&mut sequence.lease, missing) {
                return true;
            }
            let victim = self.running.len() - 1;
            self.preempt(now, victim);
            if victim == index {
                return false;
            }
        }
    }

    /// Throws the latest admitted sequence out; it will be recomputed, as far as its pages are gone
    /// by then.
    fn preempt(&mut self, now: SimTime, victim: usize) {
        let mut sequence = self.running.remove(victim);
        debug_assert_eq!(sequence.scheduled, 0, "decodes are scheduled front to back");
        let lease = std::mem::take(&mut sequence.lease);
        give_back(&mut self.kv, now, &sequence, lease, &self.limits);
        sequence.once_cached = sequence.once_cached.max(sequence.computed);
        sequence.computed = 0;
        sequence.preemptions += 1;
        self.meter.preempted += 1;
        self.waiting.push_front(sequence);
    }

    /// Hands the rest of the budget to prefills, from running sequence `from` on. Returns how many
    /// tokens are computed a second time.
    fn schedule_chunks(&mut self, batch: &mut Batch, from: usize) -> u32 {
        let mut recomputed = 0;
        for index in from..self.running.len() {
            let budget = self.budget(batch);
            let sequence = &mut self.running[index];
            // Decodes have their token by now; one that was preempted and finds all its pages again
            // has a single token left to compute, and gets it here.
            if budget == 0 || sequence.scheduled > 0 {
                continue;
            }
            let chunk = sequence.remaining().min(budget);
            sequence.scheduled = chunk;
            recomputed += sequence.recomputed(chunk);
            batch.prefill.add(sequence.computed, chunk, self.pricer.clips());
            batch.logits += u32::from(chunk == sequence.remaining());
        }
        recomputed
    }

    /// Admits the next waiting request if a slot and pages for its prompt are there.
    fn admit_next(&mut self, now: SimTime) -> bool {
        if self.running.len() >= self.limits.max_seqs as usize {
            return false;
        }
        let Some(mut sequence) = self.waiting.pop_front() else { return false };
        // At least one token must be computed to yield the next one.
        let limit = self.limits.full_pages(sequence.target() - 1);
        let content = &sequence.request.content;
        let mut lease = self.kv.acquire(now, content, limit);
        let hit = lease.pages() * self.limits.page_tokens;
        let missing = self.limits.pages(sequence.admitted_tokens(&self.limits)) - lease.pages();
        if !self.kv.grow(&mut lease, missing) {
            self.kv.cancel(lease);
            self.waiting.push_front(sequence);
            return false;
        }
        if sequence.cached.is_none() {
            let known = self.boundless.acquire(now, content, limit);
            sequence.once_cached = known.pages() * self.limits.page_tokens;
            self.boundless.cancel(known);
            sequence.cached = Some(hit);
            self.meter.tokens.prompt += u64::from(sequence.request.prompt);
            self.meter.tokens.cached += u64::from(hit);
        }
        sequence.computed = hit;
        sequence.lease = lease;
        self.running.push(sequence);
        true
    }

    /// Takes finished sequences out of the batch, keeping the order of the others.
    fn retire_finished(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        let finished = |sequence: &mut Sequence| sequence.is_finished();
        for mut sequence in self.running.extract_if(.., finished) {
            done.push(sequence.outcome(now));
            let lease = std::mem::take(&mut sequence.lease);
            give_back(&mut self.kv, now, &sequence, lease, &self.limits);
            remember(&mut self.boundless, now, &sequence, &self.limits);
        }
    }
}

/// Shares the full pages of a prompt as soon as it is prefilled.
fn publish_prompt(kv: &mut KvCache, now: SimTime, sequence: &mut Sequence, limits: &Limits) {
    let pages = limits.full_pages(sequence.computed);
    kv.publish(now, &mut sequence.lease, &sequence.request.content, pages);
}

/// Leaves what `sequence` computed in the cache and frees the rest of its pages.
fn give_back(
    kv: &mut KvCache,
    now: SimTime,
    sequence: &Sequence,
    mut lease: Lease,
    limits: &Limits,
) {
    kv.publish(now, &mut lease, &sequence.request.content, limits.full_pages(sequence.computed));
    kv.release(now, lease);
}

/// Enters all that `sequence` computed in the boundless cache.
fn remember(kv: &mut KvCache, now: SimTime, sequence: &Sequence, limits: &Limits) {
    let pages = limits.full_pages(sequence.computed);
    let content = &sequence.request.content;
    let mut lease = kv.acquire(now, content, pages);
    let missing = pages - lease.pages();
    let has_room = kv.grow(&mut lease, missing);
    debug_assert!(has_room, "the boundless cache has room");
    kv.publish(now, &mut lease, content, pages);
    kv.release(now, lease);
}
