//! What a replica measures about itself, and notes for those who want to see it.

use super::intervals::Runs;
use super::replica::{Replica, Underway};
use crate::cost::{
    Batch, Bound, Breakdown, Cost, DecodeSteps, Demand, FineSpan, FineTime, Ledger, Line, LineId,
    Pricer, Throttled,
};
use crate::serving::{Note, Occupancy, Steps};
use crate::units::SimTime;

/// Sums over the steps since the last reset.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// Engine steps.
    pub steps: u64,
    /// Of steps without prefill, of others, and of the decodes of others alone.
    pure: Ledger,
    mixed: Cost,
    mixed_decode: Ledger,
    /// Tokens by kind.
    pub tokens: TokenCounts,
    /// Inter-token latencies.
    pub itl: Runs,
    /// Sequences thrown out for want of pages.
    pub preempted: u64,
    /// Most pages held by running sequences at any step.
    pub peak_held_pages: u64,
}

/// How percentiles of a run are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Percentiles {
    /// From every sample.
    #[default]
    Exact,
    /// From counts by size, in memory that does not grow with the run.
    Sketch,
}

/// Tokens by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenCounts {
    /// Prompt tokens of admitted requests, cached ones included.
    pub prompt: u64,
    /// Prompt tokens found in the prefix cache at first admission.
    pub cached: u64,
    /// Tokens prefilled, those recomputed included.
    pub prefilled: u64,
    /// Tokens prefilled although they had been in the cache once: evicted or preempted.
    pub recomputed: u64,
    /// Tokens generated.
    pub output: u64,
}

impl Meter {
    /// With nothing measured yet.
    pub(in crate::serving) fn new(percentiles: Percentiles) -> Self {
        let itl = match percentiles {
            Percentiles::Exact => Runs::default(),
            Percentiles::Sketch => Runs::sketched(),
        };
        Self { itl, ..Self::default() }
    }

    /// Where the time of all steps went.
    pub fn busy(&self) -> Breakdown {
        self.all().breakdown()
    }

    /// Where the time went that the decodes of each step would have taken alone.
    pub fn decode(&self) -> Breakdown {
        self.decodes().breakdown()
    }

    /// Arithmetic and traffic of one chip.
    pub fn work(&self) -> Demand {
        self.all().demand()
    }

    /// Arithmetic and traffic that the decodes of each step would have had alone.
    pub fn decode_work(&self) -> Demand {
        self.decodes().demand()
    }

    /// What lower clocks did to all steps.
    pub fn throttled(&self) -> Throttled {
        self.all().throttled()
    }

    fn all(&self) -> Cost {
        self.pure.total() + self.mixed
    }

    fn decodes(&self) -> Cost {
        self.pure.total() + self.mixed_decode.total()
    }

