//! The plain step: every running sequence is visited when it begins and when it ends.

use super::replica::{Engine, Proposal, Replica};
use super::sequences::Slot;
use crate::cost::{Batch, Pricer};
use crate::serving::kv::Below;
use crate::serving::{Batching, Outcome};
use crate::units::SimTime;

impl<P: Pricer> Replica<P> {
    /// Schedules sequences for a step; none if there is nothing to do.
    pub(super) fn propose_plain<B: Below>(
        &mut self,
        now: SimTime,
        below: &mut B,
    ) -> Option<Proposal> {
        match self.limits.batching {
            Batching::Mixed => {
                let mut batch = Batch::default();
                self.schedule_decodes(now, &mut batch);
                let recomputed = self.schedule_all_prefills(now, &mut batch, below);
                Proposal::single(batch, recomputed, true)
            }
            Batching::PrefillFirst => self.propose_plain_apart(now, below, true),
        }
    }

    /// A step of prompts alone, which are tried first `if_prompts` are to be, or else of decodes
    /// alone.
    pub(super) fn propose_plain_apart<B: Below>(
        &mut self,
        now: SimTime,
        below: &mut B,
        mut if_prompts: bool,
    ) -> Option<Proposal> {
        loop {
            let mut batch = Batch::default();
            if if_prompts {
                let recomputed = self.schedule_all_prefills(now, &mut batch, below);
                if !batch.is_empty() {
                    return Proposal::single(batch, recomputed, true);
                }
            }
            let running = self.running.len();
            self.schedule_decodes(now, &mut batch);
            // If all were preempted, what they gave back may serve those that wait.
            if !batch.is_empty() || self.running.len() == running {
                return Proposal::single(batch, 0, true);
            }
            if_prompts = true;
        }
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
        let mut recomputed = 0;
        let mut next = self.running.first();
        while let Some(slot) = next {
            recomputed += self.schedule_chunk(batch, slot);
            next = self.running.after(slot);
        }
        while self.budget(batch) > 0 {
            let Some(slot) = self.admit_next(now, below) else { break };
            recomputed += self.schedule_chunk(batch, slot);
        }
        recomputed
    }

    /// Gives every decode its token, preempting from the back where pages run out.
    fn schedule_decodes(&mut self, now: SimTime, batch: &mut Batch) {
        let mut next = self.running.first();
        while let Some(slot) = next
            && self.budget(batch) > 0
        {
            if self.running[slot].is_decoding() {
                if !self.make_room(now, slot) {
                    // It was itself the latest admitted, and is gone.
                    break;
                }
                let sequence = &mut self.running[slot];
                sequence.scheduled = 1;
                batch.decode.add(sequence.computed + 1, self.pricer.clips());
                batch.logits += 1;
            }
            next = self.running.after(slot);
        }
    }

    /// Makes sure that a running sequence has a page for its next token.
    fn make_room(&mut self, now: SimTime, slot: Slot) -> bool {
        loop {
            let sequence = &mut self.running[slot];
            let needed = self.limits.pages(sequence.computed + 1);
            let missing = needed.saturating_sub(sequence.lease.pages());
            if missing == 0 || self.kv.grow(&mut sequence.lease, missing) {
                return true;
            }
            let victim = self.running.last().expect("a sequence runs");
            self.preempt(now, victim);
            if victim == slot {
                return false;
            }
        }
    }
}
