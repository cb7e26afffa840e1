//! What holds a step back, and how its time divides among those causes.

use std::ops::{Add, AddAssign, Index, IndexMut};

use crate::units::Seconds;

/// The resources that time is attributed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bound {
    /// Matrix engines, exponentials.
    Compute,
    /// HBM bandwidth: weights and KV streams.
    HbmBandwidth,
    /// HBM capacity: prefilling again what was evicted.
    HbmCapacity,
    /// Scale-up and scale-out links.
    Interconnect,
    /// Launches, kernel floors, serial loops: what does not shrink from chip to chip.
    Latency,
    /// The host: scheduling, sampling, launch gaps.
    Host,
    /// Nothing to do.
    Idle,
}

impl Bound {
    /// Every bound, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::Compute,
        Self::HbmBandwidth,
        Self::HbmCapacity,
        Self::Interconnect,
        Self::Latency,
        Self::Host,
        Self::Idle,
    ];

    /// The key in JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::HbmBandwidth => "hbm_bandwidth",
            Self::HbmCapacity => "hbm_capacity",
            Self::Interconnect => "interconnect",
            Self::Latency => "latency",
            Self::Host => "host",
            Self::Idle => "idle",
        }
    }
}

/// Seconds by bound; adds up to the time it describes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Breakdown([f64; 7]);

impl Breakdown {
    /// All of `time` for one bound.
    pub fn of(bound: Bound, time: Seconds) -> Self {
        let mut breakdown = Self::default();
        breakdown[bound] = time.get();
        breakdown
    }

    /// The sum.
    pub fn total(&self) -> Seconds {
        Seconds::new(self.0.iter().sum::<f64>().max(0.0))
    }

    /// Every part multiplied by `factor`.
    pub fn scaled(&self, factor: f64) -> Self {
        Self(self.0.map(|part| part * factor))
    }

    /// Each bound's share of the total, all zero if there is none.
    pub fn shares(&self) -> [f64; 7] {
        let total: f64 = self.0.iter().sum();
        if total > 0.0 { self.0.map(|part| part / total) } else { [0.0; 7] }
    }

    /// The bound with the largest part.
    pub fn largest(&self) -> Bound {
        let mut best = Bound::Compute;
        for bound in Bound::ALL {
            if self[bound] > self[best] {
                best = bound;
            }
        }
        best
    }

    /// Moves the share `fraction` of every part to `bound`.
    pub fn reassigned(&self, bound: Bound, fraction: f64) -> Self {
        let moved = self.0.iter().sum::<f64>() * fraction;
        let mut rest = self.scaled(1.0 - fraction);
        rest[bound] += moved;
        rest
    }
}

impl Index<Bound> for Breakdown {
    type Output = f64;
    fn index(&self, bound: Bound) -> &f64 {
        &self.0[bound as usize]
    }
}

impl IndexMut<Bound> for Breakdown {
    fn index_mut(&mut self, bound: Bound) -> &mut f64 {
        &mut self.0[bound as usize]
    }
}

impl Add for Breakdown {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for Breakdown {
    fn add_assign(&mut self, other: Self) {
        for (part, more) in self.0.iter_mut().zip(other.0) {
            *part += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reassigning_keeps_the_total() {
        let mut parts = Breakdown::of(Bound::Compute, Seconds::new(3.0));
        parts[Bound::HbmBandwidth] = 1.0;
        let moved = parts.reassigned(Bound::HbmCapacity, 0.25);
        assert!((moved.total().get() - 4.0).abs() < 1e-12);
        assert!((moved[Bound::HbmCapacity] - 1.0).abs() < 1e-12);
        assert_eq!(moved.largest(), Bound::Compute);
    }
}
