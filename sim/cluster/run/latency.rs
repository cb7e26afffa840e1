//! Latencies of a run, in the field's terms.

use std::collections::BTreeMap;

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
        // Of few samples the rank above one quantile lies beyond the one below the next.
        let mut ranks: Vec<_> =
            places.iter().flat_map(|place| [place.below, place.above]).collect();
        ranks.sort_unstable();
        ranks.dedup();
        let samples = ranked(&ranks);
        let sample = |rank: u64| samples[ranks.partition_point(|&known| known < rank)].as_ms();
        let at = |i: usize| places[i].interpolate(sample(places[i].below), sample(places[i].above));
        Some(Self { mean: mean.as_ms(), p50: at(0), p90: at(1), p99: at(2) })
    }
}

/// Latencies of the requests of one priority that ended within the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassFigures {
    /// The priority.
    pub priority: u8,
    /// How many.
    pub requests: u64,
    /// How often they were preempted.
    pub preempted: u64,
    /// Time to first token.
    pub ttft: Option<Summary>,
    /// Time per output token.
    pub tpot: Option<Summary>,
    /// Time from arrival to last token.
    pub e2e: Option<Summary>,
}

impl RunResult {
    /// Figures by priority, the most urgent first; empty if all requests are alike, or none are
    /// kept.
    pub fn by_class(&self) -> Vec<ClassFigures> {
        if self.outcomes.iter().all(|outcome| outcome.priority == 0) {
            return Vec::new();
        }
        let mut classes: BTreeMap<u8, Vec<&Outcome>> = BTreeMap::new();
        for outcome in &self.outcomes {
            classes.entry(outcome.priority).or_default().push(outcome);
        }
        let figures = classes.into_iter().map(|(priority, outcomes)| ClassFigures {
            priority,
            requests: outcomes.len() as u64,
            preempted: outcomes.iter().map(|outcome| u64::from(outcome.preemptions)).sum(),
            ttft: Summary::of(outcomes.iter().map(|outcome| outcome.ttft())),
            tpot: Summary::of(outcomes.iter().filter_map(|outcome| outcome.tpot())),
            e2e: Summary::of(outcomes.iter().map(|outcome| outcome.e2e())),
        });
        figures.collect()
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::quantile;

    /// Of few samples the ranks of one quantile reach beyond those of the next.
    #[test]
    fn few_samples_have_the_quantiles_of_many() {
        for count in 1..=40u64 {
            let samples: Vec<u64> = (0..count).map(|i| (i * 7919) % 101 * 1_000_000_000).collect();
            let spans = samples.iter().map(|&ps| SimSpan::from_ps(ps));
            let (found, mut runs) = (Summary::of(spans.clone()).unwrap(), Runs::default());
            spans.for_each(|span| runs.record(span));
            let of_runs = Summary::of_runs(&runs).unwrap();
            let mut sorted: Vec<f64> =
                samples.iter().map(|&ps| SimSpan::from_ps(ps).as_ms()).collect();
            sorted.sort_by(f64::total_cmp);
            let expected = QUANTILES.map(|q| quantile(&sorted, q).unwrap());
            for summary in [found, of_runs] {
                let all = [summary.p50, summary.p90, summary.p99];
                let is_it = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9 * b.max(1.0);
                assert!(all.iter().zip(&expected).all(is_it), "{count}: {all:?} {expected:?}");
            }
        }
    }
}
