//! Samples that come in runs, and quantiles of them.

use super::ramp::Ramp;
use crate::cost::{FineTime, Pace};
use crate::des::Histogram;
use crate::units::SimSpan;

/// Spans, many of them the steps of a series: each series is kept as a few numbers.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    ramps: Vec<Ramp>,
    /// Takes the ramps' place where memory is to be bounded.
    sketch: Option<Box<Histogram>>,
    count: u64,
    /// Σ of all samples, in picoseconds.
    sum: u128,
}

impl Runs {
    /// None yet, to be kept in bounded memory: ranks are right to within [`Histogram::ERROR`].
    pub fn sketched() -> Self {
        Self { sketch: Some(Box::default()), ..Self::default() }
    }

    /// Adds one sample.
    pub fn record(&mut self, span: SimSpan) {
        self.record_many(span, 1);
    }

    /// Adds `count` equal samples.
    pub fn record_many(&mut self, span: SimSpan, count: u32) {
        self.count += u64::from(count);
        self.sum += u128::from(span.as_ps()) * u128::from(count);
        match &mut self.sketch {
            Some(sketch) => sketch.add(Histogram::bin_of(span.as_ps()), u64::from(count)),
            None => self.keep(Ramp::of(span, count)),
        }
    }

    /// Adds `count` samples of each of the first `steps` steps at `pace` that began at `start`:
    /// the time between the whole picoseconds at which events happen.
    pub fn record_steps(&mut self, start: FineTime, pace: &Pace, steps: u64, count: u32) {
        let (first, growth) = pace.spans();
        let ramp = Ramp::of_steps(start, first.count(), growth.count(), (steps, count));
        if let Some(ramp) = ramp {
            self.add(ramp);
            return;
        }
        // Too steep or too long for a ramp.
        let mut end = start.ceil();
        for step in 1..=steps {
            let next = (start + pace.span(step)).ceil();
            self.record_many(next.since(end), count);
            end = next;
        }
    }

    fn add(&mut self, ramp: Ramp) {
        self.count += u64::from(ramp.steps) * u64::from(ramp.count);
        self.sum += u128::from(ramp.end(ramp.steps)) * u128::from(ramp.count);
        match &mut self.sketch {
            Some(sketch) => ramp.count_by_bin(|bin, count| sketch.add(bin, count)),
            None => self.keep(ramp),
        }
    }

    fn keep(&mut self, ramp: Ramp) {
        match self.ramps.last_mut() {
            Some(last) if last.steps == 1 && last.is_like(&ramp) => {
                match last.count.checked_add(ramp.count) {
                    Some(count) => last.count = count,
                    None => self.ramps.push(ramp),
                }
            }
            _ => self.ramps.push(ramp),
        }
    }

    /// Adds all samples of `other`.
    pub fn append(&mut self, other: &Self) {
        self.ramps.extend_from_slice(&other.ramps);
        self.count += other.count;
        self.sum += other.sum;
    }

    /// How many samples.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; zero if there are none.
    pub fn mean(&self) -> SimSpan {
        SimSpan::from_ps((self.sum / u128::from(self.count.max(1))) as u64)
    }

    /// The samples of rising ranks, counted from 0 in order of size.
    ///
    /// # Panics
    /// If a rank is not below the number of samples.
    pub fn ranked(&self, ranks: &[u64]) -> Vec<SimSpan> {
        if let Some(sketch) = &self.sketch {
            return sketch.ranked(ranks).into_iter().map(SimSpan::from_ps).collect();
        }
        let mut histogram = Histogram::default();
        for ramp in &self.ramps {
            ramp.count_by_bin(|bin, count| histogram.add(bin, count));
        }
        let places = histogram.places(ranks);
        let mut bins: Vec<_> = places.iter().map(|&(bin, _)| (bin, Vec::new())).collect();
        bins.dedup_by_key(|(bin, _)| *bin);
        for ramp in &self.ramps {
            let (low, high) = ramp.bins();
            for (bin, values) in bins.iter_mut().filter(|(bin, _)| (low..=high).contains(bin)) {
                values.extend(ramp.values_in(*bin));
            }
        }
        for (_, values) in &mut bins {
            sort(values);
        }
        let pick = |(bin, rank)| {
            let (_, values) = bins.iter().find(|(known, _)| *known == bin)?;
            let mut seen = 0;
            let sample = values.iter().find(|(_, count)| {
                seen += count;
                seen > rank
            });
            Some(SimSpan::from_ps(sample?.0))
        };
        let pick = |place| pick(place).expect("the bin has as many samples");
        places.into_iter().map(pick).collect()
    }

