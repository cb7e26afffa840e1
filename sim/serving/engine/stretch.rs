//! From change to change: stretches of decode steps, and mixed steps from aggregates.

use super::replica::{Proposal, Replica, Underway};
use crate::cost::{Batch, Cost, FineTime, Pricer, Series};
use crate::serving::kv::Below;
use crate::serving::{Batching, Outcome};
use crate::units::SimTime;

/// Longest stretch, in steps: sums over it stay countable.
const LONGEST: u64 = 1 << 30;

impl<P: Pricer> Replica<P> {
    /// A stretch of decode steps or a single step with prefill; a plain one where sequences must be
    /// looked at one by one. None if there is nothing to do.
    pub(super) fn propose_stretch<B: Below>(
        &mut self,
        now: SimTime,
        below: &mut B,
    ) -> Option<Proposal> {
        if self.is_irregular || self.is_over_budget() || self.may_take_places() {
            return self.visit_all(now, |replica| replica.propose_plain(now, below));
        }
        match self.limits.batching {
            Batching::Mixed => self.propose_mixed(now, below),
            Batching::PrefillFirst => self.propose_apart(now, below),
        }
    }

    /// The decodes have their tokens first, prompts the rest of the budget.
    fn propose_mixed<B: Below>(&mut self, now: SimTime, below: &mut B) -> Option<Proposal> {
        if !self.kv.take(u64::from(self.decodes.pages_now())) {
            return self.visit_all(now, |replica| replica.propose_plain(now, below));
        }
        let logits = self.decodes.count();
        let mut batch = Batch { logits, decode: *self.decodes.sums(), ..Batch::default() };
        let recomputed = self.schedule_prefills(now, &mut batch, below);
        if batch.prefill.tokens > 0 || batch.is_empty() {
            return Proposal::single(batch, recomputed, false);
        }
        Some(Proposal::Stretch)
    }

    /// Prompts by themselves, if there are any; else the decodes.
    fn propose_apart<B: Below>(&mut self, now: SimTime, below: &mut B) -> Option<Proposal> {
        let mut batch = Batch::default();
        let recomputed = self.schedule_prefills(now, &mut batch, below);
        if batch.prefill.tokens > 0 || self.decodes.count() == 0 {
            return Proposal::single(batch, recomputed, false);
        }
        // Some may have joined.
        if self.is_over_budget() || !self.kv.take(u64::from(self.decodes.pages_now())) {
            let decodes = |replica: &mut Self| replica.propose_plain_apart(now, below, false);
            return self.visit_all(now, decodes);
        }
        Some(Proposal::Stretch)
    }

    /// Whether there are more decodes than a step has tokens.
    fn is_over_budget(&self) -> bool {
        self.decodes.count() > self.limits.max_batched_tokens
    }

    /// Gives the prefilling sequences, then what waits, the budget that `batch` leaves. Returns how
    /// many tokens are computed a second time.
    fn schedule_prefills<B: Below>(
        &mut self,
        now: SimTime,
        batch: &mut Batch,
        below: &mut B,
    ) -> u32 {
        let mut recomputed = 0;
        for i in 0..self.prefilling.len() {
            recomputed += self.schedule_chunk(batch, self.prefilling[i]);
        }
        if self.holds_back(!self.prefilling.is_empty()) {
            return recomputed;
        }
        while self.budget(batch) > 0 && !self.waiting.is_empty() {
            let Some(slot) = self.admit_next(now, below) else { break };
            if self.decodes_apart(slot) {
                self.decodes.join(slot, &mut self.running[slot], &self.limits);
                continue;
            }
            self.prefilling.push(slot);
            recomputed += self.schedule_chunk(batch, slot);
        }
        recomputed
    }

    /// A plain step, for which every sequence is brought up to date.
    fn visit_all(
        &mut self,
        now: SimTime,
        propose: impl FnOnce(&mut Self) -> Option<Proposal>,
    ) -> Option<Proposal> {
        self.settle();
        let proposal = propose(self);
        if proposal.is_none() {
            self.regroup(now);
        }
        proposal
    }

