//! The decoding sequences as aggregates: what the next steps need to know of them all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::sequences::{Sequence, Slot};
use crate::cost::{CLIPS, Decode};
use crate::serving::{Admission, Limits};
use crate::units::SimTime;

/// Decoding sequences that all gain one token a step.
///
/// Its clock counts their steps. A sequence that decodes computes one token at each tick, so that
/// when it ends, reaches a clip length or needs a page is known when it joins.
#[derive(Debug)]
pub(super) struct Decodes {
    clock: u64,
    /// Features of the next step.
    sums: Decode,
    /// Sequences whose contexts are below each clip length.
    growing: [u32; CLIPS],
    clips: Vec<u32>,
    /// When each sequence has its last token, by (tick, number of admission).
    ends: BinaryHeap<Reverse<(u64, u64, Slot)>>,
    /// Ticks at which a sequence reaches each clip length, of those that live to see it.
    reaches: [BinaryHeap<Reverse<u64>>; CLIPS],
    /// When those that have made a step had their last token.
    stepped: SimTime,
    /// How many have not, by when they had theirs.
    joined: Vec<(SimTime, u32)>,
    /// How many sequences need a page for the step at a tick, by its remainder by the page size.
    pages_at: Vec<u32>,
    /// Σ of these.
    paging: u32,
    /// Pages for the next step that sequences brought with them.
    paid: u32,
}

impl Decodes {
    /// None yet, for a price model with these clip lengths and pages of `page_tokens` tokens.
    pub(super) fn new(clips: &[u32], page_tokens: u32) -> Self {
        Self {
            clock: 0,
            sums: Decode::default(),
            growing: [0; CLIPS],
            clips: clips.to_vec(),
            ends: BinaryHeap::new(),
            reaches: Default::default(),
            stepped: SimTime::ZERO,
            joined: Vec::new(),
            pages_at: vec![0; page_tokens as usize],
            paging: 0,
            paid: 0,
        }
    }

    /// How many sequences.
    pub(super) fn count(&self) -> u32 {
        self.sums.sequences
    }

    /// Features of the next step.
    pub(super) fn sums(&self) -> &Decode {
        &self.sums
    }

    /// Sequences whose contexts are below each clip length.
    pub(super) fn growing(&self) -> &[u32; CLIPS] {
        &self.growing
    }

    /// Adds a sequence whose newest token is all that it has to compute.
    pub(super) fn join(&mut self, slot: Slot, sequence: &mut Sequence, limits: &Limits) {
        sequence.joined = self.clock;
        match self.joined.last_mut() {
            Some((at, count)) if *at == sequence.last_token => *count += 1,
            _ => self.joined.push((sequence.last_token, 1)),
        }
        let end = self.clock + u64::from(sequence.to_generate());
        self.ends.push(Reverse((end, sequence.admitted, slot)));
        let context = sequence.computed + 1;
        self.sums.add(context, &self.clips);
        for (i, &clip) in self.clips.iter().enumerate() {
            if context < clip {
                self.growing[i] += 1;
                let reach = self.clock + u64::from(clip - context);
                if reach <= end {
                    self.reaches[i].push(Reverse(reach));
                }
            }
        }
        if let Some(residue) = self.residue(sequence, limits) {
            self.pages_at[residue] += 1;
            self.paging += 1;
            self.paid += u32::from(sequence.lease.pages() > limits.pages(sequence.computed));
        }
    }

    /// Takes a sequence that has its last token by this tick, if one does; the earliest admitted
    /// first.
    pub(super) fn pop_ended(&mut self) -> Option<(u64, Slot)> {
        let &Reverse((end, admitted, slot)) = self.ends.peek()?;
        (end == self.clock).then(|| {
            self.ends.pop();
            (admitted, slot)
        })
    }

    /// Takes a sequence out that has its last token; it has been brought up to date.
    pub(super) fn leave(&mut self, sequence: &Sequence, limits: &Limits) {
        let context = sequence.computed + 1;
        self.sums.sequences -= 1;
        self.sums.context -= u64::from(context);
        for (i, &clip) in self.clips.iter().enumerate() {
            self.sums.clipped[i] -= u64::from(context.min(clip));
            self.growing[i] -= u32::from(context < clip);
        }
        if let Some(residue) = self.residue(sequence, limits) {
            self.pages_at[residue] -= 1;
            self.paging -= 1;
        }
    }

