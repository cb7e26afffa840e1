//! Means, quantiles and spreads of samples.

/// The arithmetic mean; `None` of nothing.
pub(super) fn mean(sample: &[f64]) -> Option<f64> {
    (!sample.is_empty()).then(|| sample.iter().sum::<f64>() / sample.len() as f64)
}

/// The variance of the sample itself (divided by n).
pub(super) fn variance(sample: &[f64]) -> Option<f64> {
    let mean = mean(sample)?;
    Some(sample.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / sample.len() as f64)
}

/// The `q`-quantile of an ascending sample, linear between neighbours, as `NumPy` has it.
///
/// # Panics
/// If the sample is empty.
pub(super) fn quantile(ascending: &[f64], q: f64) -> f64 {
    let at = q * (ascending.len() - 1) as f64;
    let low = libm::floor(at) as usize;
    let high = (low + 1).min(ascending.len() - 1);
    ascending[low] + (ascending[high] - ascending[low]) * (at - low as f64)
}

/// The variance of counts per window of `width`, over their mean; 1 for a Poisson process.
///
/// Windows tile the time from 0 on; the last, incomplete one does not count. `None` if there are
/// fewer than two windows.
pub(super) fn dispersion(times: &[f64], width: f64) -> Option<f64> {
    let windows = libm::floor(times.last()? / width) as usize;
    if windows < 2 {
        return None;
    }
    let mut counts = vec![0.0; windows];
    for time in times {
        if let Some(count) = counts.get_mut((time / width) as usize) {
            *count += 1.0;
        }
    }
    Some(variance(&counts)? / mean(&counts)?).filter(|ratio| ratio.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_linear_between_neighbours() {
        let sample = [1.0, 2.0, 4.0];
        for (q, exact) in [(0.0, 1.0), (0.5, 2.0), (0.75, 3.0), (1.0, 4.0)] {
            assert!((quantile(&sample, q) - exact).abs() < 1e-12, "{q}");
        }
        assert!((quantile(&[7.0], 0.99) - 7.0).abs() < 1e-12);
    }

    #[test]
    fn a_steady_stream_has_no_dispersion_and_bursts_do() {
        let steady: Vec<_> = (0..100).map(f64::from).collect();
        assert_eq!(dispersion(&steady, 10.0), Some(0.0));
        let bursts: Vec<_> = (0..100).map(|i| f64::from(i / 20 * 20)).collect();
        assert!(dispersion(&bursts, 10.0).unwrap() > 5.0);
        assert_eq!(dispersion(&[0.0, 5.0], 10.0), None);
    }
}
