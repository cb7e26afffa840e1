//! Counts of whole numbers by size, with one relative error for all of them.

/// Bits after the leading one by which numbers are told apart.
const MANTISSA_BITS: u32 = 10;
const BINS: usize = 64 << MANTISSA_BITS;

/// How many samples there are of each size. It takes half a megabyte, however many they are; two of
/// them add up to that of all their samples.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BINS], count: 0 }
    }
}

impl Histogram {
    /// How far a sample may lie from what [`ranked`](Self::ranked) says, relative to it: a bin is
    /// 2⁻¹⁰ wide, and its middle stands for all of it.
    pub const ERROR: f64 = 0.5 / (1 << MANTISSA_BITS) as f64;

    /// The bin of a sample: larger ones have the same or a higher bin.
    pub fn bin_of(sample: u64) -> usize {
        let exponent = (sample | 1).ilog2();
        let mantissa = if exponent >= MANTISSA_BITS {
            sample >> (exponent - MANTISSA_BITS)
        } else {
            sample << (MANTISSA_BITS - exponent)
        };
        (exponent << MANTISSA_BITS) as usize + (mantissa as usize & ((1 << MANTISSA_BITS) - 1))
    }

    /// The smallest sample of a bin, or of those above it if it has none; `u64::MAX` past the last.
    pub fn first_of(bin: usize) -> u64 {
        let exponent = (bin >> MANTISSA_BITS) as u32;
        let mantissa = (1 << MANTISSA_BITS) | (bin as u64 & ((1 << MANTISSA_BITS) - 1));
        match exponent {
            0 if bin == 0 => 0,
            64.. => u64::MAX,
            MANTISSA_BITS.. => mantissa << (exponent - MANTISSA_BITS),
            _ => mantissa.div_ceil(1 << (MANTISSA_BITS - exponent)),
        }
    }

    /// Adds `count` samples of a bin.
    pub fn add(&mut self, bin: usize, count: u64) {
        self.counts[bin] += count;
        self.count += count;
    }

    /// Adds one sample.
    pub fn record(&mut self, sample: u64) {
        self.add(Self::bin_of(sample), 1);
    }

    /// Adds the samples of another.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.count += other.count;
    }

    /// How many samples.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The bins that hold the samples of rising ranks, counted from 0 in order of size, and each
    /// one's rank within its bin.
    ///
    /// # Panics
    /// If a rank is not below the number of samples.
    pub fn places(&self, ranks: &[u64]) -> Vec<(usize, u64)> {
        let (mut bin, mut below) = (0, 0);
        let place = |&rank: &u64| {
            assert!(rank < self.count, "a rank is below the number of samples");
            while below + self.counts[bin] <= rank {
                below += self.counts[bin];
                bin += 1;
            }
            (bin, rank - below)
        };
        ranks.iter().map(place).collect()
    }

    /// The samples of rising ranks, to within [`ERROR`](Self::ERROR) and half a unit.
    ///
    /// # Panics
    /// If a rank is not below the number of samples.
    pub fn ranked(&self, ranks: &[u64]) -> Vec<u64> {
        let middle = |(bin, _)| Self::first_of(bin).midpoint(Self::first_of(bin + 1) - 1);
        self.places(ranks).into_iter().map(middle).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::Streams;

    #[test]
    fn a_bin_begins_where_the_one_below_ends() {
        let samples = (0..5000).chain((12..63).flat_map(|bits| (1 << bits) - 3..(1 << bits) + 3));
        for sample in samples {
            let bin = Histogram::bin_of(sample);
            assert!(Histogram::first_of(bin) <= sample && sample < Histogram::first_of(bin + 1));
        }
        assert_eq!(Histogram::first_of(Histogram::bin_of(u64::MAX) + 1), u64::MAX);
    }

    #[test]
    fn ranks_are_right_to_within_the_error() {
        let mut stream = Streams::new(3).named("samples", 0);
        let mut samples: Vec<u64> =
            (0..20_000).map(|_| stream.log_normal(3e10, 2.5) as u64).collect();
        let (mut left, mut right) = (Histogram::default(), Histogram::default());
        for (i, &sample) in samples.iter().enumerate() {
            if i % 3 == 0 { left.record(sample) } else { right.record(sample) }
        }
        left.merge(&right);
        samples.sort_unstable();
        let ranks: Vec<u64> = (0..20_000).step_by(7).collect();
        for (found, rank) in left.ranked(&ranks).into_iter().zip(ranks) {
            let exact = samples[rank as usize] as f64;
            assert!((found as f64 / exact - 1.0).abs() <= Histogram::ERROR, "{found} for {exact}");
        }
    }
}