    /// Begins as many decode steps as pass without a change. Their first has its pages.
    pub(super) fn begin_stretch(&mut self, start: FineTime) -> Underway {
        let all = self.pricer.decode_steps(self.decodes.sums(), self.decodes.growing());
        let steps = self.stretch(start, all.pace().steps());
        let end = start + all.pace().span(steps);
        self.decode_steps = all;
        Underway { start, end, steps, has_decodes: true, is_booked: false, is_plain: false }
    }

    /// How many of the next `most` decode steps, the first of which begins at `start` and has its
    /// pages, pass without a change.
    pub(in crate::serving) fn stretch(&self, start: FineTime, most: u64) -> u64 {
        let is_uneven = self.decodes.waits(start.ceil()).is_some();
        let most = if is_uneven { 1 } else { most };
        // A request that waits for pages is refused until some are given back, but trying makes
        // the cache forget what is too old.
        if self.kv.forgets() && self.has_slot() && !self.waiting.is_empty() {
            return 1;
        }
        let most = self.steps_to_ask().map_or(most, |left| left.min(most));
        let mut steps = most.min(self.decodes.steps_to_change()).min(LONGEST);
        let room = self.kv.quiet();
        if !self.decodes.fit(steps - 1, room) {
            let (mut fits, mut exceeds) = (1, steps);
            while exceeds - fits > 1 {
                let middle = u64::midpoint(fits, exceeds);
                if self.decodes.fit(middle - 1, room) {
                    fits = middle;
                } else {
                    exceeds = middle;
                }
            }
            steps = fits;
        }
        steps
    }

    /// The batch of what it proposed.
    pub(in crate::serving) fn batch_of(&self, proposal: &Proposal) -> Batch {
        match proposal {
            Proposal::Single { batch, .. } => *batch,
            Proposal::Stretch => {
                let decode = *self.decodes.sums();
                Batch { logits: decode.sequences, decode, ..Batch::default() }
            }
        }
    }

    /// What its next decode steps cost it where others have sequences of their own.
    pub(in crate::serving) fn own_series(&self) -> Series {
        self.pricer.own_series(self.decodes.sums(), self.decodes.growing())
    }

    /// Takes part in the first `steps` steps of `series` with others.
    pub(in crate::serving) fn join_stretch(
        &mut self,
        start: FineTime,
        series: &Series,
        steps: u64,
    ) {
        self.decode_steps = (*series).into();
        let end = start + series.pace().span(steps);
        self.underway = Some(Underway {
            start,
            end,
            steps,
            has_decodes: true,
            is_booked: false,
            is_plain: false,
        });
    }

    /// Takes part in a single step with others, which costs `whole`; `decodes` if there were no
    /// prompts.
    pub(in crate::serving) fn join_step(
        &mut self,
        start: FineTime,
        proposal: &Proposal,
        [mut whole, decodes]: [Cost; 2],
    ) {
        let batch = self.batch_of(proposal);
        let (recomputed, is_plain) = match *proposal {
            Proposal::Single { recomputed, is_plain, .. } => (recomputed, is_plain),
            Proposal::Stretch => (0, false),
        };
        self.meter.book_tokens(&batch, recomputed);
        self.meter.book_told(&batch, recomputed, &mut whole, &decodes);
        self.meter.see_held(self.kv.held());
        let (end, has_decodes) = (start + whole.span(), batch.decode.sequences > 0);
        let underway = Underway { start, end, steps: 1, has_decodes, is_booked: true, is_plain };
        self.note_step(&underway, &batch, recomputed, |_| whole);
        self.underway = Some(underway);
    }

    /// Ends a stretch or a mixed step; adds the requests it completed to `done`.
    pub(super) fn finish_stretch(
        &mut self,
        now: SimTime,
        underway: &Underway,
        done: &mut Vec<Outcome>,
    ) {
        if !underway.is_booked {
            self.book(underway.start, underway.steps);
        }
        if underway.has_decodes {
            self.pass(underway.start, underway.end, underway.steps);
        }
        self.finish_prefills(now);
        while let Some(ended) = self.decodes.pop_ended() {
            self.ending.push(ended);
        }
        let mut ending = std::mem::take(&mut self.ending);
        ending.sort_unstable();
        for (_, slot) in ending.drain(..) {
            let sequence = &mut self.running[slot];
            if !sequence.is_finished() {
                sequence.catch_up(self.decodes.steps_of(sequence), now, &self.limits);
                self.decodes.leave(sequence, &self.limits);
            }
            self.retire(now, slot, done);
        }
        self.ending = ending;
    }

