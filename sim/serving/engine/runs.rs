//! Samples that come in runs, and exact quantiles of them.

use crate::cost::{FineTime, Series};
use crate::units::SimSpan;

/// Spans, many of them the steps of a series: each series is kept as a few numbers.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    ramps: Vec<Ramp>,
    count: u64,
    /// Σ of all samples, in picoseconds.
    sum: u128,
}

/// `count` samples of the length of each of `steps` steps, from one whole picosecond to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ramp {
    /// The first step's length, and how much longer each is than the one before: whole
    /// picoseconds, and 2⁻³² of them.
    first_ps: u64,
    growth: u64,
    first_fraction: u32,
    /// What of a picosecond had passed when the first step began.
    start_fraction: u32,
    steps: u32,
    count: u32,
}

/// Samples of one ramp with almost equal values, and how to tell them from others: by exponent and
/// the ten bits after the leading one.
const BINS: usize = 64 << MANTISSA_BITS;
const MANTISSA_BITS: u32 = 10;

impl Runs {
    /// Adds one sample.
    pub fn record(&mut self, span: SimSpan) {
        self.record_many(span, 1);
    }

    /// Adds `count` equal samples.
    pub fn record_many(&mut self, span: SimSpan, count: u32) {
        self.add(Ramp::of(span, count));
    }

    /// Adds `count` samples of each of the first `steps` steps of a series that began at `start`:
    /// the time between the whole picoseconds at which events happen.
    pub fn record_steps(&mut self, start: FineTime, series: &Series, steps: u64, count: u32) {
        let (first, growth) = series.spans();
        let ramp = Ramp::of_steps(start, first.count(), growth.count(), (steps, count));
        if let Some(ramp) = ramp {
            self.add(ramp);
            return;
        }
        // Too steep or too long for a ramp.
        let mut end = start.ceil();
        for step in 1..=steps {
            let next = (start + series.span(step)).ceil();
            self.record_many(next.since(end), count);
            end = next;
        }
    }

