//! Latencies of requests in bounded memory.

use crate::des::Histogram;
use crate::serving::Outcome;
use crate::units::SimSpan;

/// Latencies of the requests that ended within the window, as counts by size.
#[derive(Clone, Debug, Default)]
pub struct Sketches {
    pub(super) ttft: SpanSketch,
    pub(super) tpot: SpanSketch,
    pub(super) e2e: SpanSketch,
}

/// Spans as counts by size, and their exact sum.
#[derive(Clone, Debug, Default)]
pub(super) struct SpanSketch {
    histogram: Histogram,
    /// In picoseconds.
    sum: u128,
}

impl Sketches {
    /// Adds a request.
    pub(super) fn record(&mut self, outcome: &Outcome) {
        self.ttft.record(outcome.ttft());
        self.e2e.record(outcome.e2e());
        if let Some(tpot) = outcome.tpot() {
            self.tpot.record(tpot);
        }
    }

    /// Requests.
    pub(super) fn count(&self) -> u64 {
        self.e2e.count()
    }
}

impl SpanSketch {
    fn record(&mut self, span: SimSpan) {
        self.histogram.record(span.as_ps());
        self.sum += u128::from(span.as_ps());
    }

    /// How many.
    pub(super) fn count(&self) -> u64 {
        self.histogram.count()
    }

    /// Their mean; zero if there are none.
    pub(super) fn mean(&self) -> SimSpan {
        SimSpan::from_ps((self.sum / u128::from(self.count().max(1))) as u64)
    }

    /// The spans of rising ranks, to within [`Histogram::ERROR`].
    pub(super) fn ranked(&self, ranks: &[u64]) -> Vec<SimSpan> {
        self.histogram.ranked(ranks).into_iter().map(SimSpan::from_ps).collect()
    }
}
