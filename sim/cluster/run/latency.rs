//! Latencies of a run, in the field's terms.

use super::RunResult;
use super::sketches::{Sketches, SpanSketch};
use crate::des::Between;
use crate::serving::{Outcome, Runs};
use crate::units::SimSpan;

/// Mean and quantiles of a latency, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
}

/// The quantiles of a summary.
const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];

impl Summary {
    /// Of the given spans; `None` if there are none.
    pub(in crate::cluster) fn of(spans: impl Iterator<Item = SimSpan>) -> Option<Self> {
        let mut spans: Vec<SimSpan> = spans.collect();
        let count = spans.len() as u64;
        let sum: u128 = spans.iter().map(|span| u128::from(span.as_ps())).sum();
        let mean = SimSpan::from_ps((sum / u128::from(count.max(1))) as u64);
        Self::of_ranks(mean, count, |ranks| {
            // Each selection leaves what is larger behind it.
            let mut from = 0;
            let mut select = |rank: u64| {
                let rank = rank as usize;
                if rank >= from {
                    spans[from..].select_nth_unstable(rank - from);
                    from = rank + 1;
                }
                spans[rank]
            };
            ranks.iter().map(|&rank| select(rank)).collect()
        })
    }

    fn of_sketch(sketch: &SpanSketch) -> Option<Self> {
        Self::of_ranks(sketch.mean(), sketch.count(), |ranks| sketch.ranked(ranks))
    }

    fn of_runs(runs: &Runs) -> Option<Self> {
        Self::of_ranks(runs.mean(), runs.count(), |ranks| runs.ranked(ranks))
    }

    /// From a mean, a count, and a function that gives the samples of rising ranks.
    fn of_ranks(
        mean: SimSpan,
        count: u64,
        ranked: impl FnOnce(&[u64]) -> Vec<SimSpan>,
    ) -> Option<Self> {
        let places: Vec<_> =
            QUANTILES.iter().map(|&q| Between::of(count, q)).collect::<Option<_>>()?;
        let ranks: Vec<_> = places.iter().flat_map(|place| [place.below, place.above]).collect();
        let samples = ranked(&ranks);
        let at = |i: usize| {
            let [low, high] = [samples[2 * i], samples[2 * i + 1]].map(SimSpan::as_ms);
            places[i].interpolate(low, high)
        };
        Some(Self { mean: mean.as_ms(), p50: at(0), p90: at(1), p99: at(2) })
    }
}

impl RunResult {
    /// Time to first token; `None` if no request ended in the window.
    pub fn ttft(&self) -> Option<Summary> {
        self.summary(|sketches| &sketches.ttft, |outcome| Some(outcome.ttft()))
    }

    /// Time per output token after the first, of requests with more than one.
    pub fn tpot(&self) -> Option<Summary> {
        self.summary(|sketches| &sketches.tpot, Outcome::tpot)
    }

    /// Time from arrival to last token.
    pub fn e2e(&self) -> Option<Summary> {
        self.summary(|sketches| &sketches.e2e, |outcome| Some(outcome.e2e()))
    }

    fn summary(
        &self,
        sketch: impl Fn(&Sketches) -> &SpanSketch,
        span: impl Fn(&Outcome) -> Option<SimSpan>,
    ) -> Option<Summary> {
        match &self.sketches {
            Some(sketches) => Summary::of_sketch(sketch(sketches)),
            None => Summary::of(self.outcomes.iter().filter_map(span)),
        }
    }

    /// Inter-token latency, every gap between two tokens of a sequence a sample.
    pub fn itl(&self) -> Option<Summary> {
        Summary::of_runs(&self.meter.itl)
    }
}
