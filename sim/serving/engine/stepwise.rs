//! The plain step: every running sequence is visited when it begins and when it ends.

use super::replica::{Engine, Replica, Underway};
use super::sequences::Slot;
use crate::cost::{Batch, FineTime, Pricer};
use crate::serving::kv::Below;
use crate::serving::{Batching, Outcome, Scheduling};
use crate::units::SimTime;

impl<P: Pricer> Replica<P> {
    /// Begins a step; none if there is nothing to do.
    pub(super) fn start_plain<B: Below>(
        &mut self,
        now: SimTime,
        start: FineTime,
        below: &mut B,
    ) -> Option<Underway> {
        match self.limits.batching {
            Batching::Mixed => {
                let mut batch = Batch::default();
                self.schedule_decodes(now, &mut batch);
                let recomputed = self.schedule_all_prefills(now, &mut batch, below);
                self.begin_plain(start, &batch, recomputed)
            }
            Batching::PrefillFirst => self.start_plain_apart(now, start, below, true),
        }
    }

    /// Begins a step of prompts alone, which are tried first `if_prompts` are to be, or else of
    /// decodes alone.
    pub(super) fn start_plain_apart<B: Below>(
        &mut self,
        now: SimTime,
        start: FineTime,
        below: &mut B,
        mut if_prompts: bool,
    ) -> Option<Underway> {
        loop {
            let mut batch = Batch::default();
            if if_prompts {
                let recomputed = self.schedule_all_prefills(now, &mut batch, below);
                if !batch.is_empty() {
                    return self.begin_plain(start, &batch, recomputed);
                }
            }
            let running = self.running.len();
            self.schedule_decodes(now, &mut batch);
            // If all were preempted, what they gave back may serve those that wait.
            if !batch.is_empty() || self.running.len() == running {
                return self.begin_plain(start, &batch, 0);
            }
            if_prompts = true;
        }
    }

    fn begin_plain(&mut self, start: FineTime, batch: &Batch, recomputed: u32) -> Option<Underway> {
        let underway = self.begin(start, batch, recomputed)?;
        Some(Underway { is_plain: true, ..underway })
    }

    /// Ends a step; adds the requests it completed to `done`.
    pub(super) fn finish_plain(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        let mut next = self.running.first();
        while let Some(slot) = next {
            next = self.running.after(slot);
            self.finish_chunk(now, slot);
        }
        let mut next = self.running.first();
        while let Some(slot) = next {
            next = self.running.after(slot);
            if self.running[slot].is_finished() {
                self.retire(now, slot, done);
            }
        }
        if self.engine == Engine::Macro {
            self.regroup(now);
        }
    }

    /// Gives those that run, then those that wait, the budget that `batch` leaves. Returns how many
    /// tokens are computed a second time.
    fn schedule_all_prefills<B: Below>(
        &mut self,
        now: SimTime,
        batch: &mut Batch,
        below: &mut B,
    ) -> u32 {
        let (mut recomputed, mut is_prefilling) = (0, false);
        let mut next = self.running.first();
        while let Some(slot) = next {
            is_prefilling |= !self.running[slot].is_decoding();
            recomputed += self.schedule_chunk(batch, slot);
            next = self.running.after(slot);
        }
        if self.holds_back(is_prefilling) {
            return recomputed;
        }
        while self.budget(batch) > 0 {
            let Some(slot) = self.admit_next(now, below) else { break };
            recomputed += self.schedule_chunk(batch, slot);
        }
        recomputed
    }

    /// Gives every decode its token, preempting from the back where pages run out.
    fn schedule_decodes(&mut self, now: SimTime, batch: &mut Batch) {
        let mut line = self.line();
        let mut next = 0;
        while let Some(&slot) = line.get(next)
            && self.budget(batch) > 0
        {
            if self.running[slot].is_decoding() {
                if !self.make_room(now, slot, &mut line) {
                    // It was itself the last, and is gone.
                    break;
                }
                let sequence = &mut self.running[slot];
                sequence.scheduled = 1;
                batch.decode.add(sequence.computed + 1, self.pricer.clips());
                batch.logits += 1;
            }
            next += 1;
        }
    }

    /// The running sequences from the one that is served first to the one that gives way first.
    fn line(&self) -> Vec<Slot> {
        let slots = std::iter::successors(self.running.first(), |&slot| self.running.after(slot));
        let mut line: Vec<_> = slots.collect();
        match self.limits.rules.scheduling {
            Scheduling::Fcfs => {}
            Scheduling::Priority => line.sort_by_key(|&slot| self.running[slot].rank()),
        }
        line
    }

    /// Makes sure that a running sequence has a page for its next token; who must give way for it
    /// leaves the end of `line`.
    fn make_room(&mut self, now: SimTime, slot: Slot, line: &mut Vec<Slot>) -> bool {
        loop {
            let sequence = &mut self.running[slot];
            let needed = self.limits.pages(sequence.computed + 1);
            let missing = needed.saturating_sub(sequence.lease.pages());
            if missing == 0 || self.kv.grow(&mut sequence.lease, missing) {
                return true;
            }
            let victim = line.pop().expect("a sequence runs");
            self.preempt(now, victim);
            if victim == slot {
                return false;
            }
        }
    }
}
