//! How far predictions are off, by group.

use std::collections::BTreeMap;

use crate::des::quantile;
use crate::fidelity::bands::{Remainders, half_width};
use crate::fidelity::points::point::Point;
use crate::fidelity::points::run::Predicted;

/// Errors of one group of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Which figure: `tpot_ms`.
    pub metric: &'static str,
    /// Grouped by: `all`, `chip`, `model`, …
    pub by: &'static str,
    /// The group: `h100-sxm`.
    pub group: String,
    /// Points in it.
    pub n: usize,
    /// Median of |predicted / measured − 1|.
    pub median: f64,
    /// Its 90th percentile.
    pub p90: f64,
    /// Median of predicted / measured − 1.
    pub bias: f64,
    /// Share of the points whose 80 % bands hold what was measured.
    pub coverage: f64,
}

/// The 80 % band of a prediction: lower and upper end.
pub fn band(point: &Point, predicted: Predicted, remainders: &Remainders) -> (f64, f64) {
    let remainder = remainders.deviation(point.metric.family.remainder());
    let factor = libm::exp(half_width(predicted.deviation, remainder));
    (predicted.value / factor, predicted.value * factor)
}

/// Scores each point with its prediction; groups in the order metric, grouping, name.
pub fn score<'a>(
    predicted: impl Iterator<Item = (&'a Point, Predicted)>,
    remainders: &Remainders,
) -> Vec<Group> {
    let mut errors: BTreeMap<_, (Vec<f64>, usize)> = BTreeMap::new();
    for (point, predicted) in predicted {
        let (low, high) = band(point, predicted, remainders);
        let is_held = (low..=high).contains(&point.measured);
        let (family, error) = (point.metric.family, predicted.value / point.measured - 1.0);
        let groups = point.tags.groups();
        let all = std::iter::once(("all", "all")).chain(groups);
        for (order, (by, group)) in all.enumerate() {
            let key = (family, order, by, group.to_owned());
            let (errors, held) = errors.entry(key).or_default();
            errors.push(error);
            *held += usize::from(is_held);
        }
    }
    let groups = errors.into_iter().map(|((family, _, by, group), (mut errors, held))| {
        errors.sort_unstable_by(f64::total_cmp);
        let at = |errors: &[f64], q| quantile(errors, q).expect("a group has points");
        let bias = at(&errors, 0.5);
        let mut sizes: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
        sizes.sort_unstable_by(f64::total_cmp);
        let (median, p90) = (at(&sizes, 0.5), at(&sizes, 0.9));
        let (metric, n) = (family.name(), errors.len());
        Group { metric, by, group, n, median, p90, bias, coverage: held as f64 / n as f64 }
    });
    groups.collect()
}
