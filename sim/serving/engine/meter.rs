//! What a replica measures about itself.

use super::intervals::Runs;
use crate::cost::{Bound, Breakdown, Cost, Demand};

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
    pub(super) fn new(percentiles: Percentiles) -> Self {
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

    /// Adds what another replica measured; their peaks of held pages add up, too.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.pure += other.pure;
        self.mixed += other.mixed;
        self.mixed_decode += other.mixed_decode;
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

    /// Books a step with prefill that cost `whole`, of which its decodes alone would have cost
    /// `decode`.
    ///
    /// `recomputed` is the share of its prefill tokens that HBM capacity made it compute again.
    pub(super) fn book_mixed(&mut self, whole: Cost, decode: Cost, recomputed: f64) {
        self.steps += 1;
        self.mixed_decode += decode;
        if recomputed > 0.0 {
            let (part, all) = (decode.span().seconds().get(), whole.span().seconds().get());
            let share = (1.0 - part / all).max(0.0) * recomputed;
            self.mixed += whole.reassigned(Bound::HbmCapacity, share);
        } else {
            self.mixed += whole;
        }
    }

    /// Books `steps` steps without prefill that cost `cost` together.
    pub(super) fn book_decodes(&mut self, steps: u64, cost: Cost) {
        self.steps += steps;
        self.pure += cost;
    }

    /// Notes that running sequences hold `pages` pages.
    pub(super) fn see_held(&mut self, pages: u64) {
        self.peak_held_pages = self.peak_held_pages.max(pages);
    }
}
