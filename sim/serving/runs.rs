//! Samples with weights, for exact percentiles of what comes in runs.

use crate::units::SimSpan;

/// Spans, each with a count; equal neighbours are kept as one.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    runs: Vec<(SimSpan, u64)>,
    count: u64,
}

impl Runs {
    /// Adds one sample.
    pub fn record(&mut self, span: SimSpan) {
        self.count += 1;
        match self.runs.last_mut() {
            Some((last, count)) if *last == span => *count += 1,
            _ => self.runs.push((span, 1)),
        }
    }

    /// How many samples.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All samples as (value, count), smallest value first.
    pub fn sorted(&self) -> Vec<(SimSpan, u64)> {
        let mut sorted = self.runs.clone();
        sorted.sort_unstable();
        sorted
    }
}
