//! Latencies of a run, in the field's terms.

use super::RunResult;
use crate::des::{quantile, quantile_of_runs};
use crate::serving::Outcome;
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

impl Summary {
    fn of(spans: impl Iterator<Item = SimSpan>) -> Option<Self> {
        let mut values: Vec<f64> = spans.map(SimSpan::as_ms).collect();
        values.sort_unstable_by(f64::total_cmp);
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let at = |q| quantile(&values, q);
        Some(Self { mean, p50: at(0.5)?, p90: at(0.9)?, p99: at(0.99)? })
    }

    fn of_runs(runs: &[(f64, u64)]) -> Option<Self> {
        let count: u64 = runs.iter().map(|(_, count)| count).sum();
        let sum: f64 = runs.iter().map(|(value, count)| value * *count as f64).sum();
        let at = |q| quantile_of_runs(runs, q);
        Some(Self { mean: sum / count as f64, p50: at(0.5)?, p90: at(0.9)?, p99: at(0.99)? })
    }
}

impl RunResult {
    /// Time to first token; `None` if no request ended in the window.
    pub fn ttft(&self) -> Option<Summary> {
        Summary::of(self.outcomes.iter().map(Outcome::ttft))
    }

    /// Time per output token after the first, of requests with more than one.
    pub fn tpot(&self) -> Option<Summary> {
        Summary::of(self.outcomes.iter().filter_map(Outcome::tpot))
    }

    /// Time from arrival to last token.
    pub fn e2e(&self) -> Option<Summary> {
        Summary::of(self.outcomes.iter().map(Outcome::e2e))
    }

    /// Inter-token latency, every gap between two tokens of a sequence a sample.
    pub fn itl(&self) -> Option<Summary> {
        let sorted = self.meter.itl.sorted();
        let runs: Vec<_> = sorted.iter().map(|(span, count)| (span.as_ms(), *count)).collect();
        Summary::of_runs(&runs)
    }
}
