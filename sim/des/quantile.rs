//! Quantiles, as `NumPy` computes them by default.

/// The `q`-quantile of `sorted` values, interpolated linearly; `None` if there are none.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    weighted_quantile(sorted.len() as u64, q, |rank| sorted[rank as usize])
}

/// The `q`-quantile of sorted (value, count) runs, as if each value stood there `count` times.
pub fn quantile_of_runs(runs: &[(f64, u64)], q: f64) -> Option<f64> {
    let count = runs.iter().map(|(_, count)| count).sum();
    weighted_quantile(count, q, |rank| {
        let mut seen = 0;
        let run = runs.iter().find(|(_, count)| {
            seen += count;
            seen > rank
        });
        run.map_or(f64::NAN, |(value, _)| *value)
    })
}

fn weighted_quantile(count: u64, q: f64, at: impl Fn(u64) -> f64) -> Option<f64> {
    let last = count.checked_sub(1)?;
    let position = q * last as f64;
    let below = libm::floor(position) as u64;
    let above = (below + 1).min(last);
    let (low, high) = (at(below), at(above));
    Some(low + (high - low) * (position - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate_between_ranks() {
        let values = [1.0, 2.0, 3.0, 10.0];
        assert_eq!(quantile(&values, 0.5), Some(2.5));
        assert_eq!(quantile(&values, 1.0), Some(10.0));
        assert!((quantile(&values, 0.9).unwrap() - 7.9).abs() < 1e-12);
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn runs_count_as_their_values() {
        let runs = [(1.0, 3), (4.0, 1), (5.0, 2)];
        let flat = [1.0, 1.0, 1.0, 4.0, 5.0, 5.0];
        for q in [0.0, 0.3, 0.5, 0.75, 0.99, 1.0] {
            assert_eq!(quantile_of_runs(&runs, q), quantile(&flat, q));
        }
    }
}
