//! What a replica measures about itself.

use super::runs::Runs;
use crate::cost::{Bound, Breakdown, Demand};

/// Sums over the steps since the last reset.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// Engine steps.
    pub steps: u64,
    /// Where the time of all steps went.
    pub busy: Breakdown,
    /// Where the time went that the decodes of each step would have taken alone.
    pub decode: Breakdown,
    /// Arithmetic and traffic of one chip.
    pub work: Demand,
    /// Tokens by kind.
    pub tokens: TokenCounts,
    /// Inter-token latencies.
    pub itl: Runs,
    /// Sequences thrown out for want of pages.
    pub preempted: u64,
    /// Most pages held by running sequences at any step.
    pub peak_held_pages: u64,
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
    /// Books a step that took `whole`, of which its decodes alone would have taken `decode`.
    ///
    /// `recomputed` is the share of its prefill tokens that HBM capacity made it compute again.
    pub(super) fn book(&mut self, whole: Breakdown, decode: Breakdown, recomputed: f64) {
        let prefill_share = 1.0 - decode.total().get() / whole.total().get();
        self.steps += 1;
        self.busy += whole.reassigned(Bound::HbmCapacity, prefill_share.max(0.0) * recomputed);
        self.decode += decode;
    }
}