    /// Forgets all sequences, for each to join anew.
    pub(super) fn clear(&mut self) {
        self.sums = Decode::default();
        self.growing = [0; CLIPS];
        self.joined.clear();
        self.ends.clear();
        self.reaches.iter_mut().for_each(BinaryHeap::clear);
        self.pages_at.fill(0);
        self.paging = 0;
        self.paid = 0;
    }

    /// When those that have made a step had their last token.
    pub(super) fn stepped(&self) -> SimTime {
        self.stepped
    }

    /// How many had their last token when, if that was not for all of them at `start`: where
    /// prompts are prefilled in steps of their own, sequences join while others wait.
    pub(super) fn waits(&self, start: SimTime) -> Option<impl Iterator<Item = (SimTime, u32)>> {
        let joined: u32 = self.joined.iter().map(|&(_, count)| count).sum();
        let stepped = (self.stepped, self.count() - joined);
        let waits = || self.joined.iter().copied().chain([stepped]).filter(|&(_, count)| count > 0);
        waits().any(|(at, _)| at != start).then(waits)
    }

    /// Steps that a sequence has made since it joined.
    pub(super) fn steps_of(&self, sequence: &Sequence) -> u32 {
        (self.clock - sequence.joined) as u32
    }

    /// Lets `steps` steps pass, no more than [`steps_to_change`](Self::steps_to_change), the last
    /// of which ends at `end`.
    pub(super) fn advance(&mut self, steps: u64, end: SimTime) {
        self.clock += steps;
        self.stepped = end;
        self.paid = 0;
        self.joined.clear();
        self.sums.context += u64::from(self.sums.sequences) * steps;
        for i in 0..self.clips.len() {
            self.sums.clipped[i] += u64::from(self.growing[i]) * steps;
            while let Some(&Reverse(reach)) = self.reaches[i].peek()
                && reach == self.clock
            {
                self.reaches[i].pop();
                self.growing[i] -= 1;
            }
        }
    }

    /// Steps until a sequence ends or reaches a clip length; at least one.
    pub(super) fn steps_to_change(&self) -> u64 {
        let end = self.ends.peek().map_or(u64::MAX, |&Reverse((end, ..))| end);
        let reach = self.reaches.iter().filter_map(|heap| heap.peek()).map(|&Reverse(at)| at).min();
        reach.unwrap_or(u64::MAX).min(end) - self.clock
    }

    /// Pages that are needed for the next step.
    pub(super) fn pages_now(&self) -> u32 {
        self.pages_at[(self.clock % self.pages_at.len() as u64) as usize] - self.paid
    }

    /// Pages that are needed for the `steps` steps after the next one.
    pub(super) fn pages_after(&self, steps: u64) -> u64 {
        let size = self.pages_at.len() as u64;
        let from = ((self.clock + 1) % size) as usize;
        let count = (steps % size) as usize;
        let sum = |residues: &[u32]| u64::from(residues.iter().sum::<u32>());
        let until_end = count.min(self.pages_at.len() - from);
        let rest = sum(&self.pages_at[from..from + until_end]);
        steps / size * u64::from(self.paging) + rest + sum(&self.pages_at[..count - until_end])
    }

    /// Whether the `steps` steps after the next one need no more than `room` pages.
    pub(super) fn fit(&self, steps: u64, room: u64) -> bool {
        // No sequence begins a page more often.
        let most = (steps / self.pages_at.len() as u64 + 1) * u64::from(self.paging);
        most <= room || self.pages_after(steps) <= room
    }

    /// The remainder of the ticks at which a sequence needs a page; none if it has all it will
    /// need.
    fn residue(&self, sequence: &Sequence, limits: &Limits) -> Option<usize> {
        let size = self.pages_at.len() as u64;
        // The first token of a page has a multiple of the page size before it.
        let computed = u64::from(sequence.computed) % size;
        match limits.admission {
            Admission::PromptFits => Some(((self.clock + size - computed) % size) as usize),
            Admission::AnswerFits => None,
        }
    }
}
