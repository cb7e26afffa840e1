//! Combining overlapping causes: a p-norm, and each cause's share of it.

use super::bound::{Bound, Breakdown};

/// The p-norm of `terms` in seconds; each gets the share `xᵖ/Σxᵖ`, its local elasticity.
///
/// `p = 1` is a sum (no overlap), `p = ∞` a maximum (perfect overlap, all of it for the largest).
pub(super) fn blend(terms: &[(Bound, f64)], p: f64) -> Breakdown {
    let mut parts = Breakdown::default();
    let largest = terms.iter().fold(0.0_f64, |best, term| best.max(term.1));
    if largest <= 0.0 {
        return parts;
    }
    if p.is_infinite() {
        let (bound, time) =
            terms.iter().copied().find(|term| term.1 >= largest).expect("one term is the largest");
        parts[bound] = time;
        return parts;
    }
    let mut sum = 0.0;
    for &(bound, time) in terms {
        let power = raise(time / largest, p);
        parts[bound] += power;
        sum += power;
    }
    parts.scaled(largest * root(sum, p) / sum)
}

/// `xᵖ`, quickly for the exponents that forms fix.
fn raise(x: f64, p: f64) -> f64 {
    if p == 1.0 {
        x
    } else if p == 3.0 {
        x * x * x
    } else {
        libm::pow(x, p)
    }
}

/// The p-th root.
pub(super) fn root(x: f64, p: f64) -> f64 {
    if p == 1.0 {
        x
    } else if p == 3.0 {
        libm::cbrt(x)
    } else {
        libm::pow(x, 1.0 / p)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: [(Bound, f64); 2] = [(Bound::Compute, 3.0), (Bound::HbmBandwidth, 4.0)];

    #[test]
    fn the_euclidean_case_is_pythagoras() {
        let parts = blend(&TERMS, 2.0);
        assert!((parts.total().get() - 5.0).abs() < 1e-12);
        assert!((parts[Bound::Compute] - 5.0 * 9.0 / 25.0).abs() < 1e-12);
    }

    #[test]
    fn one_is_the_sum_and_infinity_the_largest() {
        assert!((blend(&TERMS, 1.0).total().get() - 7.0).abs() < 1e-12);
        let most = blend(&TERMS, f64::INFINITY);
        assert_eq!((most[Bound::Compute], most[Bound::HbmBandwidth]), (0.0, 4.0));
        assert_eq!(blend(&[], 2.0).total().get(), 0.0);
    }
}
