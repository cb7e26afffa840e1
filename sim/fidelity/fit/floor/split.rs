//! What the rows that a fit has seen say of those held out.

use super::places::{Places, Way};
use crate::fidelity::fit::group::{Fit, Group, Place};
use crate::fidelity::fit::sample::{Sample, Trial};

/// Predicted over measured on the held-out shapes, in the order of a fit's residuals.
#[derive(Clone, Debug)]
pub struct Floor {
    /// By the other rows of the table alone, interpolated.
    pub table: Vec<f64>,
    /// By the form, and what it missed of the other rows, interpolated.
    pub joined: Vec<f64>,
}

/// Rows that may be seen, and those that are asked for.
struct Split<'a> {
    seen: Vec<&'a Sample>,
    held_out: Vec<&'a Sample>,
    places: Places,
}

impl Group<'_> {
    /// What the rows that `fit` has seen say of those it has not; none of pools of chips, of
    /// kernels whose sizes are not all known, or if nothing was held out.
    pub fn floor(&self, fit: &Fit) -> Option<Floor> {
        let (values, alternative) = fit.blind.as_ref()?;
        let is_sized = self.samples.iter().all(|sample| !sample.sizes.is_empty());
        if matches!(self.place, Place::Pool(_)) || !is_sized {
            return None;
        }
        let (held_out, seen) = self.split();
        let places = Places::of(seen.iter().map(|sample| sample.sizes.as_slice()));
        let split = Split { seen, held_out, places };
        let trial = Trial { values, alternative: *alternative };
        let table = split.ratios(|_| 1.0)?;
        let joined = split.ratios(|sample| (sample.predict)(&trial))?;
        Some(Floor { table, joined })
    }
}

impl Split<'_> {
    /// Predicted over measured, where `base` times what it missed of the rows seen predicts.
    fn ratios(&self, base: impl Fn(&Sample) -> f64) -> Option<Vec<f64>> {
        let missed: Vec<f64> =
            self.seen.iter().map(|sample| libm::log(sample.seconds / base(sample))).collect();
        let way = self.way(&missed);
        let ratio = |sample: &&Sample| {
            let near = self.places.nearest(&sample.sizes, |_| true);
            let missed = self.places.value(&sample.sizes, &near, way, &missed)?;
            Some(base(sample) * libm::exp(missed) / sample.seconds)
        };
        self.held_out.iter().map(ratio).collect()
    }

    /// The way that says most of shapes seen when these are held out in turn.
    fn way(&self, missed: &[f64]) -> Way {
        let mut losses = [0.0; Way::ALL.len()];
        let folds: Vec<u64> = self.seen.iter().map(|sample| sample.fold()).collect();
        for (row, sample) in self.seen.iter().enumerate() {
            let near = self.places.nearest(&sample.sizes, |other| folds[other] != folds[row]);
            for (loss, way) in losses.iter_mut().zip(Way::ALL) {
                let said = self.places.value(&sample.sizes, &near, way, missed);
                *loss += said.map_or(0.0, |said| (said - missed[row]).abs());
            }
        }
        let ranked = Way::ALL.into_iter().zip(losses);
        ranked.min_by(|a, b| a.1.total_cmp(&b.1)).expect("there are ways").0
    }
}