    /// All samples as (value, count), smallest value first, each value once; none of a sketch.
    pub fn sorted(&self) -> Vec<(SimSpan, u64)> {
        let mut all: Vec<_> = self.ramps.iter().flat_map(Ramp::values).collect();
        sort(&mut all);
        all.into_iter().map(|(ps, count)| (SimSpan::from_ps(ps), count)).collect()
    }
}

/// Sorts by value and joins equal ones.
fn sort(values: &mut Vec<(u64, u64)>) {
    values.sort_unstable();
    values.dedup_by(|next, kept| {
        let is_equal = next.0 == kept.0;
        kept.1 += if is_equal { next.1 } else { 0 };
        is_equal
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::{Bound, Breakdown, Cost, Demand, Series};
    use crate::units::{Seconds, SimTime};

    fn series(first: f64, growth: f64, steps: u64) -> Series {
        let [first, growth] = [first, growth].map(|seconds| {
            Cost::new(Breakdown::of(Bound::Host, Seconds::new(seconds)), Demand::default())
        });
        Series::new(first, growth, steps)
    }

    #[test]
    fn a_series_is_recorded_as_its_steps_would_be() {
        let whole = series(1.234_567_890_123_4e-3, 3.333_333e-8, 1000);
        let mut start = FineTime::at(SimTime::after_start(SimSpan::from_ps(77)))
            + series(1e-13, 0.0, 1).pace().span(1);
        let (mut runs, mut single) = (Runs::default(), Runs::default());
        runs.record_steps(start, whole.pace(), 1000, 7);
        for step in 0..1000 {
            let next = whole.skip(step);
            single.record_steps(start, next.pace(), 1, 7);
            start = start + next.pace().span(1);
        }
        assert_eq!(runs.sorted(), single.sorted());
        assert_eq!((runs.count(), runs.mean()), (7000, single.mean()));
    }

    #[test]
    fn ranks_are_those_of_all_samples() {
        let mut runs = Runs::default();
        for i in 0..200u64 {
            let start = FineTime::at(SimTime::after_start(SimSpan::from_ps(i)));
            let first = 1e-3 + 1e-5 * (i % 17) as f64;
            runs.record_steps(
                start,
                series(first, 1e-7, 40).pace(),
                i % 40 + 1,
                (i % 3 + 1) as u32,
            );
            runs.record(SimSpan::from_ms(i % 5 * 100));
            runs.record(SimSpan::from_ps(i));
        }
        let sorted = runs.sorted();
        let all: Vec<_> =
            sorted.iter().flat_map(|&(span, n)| std::iter::repeat_n(span, n as usize)).collect();
        assert_eq!(all.len() as u64, runs.count());
        let ranks: Vec<_> = (0..runs.count()).step_by(37).collect();
        let expected: Vec<_> = ranks.iter().map(|&rank| all[rank as usize]).collect();
        assert_eq!(runs.ranked(&ranks), expected);
        let mut sketch = Runs::sketched();
        runs.ramps.iter().for_each(|&ramp| sketch.add(ramp));
        assert_eq!((sketch.count(), sketch.mean()), (runs.count(), runs.mean()));
        for (found, exact) in sketch.ranked(&ranks).iter().zip(expected) {
            let error = found.as_ps().abs_diff(exact.as_ps()) as f64;
            assert!(error <= Histogram::ERROR * exact.as_ps() as f64 + 0.5, "{found:?}");
        }
    }

    #[test]
    fn what_is_too_steep_for_a_ramp_is_kept_all_the_same() {
        let steep = series(1e-3, 1.0, 10);
        let mut runs = Runs::default();
        runs.record_steps(FineTime::default(), steep.pace(), 3, 2);
        let ms: Vec<_> = runs.sorted().iter().map(|(span, n)| (span.as_ms() as u64, *n)).collect();
        assert_eq!(ms, [(1, 2), (1001, 2), (2001, 2)]);
    }
}
