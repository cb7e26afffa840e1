//! Combining overlapping causes, and each cause's share of the result.

use super::bound::{Bound, Breakdown};

/// How terms overlap.
#[derive(Clone, Copy, Debug)]
pub(super) enum Norm {
    /// Perfectly: the largest is all there is.
    Max,
    /// In part: the p-norm, `p` at least 1.
    Power(f64),
}

/// `terms` in seconds as one; each gets the share `xᵖ/Σxᵖ`, its local elasticity.
pub(super) fn blend(terms: &[(Bound, f64)], norm: Norm) -> Breakdown {
    let mut parts = Breakdown::default();
    let largest = terms.iter().fold(0.0_f64, |best, term| best.max(term.1));
    match norm {
        _ if largest <= 0.0 => {}
        Norm::Max => {
            let first = terms.iter().find(|term| term.1 >= largest);
            parts[first.expect("one term is the largest").0] = largest;
        }
        Norm::Power(p) => {
            let mut sum = 0.0;
            for &(bound, time) in terms {
                let power = power_below_1(time / largest, p);
                parts[bound] += power;
                sum += power;
            }
            parts = parts.scaled(largest * power(sum, 1.0 / p - 1.0));
        }
    }
    parts
}

/// `x`, at most 1, to the power `p`.
fn power_below_1(x: f64, p: f64) -> f64 {
    // One of the terms is the largest.
    if x >= 1.0 {
        return 1.0;
    }
    let log = p * libm::log(x);
    if log > NOTHING { libm::exp(log) } else { 0.0 }
}

/// Logarithms of powers that add nothing to a sum that holds 1.
const NOTHING: f64 = -40.0;

/// `x` to the power `p`, to a few roundings where its logarithm is not large. Faster than
/// `libm::pow` and `cbrt`, which round better than prices need.
pub(super) fn power(x: f64, p: f64) -> f64 {
    libm::exp(p * libm::log(x))
}

/// `x` rounded up, as `libm::ceil` has it, where it fits 63 bits; without a call.
pub(super) fn ceil(x: f64) -> f64 {
    let whole = x as i64 as f64;
    if whole < x { whole + 1.0 } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Seconds;

    const TERMS: [(Bound, f64); 2] = [(Bound::Compute, 3.0), (Bound::HbmBandwidth, 4.0)];

    #[test]
    fn rounding_up_is_that_of_the_library() {
        for x in [0.0, 1e-300, 0.5, 1.0, 1.0 + f64::EPSILON, 7.999, 4e15 + 0.5, 9e15, 1e18] {
            assert_eq!(ceil(x).to_bits(), libm::ceil(x).to_bits());
        }
    }

    #[test]
    fn the_euclidean_case_is_pythagoras() {
        let parts = blend(&TERMS, Norm::Power(2.0));
        assert!((parts.total().get() - 5.0).abs() < 1e-12);
        assert!((parts[Bound::Compute] - 5.0 * 9.0 / 25.0).abs() < 1e-12);
    }

    #[test]
    fn the_extremes_are_the_sum_and_the_largest() {
        assert!((blend(&TERMS, Norm::Power(1.0)).total().get() - 7.0).abs() < 1e-12);
        assert_eq!(blend(&TERMS, Norm::Max), Breakdown::of(Bound::HbmBandwidth, Seconds::new(4.0)));
        assert_eq!(blend(&[], Norm::Power(2.0)), Breakdown::default());
    }
}
