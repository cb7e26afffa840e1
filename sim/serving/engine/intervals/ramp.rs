//! Steps of a series: samples that grow evenly.

use crate::cost::FineTime;
use crate::des::Histogram;
use crate::units::SimSpan;

/// `count` samples of the length of each of `steps` steps, from one whole picosecond to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ramp {
    /// The first step's length, and how much longer each is than the one before: whole
    /// picoseconds, and 2⁻³² of them.
    first_ps: u64,
    growth: u64,
    first_fraction: u32,
    /// What of a picosecond had passed when the first step began.
    start_fraction: u32,
    pub(super) steps: u32,
    pub(super) count: u32,
}

impl Ramp {
    pub(super) fn of(span: SimSpan, count: u32) -> Self {
        let (first_ps, first_fraction, start_fraction) = (span.as_ps(), 0, 0);
        Self { first_ps, growth: 0, first_fraction, start_fraction, steps: 1, count }
    }

    /// Whether it is the same but for its number of samples a step.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        Self { count: other.count, ..*self } == *other
    }

    /// None if the numbers are too large.
    pub(super) fn of_steps(
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
        // The end of the last step is below 2⁹⁵.
        let digits = |number: u64| 64 - number.leading_zeros();
        let of_first = 32 + digits(ramp.first_ps) + digits(steps);
        let of_growth = digits(ramp.growth) + 2 * digits(steps);
        (of_first.max(of_growth) <= 94).then_some(ramp)
    }

    /// Whole picoseconds from the event at which the ramp began to that after `steps` steps.
    pub(super) fn end(&self, steps: u32) -> u64 {
        let start = u128::from(self.start_fraction);
        let first = (u128::from(self.first_ps) << 32) + u128::from(self.first_fraction);
        let steps = u128::from(steps);
        let grown = u128::from(self.growth) * (steps * steps.saturating_sub(1) / 2);
        let end = start + first * steps + grown;
        let ceil = |fine: u128| (fine + u128::from(u32::MAX)) >> 32;
        (ceil(end) - ceil(start)) as u64
    }

    pub(super) fn values(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
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
    pub(super) fn bins(&self) -> (usize, usize) {
        if self.steps == 1 {
            let bin = Histogram::bin_of(self.first_ps);
            return (bin, bin);
        }
        let grown = (u128::from(self.growth) * u128::from(self.steps - 1)) >> 32;
        // Rounding moves an end by less than a picosecond either way.
        let longest = self.first_ps.saturating_add(grown as u64).saturating_add(2);
        (Histogram::bin_of(self.first_ps.saturating_sub(1)), Histogram::bin_of(longest))
    }

    /// Shows `see` how many samples lie in each of its bins.
    pub(super) fn count_by_bin(&self, mut see: impl FnMut(usize, u64)) {
        let (low, high) = self.bins();
        let count = u64::from(self.count);
        if high - low >= self.steps as usize {
            self.values().for_each(|(value, count)| see(Histogram::bin_of(value), count));
            return;
        }
        let mut before = 0;
        for bin in low..high {
            let below = self.below(Histogram::first_of(bin + 1));
            if below > before {
                see(bin, u64::from(below - before) * count);
                before = below;
            }
        }
        if self.steps > before {
            see(high, u64::from(self.steps - before) * count);
        }
    }

    /// The samples that lie in `bin`, each with its number.
    pub(super) fn values_in(&self, bin: usize) -> impl Iterator<Item = (u64, u64)> + '_ {
        let (first, end) = (Histogram::first_of(bin), Histogram::first_of(bin + 1));
        let (from, to) = (self.below_for_sure(first), self.maybe_below(end));
        let lengths = (from..to).map(|step| self.length(step));
        let within = lengths.filter(move |length| (first..end).contains(length));
        within.map(|length| (length, u64::from(self.count)))
    }

    /// How many of its steps are shorter than `bound` picoseconds.
    fn below(&self, bound: u64) -> u32 {
        let sure = self.below_for_sure(bound);
        let unsure = sure..self.maybe_below(bound);
        sure + unsure.filter(|&step| self.length(step) < bound).count() as u32
    }

    /// The whole picoseconds of a step, counted from 0.
    fn length(&self, step: u32) -> u64 {
        self.end(step + 1) - self.end(step)
    }

    /// So many of the first steps are shorter than `bound`, even if rounded up.
    fn below_for_sure(&self, bound: u64) -> u32 {
        let longest = bound.checked_sub(1);
        longest.map_or(0, |longest| self.reach(u128::from(longest) << 32, true))
    }

    /// Steps from here on are not, even if rounded down.
    fn maybe_below(&self, bound: u64) -> u32 {
        self.reach(u128::from(bound) << 32, false)
    }

    /// How many of its steps are no longer than `limit`, or shorter if that `is_included` not,
    /// before anything is rounded.
    fn reach(&self, limit: u128, is_included: bool) -> u32 {
        let first = (u128::from(self.first_ps) << 32) + u128::from(self.first_fraction);
        let limit = limit + u128::from(is_included);
        // Step k is as long as `first + growth k`, which is to be less than the limit.
        let Some(room) = limit.checked_sub(first).filter(|&room| room > 0) else { return 0 };
        match self.growth {
            0 => self.steps,
            growth => {
                let steps = match u64::try_from(room) {
                    Ok(room) => u128::from(room.div_ceil(growth)),
                    Err(_) => room.div_ceil(u128::from(growth)),
                };
                steps.min(u128::from(self.steps)) as u32
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bins_hold_what_the_steps_are(
            start in any::<u32>(),
            first in prop_oneof![Just(0i128), 0i128..1 << 34, 0i128..1 << 52, 0i128..1 << 70],
            growth in prop_oneof![Just(0i128), 0i128..1 << 20, 0i128..1 << 45],
            steps in 1u64..300,
        ) {
            let start_at = Ramp { start_fraction: start, ..Ramp::of(SimSpan::ZERO, 1) };
            let ramp = Ramp::of_steps(FineTime::default(), first, growth, (steps, 3)).unwrap();
            let ramp = Ramp { start_fraction: start_at.start_fraction, ..ramp };
            let mut expected: Vec<(usize, u64)> = Vec::new();
            let mut all: Vec<_> = ramp.values().collect();
            all.sort_unstable();
            for &(value, count) in &all {
                let bin = Histogram::bin_of(value);
                match expected.last_mut() {
                    Some(last) if last.0 == bin => last.1 += count,
                    _ => expected.push((bin, count)),
                }
            }
            let mut found = std::collections::BTreeMap::new();
            ramp.count_by_bin(|bin, count| *found.entry(bin).or_insert(0) += count);
            prop_assert_eq!(found.into_iter().collect::<Vec<_>>(), expected.clone());
            for (bin, _) in expected {
                let mut within: Vec<_> = ramp.values_in(bin).collect();
                within.sort_unstable();
                let of_bin = |value: &&(u64, u64)| Histogram::bin_of(value.0) == bin;
                prop_assert_eq!(within, all.iter().filter(of_bin).copied().collect::<Vec<_>>());
            }
        }
    }
}
