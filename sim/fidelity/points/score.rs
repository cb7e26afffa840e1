//! How far predictions are off, by group.

use std::collections::BTreeMap;

use super::point::Point;
use crate::des::quantile;

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
}

/// Scores each point with its prediction; groups in the order metric, grouping, name.
pub fn score<'a>(predicted: impl Iterator<Item = (&'a Point, f64)>) -> Vec<Group> {
    let mut errors: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for (point, value) in predicted {
        let (family, error) = (point.metric.family, value / point.measured - 1.0);
        let groups = point.tags.groups();
        let all = std::iter::once(("all", "all")).chain(groups);
        for (order, (by, group)) in all.enumerate() {
            errors.entry((family, order, by, group.to_owned())).or_default().push(error);
        }
    }
    let groups = errors.into_iter().map(|((family, _, by, group), mut errors)| {
        errors.sort_unstable_by(f64::total_cmp);
        let at = |errors: &[f64], q| quantile(errors, q).expect("a group has points");
        let bias = at(&errors, 0.5);
        let mut sizes: Vec<f64> = errors.iter().map(|error| error.abs()).collect();
        sizes.sort_unstable_by(f64::total_cmp);
        let (median, p90) = (at(&sizes, 0.5), at(&sizes, 0.9));
        Group { metric: family.name(), by, group, n: errors.len(), median, p90, bias }
    });
    groups.collect()
}