    /// Adds what another replica measured; their peaks of held pages add up, too.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.pure.add(&other.pure.total());
        self.mixed += other.mixed;
        self.mixed_decode.add(&other.mixed_decode.total());
        self.add_beside(other);
    }

    /// The same of another that went through the same steps: its time is this one's.
    pub(in crate::serving) fn add_beside(&mut self, other: &Self) {
        let (sum, tokens) = (&mut self.tokens, other.tokens);
        sum.prompt += tokens.prompt;
        sum.cached += tokens.cached;
        sum.prefilled += tokens.prefilled;
        sum.recomputed += tokens.recomputed;
        sum.output += tokens.output;
        self.itl.append(&other.itl);
        self.preempted += other.preempted;
        self.peak_held_pages += other.peak_held_pages;
    }

    /// Books the tokens of a step of `batch`, of whose prefill tokens `recomputed` are computed a
    /// second time.
    pub(in crate::serving) fn book_tokens(&mut self, batch: &Batch, recomputed: u32) {
        self.tokens.prefilled += u64::from(batch.prefill.tokens);
        self.tokens.recomputed += u64::from(recomputed);
    }

    /// Books the time of such a step with prefill: it cost `whole`, which becomes the cost as it is
    /// booked, or `decodes` without its prompts, on lines that `line` knows.
    pub(super) fn book_mixed(
        &mut self,
        batch: &Batch,
        recomputed: u32,
        whole: &mut Cost,
        decodes: Option<(&DecodeSteps, impl FnOnce(LineId) -> Line)>,
    ) {
        let part = decodes.as_ref().map_or(FineSpan::default(), |(steps, _)| steps.pace().span(1));
        self.book_whole(batch, recomputed, whole, part);
        if let Some((decodes, line)) = decodes {
            self.mixed_decode.book(decodes, 1, line);
        }
    }

    /// Books the time of a step of `batch` of any kind: it cost `whole`, which becomes the cost as
    /// it is booked, or `decodes` without its prompts.
    pub(in crate::serving) fn book_told(
        &mut self,
        batch: &Batch,
        recomputed: u32,
        whole: &mut Cost,
        decodes: &Cost,
    ) {
        if batch.prefill.tokens == 0 {
            self.book_told_decodes(1, whole);
            return;
        }
        self.book_whole(batch, recomputed, whole, decodes.span());
        self.mixed_decode.add(decodes);
    }

    /// Books a step with prefill that would have taken `part` without.
    fn book_whole(&mut self, batch: &Batch, recomputed: u32, whole: &mut Cost, part: FineSpan) {
        self.steps += 1;
        if recomputed > 0 {
            // HBM capacity made it compute these again.
            let recomputed = f64::from(recomputed) / f64::from(batch.prefill.tokens);
            let (part, all) = (part.seconds().get(), whole.span().seconds().get());
            whole.reassign(Bound::HbmCapacity, (1.0 - part / all).max(0.0) * recomputed);
        }
        self.mixed += &*whole;
    }

    /// Books `steps` steps without prefill that cost `cost` together.
    pub(in crate::serving) fn book_told_decodes(&mut self, steps: u64, cost: &Cost) {
        self.steps += steps;
        self.pure.add(cost);
    }

    /// Books the first `count` steps of `steps`, which have no prefill and are on lines that `line`
    /// knows.
    pub(super) fn book_decodes(
        &mut self,
        count: u64,
        steps: &DecodeSteps,
        line: impl FnOnce(LineId) -> Line,
    ) {
        self.steps += count;
        self.pure.book(steps, count, line);
    }

    /// Multiplies out what it counts by lines, whose names are about to change.
    pub(super) fn settle(&mut self) {
        self.pure.settle();
        self.mixed_decode.settle();
    }

    /// Notes that running sequences hold `pages` pages.
    pub(super) fn see_held(&mut self, pages: u64) {
        self.peak_held_pages = self.peak_held_pages.max(pages);
    }
}

impl<P: Pricer> Replica<P> {
    /// Keeps notes of its steps from now on; they must be [taken](Self::take_notes) now and then.
    pub fn keep_notes(&mut self) {
        self.journal.open();
    }

    /// Takes the notes made since the last time, in that order.
    pub fn take_notes(&mut self) -> impl Iterator<Item = Note> {
        self.journal.take()
    }

    /// Notes what there is to do at `at`.
    pub(in crate::serving) fn note_load(&mut self, at: SimTime) {
        if self.journal.is_open() {
            let load = self.occupancy();
            self.journal.add(Note { at, load, steps: None });
        }
    }

    /// Notes a single step of `batch`, whose `cost` is asked for if anybody reads it.
    pub(super) fn note_step(
        &mut self,
        underway: &Underway,
        batch: &Batch,
        recomputed: u32,
        cost: impl FnOnce(&Self) -> Cost,
    ) {
        if self.journal.is_open() {
            let steps = Steps {
                start: underway.start.ceil(),
                end: underway.end.ceil(),
                count: 1,
                decodes: batch.decode.sequences,
                prefill_tokens: batch.prefill.tokens,
                recomputed_tokens: recomputed,
                time: cost(self).breakdown(),
            };
            let load = self.occupancy();
            self.journal.add(Note { at: steps.start, load, steps: Some(steps) });
        }
    }

    /// Notes the first `count` steps of a stretch that began at `start`.
    pub(super) fn note_stretch(&mut self, start: FineTime, count: u64) {
        if self.journal.is_open() {
            let pace = self.decode_steps.pace();
            let last = start + pace.span(count - 1);
            let steps = Steps {
                start: start.ceil(),
                end: (start + pace.span(count)).ceil(),
                count,
                decodes: self.decodes.count(),
                prefill_tokens: 0,
                recomputed_tokens: 0,
                time: self.cost_of(&self.decode_steps, count).breakdown(),
            };
            let load = self.occupancy();
            self.journal.add(Note { at: last.ceil(), load, steps: Some(steps) });
        }
    }

    /// What the first `count` of these steps cost.
    pub(super) fn cost_of(&self, steps: &DecodeSteps, count: u64) -> Cost {
        steps.cost(count, |id| self.pricer.line(id))
    }

    fn occupancy(&self) -> Occupancy {
        Occupancy {
            running: self.running.len() as u32,
            waiting: self.waiting.len() as u32,
            held_pages: self.kv.held(),
            cached_pages: self.kv.unheld(),
            pages: self.kv.capacity(),
        }
    }
}
