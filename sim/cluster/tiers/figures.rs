//! What a hierarchy has to show.

use super::tiering::Place;
use crate::cluster::run::Summary;
use crate::units::{Bytes, SimSpan};

/// Measurements of all stores below HBM in the window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TierFigures {
    /// The stores, the nearest first.
    pub stores: Vec<StoreFigures>,
    /// What came back.
    pub fetches: FetchFigures,
}

/// Measurements of the stores of one place, all replicas' together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StoreFigures {
    /// Where.
    pub place: Place,
    /// How many.
    pub count: u32,
    /// Pages of all of them.
    pub pages: u64,
    /// Of those, taken in the end.
    pub used_pages: u64,
    /// Pages evicted in the whole run for want of room.
    pub evicted_pages: u64,
    /// Pages of prompts that were found there, at first admission.
    pub hit_pages: u64,
    /// Sent to HBM.
    pub read: Bytes,
    /// Received.
    pub written: Bytes,
}

/// What requests fetched, and what they did without.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FetchFigures {
    /// Requests that fetched pages.
    pub count: u64,
    /// Requests for which computing all of it was predicted to be faster.
    pub declined: u64,
    /// From admission until all pages had arrived, in milliseconds.
    pub wait: Option<Summary>,
    /// Mean of what those waits were predicted to be, in milliseconds.
    pub predicted_ms: Option<f64>,
    /// Mean of what computing the same pages was predicted to take, in milliseconds.
    pub compute_ms: Option<f64>,
    /// Prefetches while tools ran.
    pub ahead: u64,
}

/// Counts on the way to [`FetchFigures`].
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) hit_pages: Vec<u64>,
    pub(super) read: Vec<Bytes>,
    pub(super) written: Vec<Bytes>,
    pub(super) waits: Vec<SimSpan>,
    pub(super) count: u64,
    pub(super) declined: u64,
    pub(super) ahead: u64,
    pub(super) predicted: f64,
    pub(super) compute: f64,
}

impl Tally {
    pub(super) fn new(tiers: usize) -> Self {
        let bytes = vec![Bytes::ZERO; tiers];
        Self { hit_pages: vec![0; tiers], read: bytes.clone(), written: bytes, ..Self::default() }
    }

    pub(super) fn fetches(&self) -> FetchFigures {
        let mean_ms = |sum: f64| (self.count > 0).then(|| 1000.0 * sum / self.count as f64);
        FetchFigures {
            count: self.count,
            declined: self.declined,
            wait: Summary::of(self.waits.iter().copied()),
            predicted_ms: mean_ms(self.predicted),
            compute_ms: mean_ms(self.compute),
            ahead: self.ahead,
        }
    }
}