    /// Ends the chunks of the prefilling sequences; those that have a token decode from now on.
    fn finish_prefills(&mut self, now: SimTime) {
        let mut prefilling = std::mem::take(&mut self.prefilling);
        prefilling.retain(|&slot| {
            let has_token = self.finish_chunk(now, slot);
            let is_apart = self.decodes_apart(slot);
            let sequence = &mut self.running[slot];
            if !has_token && !is_apart {
                // A sequence that was preempted may have a single token left to compute: it
                // counts as a decode, but its last token is not of this step.
                self.is_irregular |= sequence.is_decoding();
                return true;
            }
            if sequence.is_finished() {
                self.ending.push((sequence.admitted, slot));
            } else {
                self.decodes.join(slot, sequence, &self.limits);
            }
            false
        });
        self.prefilling = prefilling;
    }

    /// Cuts what is under way down to the step that is at `now`, and books what has begun.
    pub(super) fn cut_short(&mut self, now: SimTime, underway: Underway) -> Underway {
        if underway.is_booked {
            return underway;
        }
        let passed = FineTime::at(now).since(underway.start);
        let pace = *self.decode_steps.pace();
        let ended = pace.fitting(passed, underway.steps - 1);
        let [start, end] = [ended, ended + 1].map(|steps| underway.start + pace.span(steps));
        self.book(underway.start, ended + 1);
        self.pass(underway.start, start, ended);
        self.steps_ended += ended;
        Underway { start, end, steps: 1, has_decodes: true, is_booked: true, is_plain: false }
    }

    /// Books the first `steps` steps of a stretch that began at `start` when they have begun, and
    /// the pages they took; the first one had its pages before.
    fn book(&mut self, start: FineTime, steps: u64) {
        let has_room = self.kv.take(self.decodes.pages_after(steps - 1));
        assert!(has_room, "a stretch ends before pages run out");
        self.meter.book_decodes(steps, &self.decode_steps, |id| self.pricer.line(id));
        self.meter.see_held(self.kv.held());
        self.note_stretch(start, steps);
    }

    /// Lets the decodes make the `steps` steps from `start` to `end`; several are of the series.
    fn pass(&mut self, start: FineTime, end: FineTime, steps: u64) {
        let count = self.decodes.count();
        if count == 0 || steps == 0 {
            return;
        }
        self.meter.tokens.output += u64::from(count) * steps;
        match steps {
            1 => match self.decodes.waits(start.ceil()) {
                None => self.meter.itl.record_many(end.ceil().since(start.ceil()), count),
                Some(waits) => waits.for_each(|(from, count)| {
                    self.meter.itl.record_many(end.ceil().since(from), count);
                }),
            },
            _ => self.meter.itl.record_steps(start, self.decode_steps.pace(), steps, count),
        }
        self.decodes.advance(steps, end.ceil());
    }

    /// Brings every sequence up to date.
    pub(super) fn settle(&mut self) {
        let now = self.decodes.stepped();
        let mut next = self.running.first();
        while let Some(slot) = next {
            next = self.running.after(slot);
            let sequence = &mut self.running[slot];
            // Those that do not decode have not fallen behind.
            if self.prefilling.contains(&slot) {
                continue;
            }
            let steps = self.decodes.steps_of(sequence);
            if steps > 0 {
                sequence.catch_up(steps, now, &self.limits);
            }
        }
    }

    /// Groups the running sequences anew after a plain step that ended at `now`.
    pub(super) fn regroup(&mut self, now: SimTime) {
        self.decodes.clear();
        self.prefilling.clear();
        self.is_irregular = false;
        let mut next = self.running.first();
        while let Some(slot) = next {
            next = self.running.after(slot);
            let sequence = &mut self.running[slot];
            let is_apart = self.limits.batching == Batching::PrefillFirst;
            if sequence.is_decoding() && (sequence.last_token == now || is_apart) {
                self.decodes.join(slot, sequence, &self.limits);
            } else {
                self.is_irregular |= sequence.is_decoding();
                self.prefilling.push(slot);
            }
        }
    }
}
