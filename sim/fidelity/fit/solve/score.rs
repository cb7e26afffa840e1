//! How far predictions are off.

use serde::Serialize;

/// Errors of a set of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Samples.
    pub n: usize,
    /// Median of |predicted/measured − 1|.
    pub median: f64,
    /// Its 90th percentile.
    pub p90: f64,
    /// Median of predicted/measured, less one: negative is too fast.
    pub bias: f64,
}

impl Score {
    /// The score of predicted over measured times; none of no samples.
    pub(crate) fn of(ratios: &[f64]) -> Option<Self> {
        if ratios.is_empty() {
            return None;
        }
        let sorted = |values: &mut dyn Iterator<Item = f64>| {
            let mut values: Vec<f64> = values.collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let errors = sorted(&mut ratios.iter().map(|ratio| (ratio - 1.0).abs()));
        let ratios = sorted(&mut ratios.iter().copied());
        Some(Self {
            n: errors.len(),
            median: quantile(&errors, 0.5),
            p90: quantile(&errors, 0.9),
            bias: quantile(&ratios, 0.5) - 1.0,
        })
    }
}

/// The `share` quantile of sorted values, interpolated.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = libm::floor(place) as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_its_quantiles() {
        let score = Score::of(&[0.8, 1.0, 1.1, 1.3]).unwrap();
        assert!((score.median - 0.15).abs() < 1e-12 && (score.bias - 0.05).abs() < 1e-12);
        assert!((score.p90 - 0.27).abs() < 1e-12, "{}", score.p90);
        assert_eq!(Score::of(&[]), None);
    }
}
