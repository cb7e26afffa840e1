//! Clocks that a power cap leaves.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::envelope::Envelope;
use super::timed::{Target, Timed};
use crate::cost::batch::{Batch, CLIPS, Decode};
use crate::cost::machine::CostError;
use crate::cost::program::split::Division;
use crate::cost::program::stretch::Stretch;
use crate::cost::program::whole::{Cost, FULL_CLOCK, Series};
use crate::model::Op;

/// The lowest clock, in 64ths of full clocks.
const LOWEST: u32 = 16;

/// Buckets of mean contexts within an octave.
const BUCKETS: u32 = 8;

/// Prices at every clock below full ones, and which of them a step runs at: the highest at which it
/// draws no more than the cap.
///
/// Of decode steps all those of as many sequences whose mean context is in one eighth of an octave
/// run at the clock of its lower end: governors are no finer, and series of steps stay series.
pub(in crate::cost::program) struct Throttle {
    envelope: Envelope,
    /// Pipeline stages, each with its own chips.
    stages: f64,
    /// From just below full clocks down.
    lower: Vec<(u32, Timed)>,
    chosen: RefCell<BTreeMap<(u32, u32), usize>>,
    clips: Vec<u32>,
}

impl Throttle {
    pub(in crate::cost::program) fn new(
        ops: &[Op],
        division: Division,
        target: &Target,
        envelope: Envelope,
    ) -> Result<Self, CostError> {
        let mut lower = Vec::with_capacity((FULL_CLOCK - LOWEST) as usize);
        for clock in (LOWEST..FULL_CLOCK).rev() {
            let target = Target { clock, ..*target };
            lower.push((clock, Timed::new(ops, division, &target)?.0));
        }
        let stages = f64::from(division.stages());
        let (chosen, clips) = (RefCell::default(), target.clips.to_vec());
        Ok(Self { envelope, stages, lower, chosen, clips })
    }

    pub(in crate::cost::program) fn stretched(self, stretch: Stretch) -> Self {
        let lower = self.lower.into_iter();
        let lower = lower.map(|(clock, timed)| (clock, timed.stretched(stretch))).collect();
        Self { lower, chosen: RefCell::default(), ..self }
    }

    /// The clock of a step and its prices there; none at full clocks.
    pub(in crate::cost::program) fn clock_of(
        &self,
        full: &Timed,
        batch: &Batch,
    ) -> Option<&(u32, Timed)> {
        let level = if batch.is_empty() {
            0
        } else if batch.prefill.tokens == 0 {
            self.of_decode(full, &batch.decode)
        } else {
            self.level(full, batch)
        };
        level.checked_sub(1).map(|at| &self.lower[at])
    }

    /// What a step costs.
    pub(in crate::cost::program) fn cost(&self, full: &Timed, batch: &Batch) -> Cost {
        let at_full = full.cost(batch);
        let clock = self.clock_of(full, batch);
        clock.map_or(at_full, |(clock, timed)| timed.cost(batch).slowed_from(&at_full, *clock))
    }

    /// Decode steps up to the next bucket.
    pub(in crate::cost::program) fn series(
        &self,
        full: &Timed,
        decode: &Decode,
        growing: &[u32; CLIPS],
    ) -> Series {
        let at_full = full.series(decode, growing);
        let mean = mean(decode);
        let steps = at_full.pace().steps().min(u64::from(bucket_of(mean)[1] - mean));
        let level = self.of_decode(full, decode);
        let Some((clock, timed)) = level.checked_sub(1).map(|at| &self.lower[at]) else {
            return Series::new(at_full.first(), at_full.growth(), steps);
        };
        let slow = timed.series(decode, growing);
        let first = slow.first().slowed_from(&at_full.first(), *clock);
        let growth = slow.growth().slowed_from(&at_full.growth(), *clock);
        Series::new(first, growth, steps.min(slow.pace().steps()))
    }

    /// The level of a decode step, 0 at full clocks.
    fn of_decode(&self, full: &Timed, decode: &Decode) -> usize {
        let [from, _] = bucket_of(mean(decode));
        let key = (decode.sequences, from);
        if let Some(&known) = self.chosen.borrow().get(&key) {
            return known;
        }
        let batch = Batch::decoding(decode.sequences, from.max(1), &self.clips);
        let level = self.level(full, &batch);
        self.chosen.borrow_mut().insert(key, level);
        level
    }

    /// The highest clock at which `batch` keeps to the cap, or the lowest there is.
    fn level(&self, full: &Timed, batch: &Batch) -> usize {
        let most = self.envelope.cap.saturating_sub(self.envelope.idle).get();
        let at_full = self.dynamic(full, FULL_CLOCK, batch);
        let scale = self.envelope.within_limit(at_full);
        if at_full * scale <= most {
            return 0;
        }
        let exceeds = |level: &(u32, Timed)| self.dynamic(&level.1, level.0, batch) * scale > most;
        self.lower.partition_point(exceeds).min(self.lower.len() - 1) + 1
    }

    /// What a step draws beyond idling.
    fn dynamic(&self, timed: &Timed, clock: u32, batch: &Batch) -> f64 {
        let seconds = timed.parts(batch).total().get();
        let work = timed.work(batch) * (1.0 / self.stages);
        self.envelope.dynamic(work, seconds, f64::from(clock) / f64::from(FULL_CLOCK))
    }
}

/// The mean context of a decode step, in tokens.
fn mean(decode: &Decode) -> u32 {
    u32::try_from(decode.context / u64::from(decode.sequences.max(1))).unwrap_or(u32::MAX / 2)
}

/// The first mean context of the bucket of `mean`, and of the next.
fn bucket_of(mean: u32) -> [u32; 2] {
    let octave = mean.max(1).ilog2();
    let width = ((1u32 << octave) / BUCKETS).max(1);
    let from = mean / width * width;
    [from, from.saturating_add(width)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_eighths_of_octaves() {
        assert_eq!(bucket_of(0), [0, 1]);
        assert_eq!(bucket_of(5), [5, 6]);
        assert_eq!(bucket_of(1000), [960, 1024]);
        assert_eq!(bucket_of(1024), [1024, 1152]);
        for mean in 1..5000 {
            let [from, next] = bucket_of(mean);
            assert!(from <= mean && mean < next);
            assert_eq!(bucket_of(from), [from, next]);
            assert_eq!(bucket_of(next)[0], next);
        }
    }
}
