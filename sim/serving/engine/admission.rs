//! What happens to one sequence: admission, chunks, tokens, preemption, its end.

use super::replica::{Replica, Underway};
use super::sequences::{Sequence, Slot};
use crate::cost::{Batch, CLIPS, FineTime, Pricer};
use crate::serving::kv::{Below, Fresh, KvCache, Lease, Need};
use crate::serving::{Batching, Extent, Limits, Outcome};
use crate::units::{SimSpan, SimTime};

impl<P: Pricer> Replica<P> {
    /// Tokens that `batch` has room for.
    pub(super) fn budget(&self, batch: &Batch) -> u32 {
        self.limits.max_batched_tokens.saturating_sub(batch.tokens())
    }

    /// Gives a prefilling sequence as much of the budget as it can use. Returns how many tokens are
    /// computed a second time.
    pub(super) fn schedule_chunk(&mut self, batch: &mut Batch, slot: Slot) -> u32 {
        let budget = self.budget(batch);
        // Decodes have their token by now; one that was preempted and finds all its pages again
        // has a single token left to compute, and gets it here.
        if budget == 0 || self.running[slot].scheduled > 0 || self.decodes_apart(slot) {
            return 0;
        }
        let sequence = &mut self.running[slot];

        let chunk = self.limits.rules.chunk(sequence.remaining()).min(budget);
        sequence.scheduled = chunk;
        batch.prefill.add(sequence.computed, chunk, self.pricer.clips());
        batch.logits += u32::from(chunk == sequence.remaining());
        sequence.recomputed(chunk)
    }

    /// Whether a sequence needs no prefill, so that steps of prefill pass it by.
    pub(super) fn decodes_apart(&self, slot: Slot) -> bool {
        self.limits.batching == Batching::PrefillFirst && self.running[slot].is_decoding()
    }

    /// Whether prompts that wait are to wait for company; asked once at the beginning of a step,
    /// which has prompts under way or has none. Nobody waits where that would leave nothing to do.
    pub(super) fn holds_back(&mut self, is_prefilling: bool) -> bool {
        let Some(delay) = self.limits.rules.delay else { return false };
        let needs_prefill = self.waiting.first().is_some_and(|first| !first.is_handed_over());
        if is_prefilling || !needs_prefill || self.running.len() == 0 || !self.has_slot() {
            return false;
        }
        self.held_from.get_or_insert(self.steps_ended);
        let wanted = u64::from(self.limits.max_batched_tokens) * u64::from(delay.fill_ppm);
        let mut tokens = self.running.len() as u64;
        // A long queue is not gone through to its end.
        let is_full = self.waiting.iter().any(|one| {
            tokens += u64::from(one.remaining());
            tokens * 1_000_000 >= wanted
        });
        !is_full && self.steps_to_hold().is_some()
    }

    /// In how many steps [`holds_back`](Self::holds_back) answers otherwise of itself, if it may:
    /// those that came to the head of the queue in this step are held back from the next one.
    pub(super) fn steps_to_ask(&self) -> Option<u64> {
        let is_new = self.held_from.is_none() && !self.waiting.is_empty() && self.has_slot();
        match self.limits.rules.delay {
            Some(_) if is_new => Some(1),
            _ => self.steps_to_hold(),
        }
    }

    /// For how many more steps prompts are held back, if they are.
    fn steps_to_hold(&self) -> Option<u64> {
        let (delay, from) = self.limits.rules.delay.zip(self.held_from)?;
        let until = from + u64::from(delay.steps);
        until.checked_sub(self.steps_ended).filter(|&left| left > 0)
    }

    /// Admits the next waiting request if a slot and pages for its prompt are there. Those whose
    /// pages are to come from stores `below` leave the queue, but do not run yet.
    pub(super) fn admit_next<B: Below>(&mut self, now: SimTime, below: &mut B) -> Option<Slot> {
        loop {
            if !self.has_slot() {
                return None;
            }
            let mut sequence = self.waiting.pop()?;
            if sequence.is_handed_over() {
                return Some(self.running.push(sequence));
            }
            // At least one token must be computed to yield the next one.
            let limit = self.limits.full_pages(sequence.target() - 1);
            let content = &sequence.request.content;
            let mut lease = self.kv.acquire(now, content, limit);
            let from = lease.pages();
            let missing = self.limits.pages(sequence.admitted_tokens(&self.limits)) - from;
            if !self.kv.grow(&mut lease, missing) {
                self.kv.cancel(lease);
                self.waiting.put_back(sequence);
                return self.admit_handed_over();
            }
            self.held_from = None;
            let is_again = sequence.cached.is_some();
            let need = Need { id: sequence.request.id, content, from, to: limit, is_again };
            let compute =
                |page: u32| self.prefill_span(page * self.limits.page_tokens, sequence.target());
            let fetched = below.fetch(now, &need, &compute);
            let hit = from * self.limits.page_tokens;
            sequence.coming = fetched * self.limits.page_tokens;
            if !is_again {
                let known = self.history.known(now, content, limit);
                if let Some(log) = &mut self.log {
                    log.look_up(now, content, limit);
                }
                sequence.once_cached = known * self.limits.page_tokens;
                sequence.cached = Some(hit + sequence.coming);
                self.meter.tokens.prompt += u64::from(sequence.request.prompt);
                self.meter.tokens.cached += u64::from(hit + sequence.coming);
            }
            sequence.computed = hit;
            sequence.lease = lease;
            if fetched == 0 {
                return Some(self.running.push(sequence));
            }
            self.fetching.push(sequence);
        }
    }

