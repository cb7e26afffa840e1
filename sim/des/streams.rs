//! Named random streams from one seed.

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rand_pcg::Pcg64Mcg;

/// The source of all randomness of a run.
///
/// Adding a stream, or drawing more from one, never changes another.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// The streams of `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream of a purpose, and of an index within it (a task, a replica).
    pub fn named(self, name: &str, index: u64) -> Stream {
        // Mixed, not only XORed: two seeds must not share a stream under two names.
        let seed = mix(mix(self.seed ^ fnv1a(name)).wrapping_add(index));
        Stream(Pcg64Mcg::seed_from_u64(seed))
    }
}

/// One random stream with a value-stable generator.
#[derive(Clone, Debug)]
pub struct Stream(Pcg64Mcg);

impl Stream {
    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// An integer in `[low, high]`.
    ///
    /// # Panics
    /// If `low > high`.
    pub fn integer(&mut self, low: u64, high: u64) -> u64 {
        self.0.random_range(low..=high)
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A standard normal deviate.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// An exponential deviate with the given mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.unit())
    }

    /// A log-normal deviate with the given median and σ of its logarithm.
    pub fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }
}

/// FNV-1a, 64 bit: fixed for all time, unlike the standard library's hasher.
pub fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The finaliser of `SplitMix64`.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_name_and_index_only() {
        let draw = |seed, name, index| Streams::new(seed).named(name, index).unit();
        assert_eq!(draw(1, "gap", 0).to_bits(), draw(1, "gap", 0).to_bits());
        assert_ne!(draw(1, "gap", 0).to_bits(), draw(1, "gap", 1).to_bits());
        assert_ne!(draw(1, "gap", 0).to_bits(), draw(1, "tool", 0).to_bits());
        assert_ne!(draw(1, "gap", 0).to_bits(), draw(2, "gap", 0).to_bits());
    }

    #[test]
    fn deviates_have_their_means() {
        let mut stream = Streams::new(7).named("test", 0);
        let n = 100_000;
        let exponential: f64 = (0..n).map(|_| stream.exponential(3.0)).sum::<f64>() / f64::from(n);
        assert!((exponential - 3.0).abs() < 0.05, "{exponential}");
        let below = (0..n).filter(|_| stream.log_normal(2.0, 1.5) < 2.0).count();
        assert!((below as f64 / f64::from(n) - 0.5).abs() < 0.01, "{below}");
    }
}
