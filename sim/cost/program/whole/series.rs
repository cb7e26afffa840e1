//! Decode steps between two changes of a batch: an arithmetic series.

use super::exact::{Cost, FineSpan};

/// Consecutive decode steps of the same sequences: every context grows by one a step, so that each
/// step costs as much more than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    first: Cost,
    growth: Cost,
    first_span: FineSpan,
    growth_span: FineSpan,
    steps: u64,
}

impl Series {
    /// Steps that begin with one that costs `first`, each `growth` more than the one before; known
    /// to go on so for `steps` steps, at least one.
    pub fn new(first: Cost, growth: Cost, steps: u64) -> Self {
        let (first_span, growth_span) = (first.span(), growth.span());
        Self { first, growth, first_span, growth_span, steps: steps.max(1) }
    }

    /// A single step of which no successor is known.
    pub fn single(first: Cost) -> Self {
        Self::new(first, Cost::default(), 1)
    }

    /// The cost of the first step.
    pub fn first(&self) -> Cost {
        self.first
    }

    /// What each step costs more than the one before it.
    pub fn growth(&self) -> Cost {
        self.growth
    }

    /// How many steps are known to be of the series.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The time of the first step, and how much longer each is than the one before it.
    pub fn spans(&self) -> (FineSpan, FineSpan) {
        (self.first_span, self.growth_span)
    }

    /// The cost of the first `steps` steps.
    pub fn cost(&self, steps: u64) -> Cost {
        let mut all = self.first * steps;
        all.add_times(&self.growth, triangle(steps));
        all
    }

    /// The time of the first `steps` steps.
    pub fn span(&self, steps: u64) -> FineSpan {
        self.first_span.times(steps) + self.growth_span.times(triangle(steps))
    }

    /// The series without its first `steps` steps.
    pub fn skip(&self, steps: u64) -> Self {
        let mut first = self.first;
        first.add_times(&self.growth, steps);
        Self::new(first, self.growth, self.steps.saturating_sub(steps))
    }

    /// How many whole steps, at most `most`, fit into `span`.
    pub fn fitting(&self, span: FineSpan, most: u64) -> u64 {
        let (mut fits, mut exceeds) = (0, most + 1);
        while exceeds - fits > 1 {
            let middle = fits.midpoint(exceeds);
            if self.span(middle) <= span {
                fits = middle;
            } else {
                exceeds = middle;
            }
        }
        fits
    }
}

/// Σ of 0 .. `steps` − 1.
pub(super) const fn triangle(steps: u64) -> u64 {
    steps * steps.saturating_sub(1) / 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::{Bound, Breakdown, Demand};
    use crate::units::{Bytes, Flop, Seconds};

    fn cost(seconds: f64) -> Cost {
        let demand = Demand { flop: Flop::new(seconds * 1e15), traffic: Bytes::new(17.0) };
        Cost::new(Breakdown::of(Bound::HbmBandwidth, Seconds::new(seconds)), demand)
    }

    #[test]
    fn a_series_is_its_steps() {
        let series = Series::new(cost(1.234_567e-2), cost(3.21e-7), 1000);
        let mut sum = Cost::default();
        for steps in 0..500 {
            assert_eq!(series.cost(steps), sum);
            assert_eq!(series.span(steps), sum.span());
            let rest = series.skip(steps);
            assert_eq!((rest.spans().0, rest.steps()), (rest.first().span(), 1000 - steps));
            sum += rest.first();
        }
    }

    #[test]
    fn as_many_steps_fit_as_their_time_allows() {
        let series = Series::new(cost(1e-2), cost(1e-5), 100);
        for steps in 0..100 {
            let exactly = series.span(steps);
            assert_eq!(series.fitting(exactly, 100), steps);
            assert_eq!(series.fitting(exactly + series.spans().1, 100), steps);
        }
        assert_eq!(series.fitting(series.span(90), 7), 7);
    }
}
