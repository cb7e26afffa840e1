//! Where decode turns from one wall to the next as its batch grows.

use std::ops::RangeInclusive;

use crate::cluster::Deployment;
use crate::cost::{Batch, Bound, OpFamily, OpTime};

/// Contexts that are asked about, in tokens.
pub const CONTEXTS: [u32; 9] =
    [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000];

/// The batches, of one replica, at which decode of sequences of one length changes its wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossover {
    /// Context of every sequence, in tokens.
    pub context: u32,
    /// The smallest batch that spends as long on reading KV as on reading weights.
    pub kv_batch: Option<u32>,
    /// The smallest batch that computes for longer than it reads.
    pub compute_batch: Option<u32>,
    /// The largest batch that the KV cache holds. The other two are `None` if beyond it.
    pub capacity_batch: u32,
}

/// The crossovers of `deployment` at each of [`CONTEXTS`] of which it holds a sequence.
///
/// Recurrent state counts as KV; activations as neither. Batch limits of the engine do not count:
/// they can be raised.
pub fn crossovers(deployment: &Deployment) -> Vec<Crossover> {
    CONTEXTS.into_iter().map_while(|context| crossover(deployment, context)).collect()
}

fn crossover(deployment: &Deployment, context: u32) -> Option<Crossover> {
    let limits = &deployment.limits;
    let pages = u64::from(limits.pages(context)) + u64::from(limits.state_pages);
    let capacity = u32::try_from(deployment.pages / pages.max(1)).unwrap_or(u32::MAX);
    let times = |batch: u32| Times::of(deployment, batch, context);
    (capacity > 0).then(|| Crossover {
        context,
        kv_batch: first(1..=capacity, |batch| times(batch).kv >= times(batch).weights),
        compute_batch: first(1..=capacity, |batch| {
            let times = times(batch);
            times.compute > times.weights + times.kv
        }),
        capacity_batch: capacity,
    })
}

/// Seconds of a decode step.
#[derive(Default)]
struct Times {
    weights: f64,
    kv: f64,
    compute: f64,
}

impl Times {
    fn of(deployment: &Deployment, batch: u32, context: u32) -> Self {
        let program = &deployment.program;
        let mut times = Self::default();
        for op in program.price_ops(&Batch::decoding(batch, context, program.clips())) {
            times.compute += op.parts[Bound::Compute];
            let read = op.parts[Bound::HbmBandwidth];
            match op.family {
                OpFamily::Gemm | OpFamily::Experts => times.weights += read,
                OpFamily::Attention | OpFamily::Recurrent => times.kv += read,
                OpFamily::Collectives | OpFamily::Elementwise | OpFamily::Host => {}
            }
        }
        times
    }
}

/// The first of `range` for which `holds`, which from there on is taken to hold.
fn first(range: RangeInclusive<u32>, holds: impl Fn(u32) -> bool) -> Option<u32> {
    let (mut low, mut high) = (*range.start(), *range.end());
    if !holds(high) {
        return None;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    Some(high)
}

/// Operations per byte of HBM traffic of a step of these operators; `None` without traffic.
pub fn intensity(ops: &[OpTime]) -> Option<f64> {
    let flops: f64 = ops.iter().map(|op| op.flops.get()).sum();
    let bytes: f64 = ops.iter().map(|op| op.bytes.get()).sum();
    (bytes > 0.0).then(|| flops / bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_holds_is_found_at_either_end_and_between() {
        for turn in 1..=9 {
            assert_eq!(first(1..=9, |n| n >= turn), Some(turn));
        }
        assert_eq!(first(1..=9, |_| false), None);
    }
}
