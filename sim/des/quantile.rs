//! Quantiles, as `NumPy` computes them by default.

/// The `q`-quantile of `sorted` values, interpolated linearly; `None` if there are none.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let between = Between::of(sorted.len() as u64, q)?;
    Some(between.interpolate(sorted[between.below as usize], sorted[between.above as usize]))
}

/// Where a quantile lies among sorted values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Between {
    /// The rank below it, from 0.
    pub below: u64,
    /// The rank above it; the same at the end.
    pub above: u64,
    part: f64,
}

impl Between {
    /// Where the `q`-quantile of `count` values lies; `None` if there are none.
    pub fn of(count: u64, q: f64) -> Option<Self> {
        let last = count.checked_sub(1)?;
        let position = q * last as f64;
        let below = libm::floor(position) as u64;
        Some(Self { below, above: (below + 1).min(last), part: position - below as f64 })
    }

    /// The quantile, given the values of both ranks.
    pub fn interpolate(&self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.part
    }
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
}