    fn add(&mut self, ramp: Ramp) {
        self.count += u64::from(ramp.steps) * u64::from(ramp.count);
        self.sum += u128::from(ramp.end(ramp.steps)) * u128::from(ramp.count);
        match self.ramps.last_mut() {
            Some(last) if last.steps == 1 && Ramp { count: ramp.count, ..*last } == ramp => {
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

    /// The samples of the given ranks, counted from 0 in order of size.
    ///
    /// # Panics
    /// If a rank is not below the number of samples.
    pub fn ranked(&self, ranks: &[u64]) -> Vec<SimSpan> {
        let histogram = self.histogram();
        let mut found: Vec<(usize, Vec<(u64, u64)>)> = Vec::new();
        let places = ranks.iter().map(|&rank| {
            let mut below = 0;
            let bin = histogram.iter().position(|&count| {
                below += count;
                below > rank
            });
            let bin = bin.expect("a rank is below the number of samples");
            (bin, rank - (below - histogram[bin]))
        });
        let pick = |(bin, rank)| {
            let known = found.iter().position(|(known, _)| *known == bin);
            let index = known.unwrap_or_else(|| {
                found.push((bin, self.sorted_bin(bin)));
                found.len() - 1
            });
            let mut seen = 0;
            let values = &found[index].1;
            let sample = values.iter().find(|(_, count)| {
                seen += count;
                seen > rank
            });
            SimSpan::from_ps(sample.expect("the bin has as many samples").0)
        };
        places.map(pick).collect()
    }

    /// All samples as (value, count), smallest value first, each value once.
    pub fn sorted(&self) -> Vec<(SimSpan, u64)> {
        let mut all: Vec<_> = self.ramps.iter().flat_map(Ramp::values).collect();
        sort(&mut all);
        all.into_iter().map(|(ps, count)| (SimSpan::from_ps(ps), count)).collect()
    }

    fn histogram(&self) -> Vec<u64> {
        let mut histogram = vec![0; BINS];
        for ramp in &self.ramps {
            let (low, high) = ramp.bins();
            if low == high {
                histogram[low] += u64::from(ramp.steps) * u64::from(ramp.count);
            } else {
                ramp.values().for_each(|(value, count)| histogram[bin_of(value)] += count);
            }
        }
        histogram
    }

    fn sorted_bin(&self, bin: usize) -> Vec<(u64, u64)> {
        let mut values = Vec::new();
        for ramp in &self.ramps {
            let (low, high) = ramp.bins();
            if low <= bin && bin <= high {
                values.extend(ramp.values().filter(|(value, _)| bin_of(*value) == bin));
            }
        }
        sort(&mut values);
        values
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

/// Larger values have the same or a higher bin.
fn bin_of(value: u64) -> usize {
    let exponent = (value | 1).ilog2();
    let mantissa = if exponent >= MANTISSA_BITS {
        value >> (exponent - MANTISSA_BITS)
    } else {
        value << (MANTISSA_BITS - exponent)
    };
    (exponent << MANTISSA_BITS) as usize + (mantissa as usize & ((1 << MANTISSA_BITS) - 1))
}

impl Ramp {
    fn of(span: SimSpan, count: u32) -> Self {
        let (first_ps, first_fraction, start_fraction) = (span.as_ps(), 0, 0);
        Self { first_ps, growth: 0, first_fraction, start_fraction, steps: 1, count }
    }

    /// None if the numbers are too large.
    fn of_steps(
        start: FineTime,
        first: i128,
        growth: i128,
        (steps, count): (u64, u32),
    ) -> Option<Self> {
        if steps == 1 {
            let ramp = Self::of_steps(start, first, 0, (2, count))?;
            return Some(Self::of(SimSpan::from_ps(ramp.end(1)), count));
        }
        let ramp = Self {
            first_ps: u64::try_from(first >> 32).ok()?,
            growth: u64::try_from(growth).ok()?,
            first_fraction: first as u32,
            // Events happen at the next whole picosecond: counted back from there.
            start_fraction: start.fraction(),
            steps: u32::try_from(steps).ok()?,
            count,
        };
        let last = first.checked_mul(i128::from(steps))?;
        let grown = growth.checked_mul(i128::from(steps) * i128::from(steps))?;
        (last.checked_add(grown)? < 1 << 95).then_some(ramp)
    }

    /// Whole picoseconds from the event at which the ramp began to that after `steps` steps.
    fn end(&self, steps: u32) -> u64 {
        let start = u128::from(self.start_fraction);
        let first = (u128::from(self.first_ps) << 32) + u128::from(self.first_fraction);
        let steps = u128::from(steps);
        let grown = u128::from(self.growth) * (steps * steps.saturating_sub(1) / 2);
        let end = start + first * steps + grown;
        let ceil = |fine: u128| (fine + u128::from(u32::MAX)) >> 32;
        (ceil(end) - ceil(start)) as u64
    }

    fn values(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let count = u64::from(self.count);
        let mut end = 0;
        (1..=self.steps).map(move |step| {
            let next = self.end(step);
            let value = next - end;
            end = next;
            (value, count)
        })
    }

    /// The bins of its shortest and longest step, or beyond.
    fn bins(&self) -> (usize, usize) {
        if self.steps == 1 {
            let bin = bin_of(self.first_ps);
            return (bin, bin);
        }
        let grown = (u128::from(self.growth) * u128::from(self.steps - 1)) >> 32;
        // Rounding moves an end by less than a picosecond either way.
        let longest = self.first_ps.saturating_add(grown as u64).saturating_add(2);
        (bin_of(self.first_ps.saturating_sub(1)), bin_of(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::{Bound, Breakdown, Cost, Demand};
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
            + series(1e-13, 0.0, 1).span(1);
        let (mut runs, mut single) = (Runs::default(), Runs::default());
        runs.record_steps(start, &whole, 1000, 7);
        for step in 0..1000 {
            let next = whole.skip(step);
            single.record_steps(start, &next, 1, 7);
            start = start + next.span(1);
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
            runs.record_steps(start, &series(first, 1e-7, 40), i % 40 + 1, (i % 3 + 1) as u32);
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
    }

    #[test]
    fn what_is_too_steep_for_a_ramp_is_kept_all_the_same() {
        let steep = series(1e-3, 1.0, 10);
        let mut runs = Runs::default();
        runs.record_steps(FineTime::default(), &steep, 3, 2);
        let ms: Vec<_> = runs.sorted().iter().map(|(span, n)| (span.as_ms() as u64, *n)).collect();
        assert_eq!(ms, [(1, 2), (1001, 2), (2001, 2)]);
    }
}
