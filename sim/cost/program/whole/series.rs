//! Decode steps between two changes of a batch: an arithmetic series.

use super::exact::Cost;
use super::pace::{Pace, triangle};

/// Consecutive decode steps of the same sequences: every context grows by one a step, so that each
/// step costs as much more than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    first: Cost,
    growth: Cost,
    pace: Pace,
}

impl Series {
    /// Steps that begin with one that costs `first`, each `growth` more than the one before; known
    /// to go on so for `steps` steps, at least one.
    pub fn new(first: Cost, growth: Cost, steps: u64) -> Self {
        Self { first, growth, pace: Pace::new(first.span(), growth.span(), steps) }
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

    /// Their times.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// The cost of the first `steps` steps.
    pub fn cost(&self, steps: u64) -> Cost {
        let mut all = self.first * steps;
        all.add_times(&self.growth, triangle(steps));
        all
    }

    /// The series without its first `steps` steps.
    pub fn skip(&self, steps: u64) -> Self {
        let mut first = self.first;
        first.add_times(&self.growth, steps);
        Self::new(first, self.growth, self.pace.steps().saturating_sub(steps))
    }
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
            assert_eq!(series.pace().span(steps), sum.span());
            let rest = series.skip(steps);
            assert_eq!(
                (rest.pace().spans().0, rest.pace().steps()),
                (rest.first().span(), 1000 - steps)
            );
            sum += rest.first();
        }
    }

    #[test]
    fn as_many_steps_fit_as_their_time_allows() {
        let series = Series::new(cost(1e-2), cost(1e-5), 100);
        for steps in 0..100 {
            let exactly = series.pace().span(steps);
            assert_eq!(series.pace().fitting(exactly, 100), steps);
            assert_eq!(series.pace().fitting(exactly + series.pace().spans().1, 100), steps);
        }
        assert_eq!(series.pace().fitting(series.pace().span(90), 7), 7);
    }
}