    /// What it takes to compute a prompt's tokens `[from, to)` if nothing else is in the batch: a
    /// chunk in their middle, as often as they are chunks. A prediction.
    fn prefill_span(&self, from: u32, to: u32) -> SimSpan {
        let tokens = to.saturating_sub(from).max(1);
        let chunk = self.limits.rules.chunk(tokens).min(self.limits.max_batched_tokens);
        let mut batch = Batch { logits: 1, ..Batch::default() };
        batch.prefill.add(from + (tokens - chunk) / 2, chunk, self.pricer.clips());
        let chunks = f64::from(tokens) / f64::from(chunk);
        SimSpan::from_seconds(self.pricer.cost(&batch).span().seconds() * chunks)
    }

    /// Keeps the full pages of `content` that were computed until they have been copied, if
    /// anybody copies them.
    fn note_fresh(&mut self, now: SimTime, content: &[Extent], tokens: u32) {
        if let Some(fresh) = &mut self.fresh {
            let pages = self.limits.full_pages(tokens);
            fresh.push(Fresh::pinned(&mut self.kv, now, content, pages));
        }
    }

    /// Admits the first waiting sequence that has its pages already: those before it may wait for
    /// just these.
    fn admit_handed_over(&mut self) -> Option<Slot> {
        let sequence = self.waiting.pop_with_pages()?;
        Some(self.running.push(sequence))
    }

    /// Throws a sequence out; it will be recomputed, as far as its pages are gone by then.
    pub(super) fn preempt(&mut self, now: SimTime, victim: Slot) {
        let mut sequence = self.running.remove(victim);
        debug_assert_eq!(sequence.scheduled, 0, "who gives way has not been scheduled yet");
        let lease = std::mem::take(&mut sequence.lease);
        give_back(&mut self.kv, now, &sequence, lease, &self.limits);
        self.note_fresh(now, &sequence.request.content, sequence.computed);
        if let Some(log) = &mut self.log {
            let pages = self.limits.full_pages(sequence.computed);
            log.enter(now, &sequence.request.content, pages);
        }
        sequence.once_cached = sequence.once_cached.max(sequence.computed);
        sequence.computed = 0;
        sequence.preemptions += 1;
        self.meter.preempted += 1;
        self.waiting.push_first(sequence);
    }

    /// Begins a single step of `batch`, of whose prefill tokens `recomputed` are computed a second
    /// time.
    pub(super) fn begin(
        &mut self,
        start: FineTime,
        batch: &Batch,
        recomputed: u32,
        is_plain: bool,
    ) -> Underway {
        let has_decodes = batch.decode.sequences > 0;
        let decodes = has_decodes.then(|| self.pricer.decode_steps(&batch.decode, &[0; CLIPS]));
        self.meter.book_tokens(batch, recomputed);
        self.meter.see_held(self.kv.held());
        let underway = |span| {
            let end = start + span;
            Underway { start, end, steps: 1, has_decodes, is_booked: true, is_plain }
        };
        let pricer = &self.pricer;
        let line = |id| pricer.line(id);
        let decodes = decodes.as_ref();
        if let Some(steps) = decodes.filter(|_| batch.prefill.tokens == 0) {
            self.meter.book_decodes(1, steps, line);
            let underway = underway(steps.pace().span(1));
            self.note_step(&underway, batch, recomputed, |replica| replica.cost_of(steps, 1));
            return underway;
        }
        let mut whole = self.pricer.cost(batch);
        let decodes = decodes.map(|steps| (steps, line));
        self.meter.book_mixed(batch, recomputed, &mut whole, decodes);
        let underway = underway(whole.span());
        self.note_step(&underway, batch, recomputed, |_| whole);
        underway
    }

    /// Ends the chunk of a sequence, or its decode. Returns whether that gave it a token.
    pub(super) fn finish_chunk(&mut self, now: SimTime, slot: Slot) -> bool {
        let sequence = &mut self.running[slot];
        let scheduled = std::mem::take(&mut sequence.scheduled);
        sequence.computed += scheduled;
        if scheduled == 0 || sequence.remaining() > 0 {
            return false;
        }
        sequence.generated += 1;
        self.meter.tokens.output += 1;
        let last_token = std::mem::replace(&mut sequence.last_token, now);
        if sequence.first_token.is_some() {
            self.meter.itl.record(now.since(last_token));
            return true;
        }
        sequence.first_token = Some(now);
        publish_prompt(&mut self.kv, now, sequence, &self.limits);
        let pages = self.limits.full_pages(sequence.computed);
        self.history.enter(now, &sequence.request.content, (0, pages));
        sequence.entered = pages;
        if let Some(log) = &mut self.log {
            log.enter(now, &sequence.request.content, pages);
        }
        if let Some(fresh) = &mut self.fresh {
            fresh.push(Fresh::pinned(&mut self.kv, now, &sequence.request.content, pages));
        }
        true
    }

    /// Takes a finished sequence out of the batch.
    pub(super) fn retire(&mut self, now: SimTime, slot: Slot, done: &mut Vec<Outcome>) {
        let mut sequence = self.running.remove(slot);
        done.push(sequence.outcome(now));
        let lease = std::mem::take(&mut sequence.lease);
        give_back(&mut self.kv, now, &sequence, lease, &self.limits);
        let mut content = sequence.request.content;
        if !content.is_empty() {
            self.note_fresh(now, &content, sequence.computed);
            let pages = self.limits.full_pages(sequence.computed);
            self.enter(now, &content, (sequence.entered, pages));
            content.clear();
            self.emptied.push(content);
        }
    }
}

/// Shares the full pages of a prompt as soon as it is prefilled.
pub(super) fn publish_prompt(
    kv: &mut KvCache,
    now: SimTime,
    sequence: &mut Sequence,
    limits: &Limits,
) {
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
