//! The plain step: every running sequence is visited when it begins and when it ends.

use super::replica::{Engine, Proposal, Replica};
use super::sequences::{Sequence, Slot};
use crate::cost::{Batch, Pricer};
use crate::serving::kv::Below;
use crate::serving::{Batching, Outcome, Scheduling};
use crate::units::SimTime;

impl<P: Pricer> Replica<P> {
    /// Schedules sequences for a step; none if there is nothing to do.
    pub(super) fn propose_plain<B: Below>(
        &mut self,
        now: SimTime,
        below: &mut B,
    ) -> Option<Proposal> {
        self.take_places(now, below);
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
            Scheduling::Priority | Scheduling::Preemptive => {
                line.sort_by_key(|&slot| self.running[slot].rank());
            }
        }
        line
    }

    /// Whether a sequence that waits may take the place of one that runs.
    pub(super) fn may_take_places(&self) -> bool {
        let first = self.waiting.first();
        let is_less_urgent =
            |slot, first: &Sequence| self.running[slot].request.priority > first.request.priority;
        self.limits.rules.scheduling == Scheduling::Preemptive
            && first.is_some_and(|first| self.line().into_iter().any(|s| is_less_urgent(s, first)))
    }

    /// Lets sequences that wait take the places of less urgent ones.
    fn take_places<B: Below>(&mut self, now: SimTime, below: &mut B) {
        while self.may_take_places() && self.make_way(now) {
            // Others behind it are admitted as ever.
            self.admit_next(now, below);
        }
    }

    /// Throws less urgent sequences out for the first that waits, if it lacks room or a slot, and
    /// what they hold is enough. Returns whether it was worth it.
    fn make_way(&mut self, now: SimTime) -> bool {
        let Some(first) = self.waiting.first() else { return false };
        let priority = first.request.priority;
        let mut line = self.line();
        let urgent = line.partition_point(|&slot| self.running[slot].request.priority <= priority);
        let held = |&slot: &Slot| u64::from(self.running[slot].lease.pages());
        let held: u64 = line[urgent..].iter().map(held).sum();
        let lacking = self.lacking(now);
        if lacking == 0 && self.has_slot() || lacking > held {
            return false;
        }
        for victim in line.drain(urgent..).rev() {
            self.preempt(now, victim);
            if self.lacking(now) == 0 {
                return true;
            }
        }
        false
    }

    /// Pages that the first that waits lacks.
    fn lacking(&mut self, now: SimTime) -> u64 {
        let Some(first) = self.waiting.first().filter(|first| !first.is_handed_over()) else {
            return 0;
        };
        let limit = self.limits.full_pages(first.target() - 1);
        let lease = self.kv.acquire(now, &first.request.content, limit);
        let pages = self.limits.pages(first.admitted_tokens(&self.limits)) - lease.pages();
        let lacking = u64::from(pages).saturating_sub(self.kv.available());
        self.kv.cancel(lease);
        lacking
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
