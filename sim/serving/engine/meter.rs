//! What a replica measures about itself, and notes for those who want to see it.

use super::intervals::Runs;
use super::replica::{Replica, Underway};
use crate::cost::{Batch, Bound, Breakdown, Cost, Demand, FineTime, Pricer, Throttled};
use crate::serving::{Note, Occupancy, Steps};
use crate::units::SimTime;

/// Sums over the steps since the last reset.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// Engine steps.
    pub steps: u64,
    /// Of steps without prefill, of others, and of the decodes of others alone.
    pure: Cost,
    mixed: Cost,
    mixed_decode: Cost,
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
        (self.pure + self.mixed).breakdown()
    }

    /// Where the time went that the decodes of each step would have taken alone.
    pub fn decode(&self) -> Breakdown {
        (self.pure + self.mixed_decode).breakdown()
    }

    /// Arithmetic and traffic of one chip.
    pub fn work(&self) -> Demand {
        (self.pure + self.mixed).demand()
    }

    /// Arithmetic and traffic that the decodes of each step would have had alone.
    pub fn decode_work(&self) -> Demand {
        (self.pure + self.mixed_decode).demand()
    }

    /// What lower clocks did to all steps.
    pub fn throttled(&self) -> Throttled {
        (self.pure + self.mixed).throttled()
    }

    /// Adds what another replica measured; their peaks of held pages add up, too.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.pure += other.pure;
        self.mixed += other.mixed;
        self.mixed_decode += other.mixed_decode;
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

    /// Books a step of `batch`, of whose prefill tokens `recomputed` are computed a second time:
    /// it cost `whole`, which becomes the cost as it is booked, or `decodes` without its prompts.
    pub(in crate::serving) fn book_step(
        &mut self,
        batch: &Batch,
        recomputed: u32,
        whole: &mut Cost,
        decodes: &Cost,
    ) {
        self.tokens.prefilled += u64::from(batch.prefill.tokens);
        self.tokens.recomputed += u64::from(recomputed);
        self.book_time(batch, recomputed, whole, decodes);
    }

    /// The same without its tokens.
    pub(in crate::serving) fn book_time(
        &mut self,
        batch: &Batch,
        recomputed: u32,
        whole: &mut Cost,
        decodes: &Cost,
    ) {
        if batch.prefill.tokens == 0 {
            self.book_decodes(1, whole);
            return;
        }
        self.steps += 1;
        self.mixed_decode += *decodes;
        if recomputed > 0 {
            // HBM capacity made it compute these again.
            let recomputed = f64::from(recomputed) / f64::from(batch.prefill.tokens);
            let (part, all) = (decodes.span().seconds().get(), whole.span().seconds().get());
            whole.reassign(Bound::HbmCapacity, (1.0 - part / all).max(0.0) * recomputed);
        }
        self.mixed += *whole;
    }

    /// Books `steps` steps without prefill that cost `cost` together.
    pub(in crate::serving) fn book_decodes(&mut self, steps: u64, cost: &Cost) {
        self.steps += steps;
        self.pure += *cost;
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

    /// Notes a single step of `batch` that cost `cost`.
    pub(super) fn note_step(
        &mut self,
        underway: &Underway,
        batch: &Batch,
        recomputed: u32,
        cost: &Cost,
    ) {
        if self.journal.is_open() {
            let steps = Steps {
                start: underway.start.ceil(),
                end: underway.end.ceil(),
                count: 1,
                decodes: batch.decode.sequences,
                prefill_tokens: batch.prefill.tokens,
                recomputed_tokens: recomputed,
                time: cost.breakdown(),
            };
            let load = self.occupancy();
            self.journal.add(Note { at: steps.start, load, steps: Some(steps) });
        }
    }

    /// Notes the first `count` steps of a stretch that began at `start`.
    pub(super) fn note_stretch(&mut self, start: FineTime, count: u64) {
        if self.journal.is_open() {
            let last = start + self.series.span(count - 1);
            let steps = Steps {
                start: start.ceil(),
                end: (start + self.series.span(count)).ceil(),
                count,
                decodes: self.decodes.count(),
                prefill_tokens: 0,
                recomputed_tokens: 0,
                time: self.series.cost(count).breakdown(),
            };
            let load = self.occupancy();
            self.journal.add(Note { at: last.ceil(), load, steps: Some(steps) });
        }
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
