//! The small groups of figures that several documents have in common.

use serde::Serialize;

use crate::cost::{Bound, Breakdown};

/// How a time divides among what holds it back; the parts sum to 1, or all are null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Shares {
    /// Matrix engines, exponentials.
    pub compute: Option<f64>,
    /// HBM bandwidth: weights and KV streams.
    pub hbm_bandwidth: Option<f64>,
    /// HBM capacity: prefilling again what was evicted.
    pub hbm_capacity: Option<f64>,
    /// Scale-up and scale-out links.
    pub interconnect: Option<f64>,
    /// Launches, kernel floors, serial loops.
    pub latency: Option<f64>,
    /// The host: scheduling, sampling, launch gaps.
    pub host: Option<f64>,
    /// Nothing to do.
    pub idle: Option<f64>,
}

impl Shares {
    /// The share of `bound`.
    pub fn get(&self, bound: Bound) -> Option<f64> {
        match bound {
            Bound::Compute => self.compute,
            Bound::HbmBandwidth => self.hbm_bandwidth,
            Bound::HbmCapacity => self.hbm_capacity,
            Bound::Interconnect => self.interconnect,
            Bound::Latency => self.latency,
            Bound::Host => self.host,
            Bound::Idle => self.idle,
        }
    }

    /// Its shares of the whole task's time, by their keys in a row.
    pub fn of_time(&self) -> [(&'static str, Option<f64>); 7] {
        [
            ("time_share.compute", self.compute),
            ("time_share.hbm_bandwidth", self.hbm_bandwidth),
            ("time_share.hbm_capacity", self.hbm_capacity),
            ("time_share.interconnect", self.interconnect),
            ("time_share.latency", self.latency),
            ("time_share.host", self.host),
            ("time_share.idle", self.idle),
        ]
    }

    /// Its shares of decode's time, by their keys in a row.
    pub fn of_decode(&self) -> [(&'static str, Option<f64>); 7] {
        [
            ("decode_bound.compute", self.compute),
            ("decode_bound.hbm_bandwidth", self.hbm_bandwidth),
            ("decode_bound.hbm_capacity", self.hbm_capacity),
            ("decode_bound.interconnect", self.interconnect),
            ("decode_bound.latency", self.latency),
            ("decode_bound.host", self.host),
            ("decode_bound.idle", self.idle),
        ]
    }

    /// The largest share and what it belongs to; ties go to the first in [`Bound::ALL`].
    pub fn largest(&self) -> Option<(Bound, f64)> {
        let mut best: Option<(Bound, f64)> = None;
        for bound in Bound::ALL {
            if let Some(share) = self.get(bound)
                && best.is_none_or(|(_, most)| share > most)
            {
                best = Some((bound, share));
            }
        }
        best
    }
}

impl From<&Breakdown> for Shares {
    /// All null for an empty breakdown: no time has no shares.
    fn from(breakdown: &Breakdown) -> Self {
        if breakdown.total().get() == 0.0 {
            return Self::default();
        }
        let [compute, hbm_bandwidth, hbm_capacity, interconnect, latency, host, idle] =
            breakdown.shares().map(Some);
        Self { compute, hbm_bandwidth, hbm_capacity, interconnect, latency, host, idle }
    }
}

/// By how many per cent output per GPU grows when one resource grows by one per cent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Elasticity {
    /// Bandwidth of the HBM.
    pub hbm_bandwidth: Option<f64>,
    /// Capacity of the HBM.
    pub hbm_capacity: Option<f64>,
    /// Every peak of the matrix engines, and the exponentials.
    pub compute: Option<f64>,
    /// Scale-up and scale-out links.
    pub interconnect: Option<f64>,
    /// Speed of the host.
    pub host: Option<f64>,
}

/// An [elasticity](Elasticity) and its standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Slope {
    /// Per cent of output per per cent of the lever.
    pub value: f64,
    /// What chance and curvature leave unsure of it; null where only one lever was pulled.
    pub error: Option<f64>,
}

/// The range a prediction is expected to fall in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Band {
    /// Lower end.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

impl Band {
    /// ` (12 to 15)`, ` (from 12)` or nothing, to follow a figure; `write` writes a number.
    pub(in crate::report) fn beside(self, write: impl Fn(f64) -> String) -> String {
        match (self.low, self.high) {
            (Some(low), Some(high)) => format!(" ({} to {})", write(low), write(high)),
            (Some(low), None) => format!(" (from {})", write(low)),
            (None, _) => String::new(),
        }
    }
}

/// A distribution in four numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Quantiles {
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
}

/// `bound` in a few letters, for table cells.
pub(super) const fn short_name(bound: Bound) -> &'static str {
    match bound {
        Bound::Compute => "compute",
        Bound::HbmBandwidth => "HBM bw",
        Bound::HbmCapacity => "HBM cap",
        Bound::Interconnect => "links",
        Bound::Latency => "latency",
        Bound::Host => "host",
        Bound::Idle => "idle",
    }
}

/// `bound` in words, for legends and headers.
pub(super) const fn long_name(bound: Bound) -> &'static str {
    match bound {
        Bound::HbmBandwidth => "HBM bandwidth",
        Bound::HbmCapacity => "HBM capacity",
        Bound::Interconnect => "interconnect",
        Bound::Compute | Bound::Latency | Bound::Host | Bound::Idle => short_name(bound),
    }
}

/// `bound` as the object of a sentence: time goes to it.
pub(super) const fn spoken_name(bound: Bound) -> &'static str {
    match bound {
        Bound::Interconnect => "the interconnect",
        Bound::Host => "the host",
        Bound::Idle => "waiting for work",
        other => long_name(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Seconds;

    #[test]
    fn a_breakdown_becomes_shares_that_sum_to_one() {
        let mut parts = Breakdown::of(Bound::HbmBandwidth, Seconds::new(3.0));
        parts[Bound::Host] = 1.0;
        let shares = Shares::from(&parts);
        let sum: f64 = Bound::ALL.iter().filter_map(|&bound| shares.get(bound)).sum();
        assert!((sum - 1.0).abs() < 1e-12);
        assert_eq!(shares.largest(), Some((Bound::HbmBandwidth, 0.75)));
    }

    #[test]
    fn no_time_has_no_shares() {
        assert_eq!(Shares::from(&Breakdown::default()), Shares::default());
        assert_eq!(Shares::default().largest(), None);
    }
}
