//! Elasticities from runs with a little more and a little less.

/// A derivative of logarithms: by how many per cent a figure grows when its lever grows by one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The elasticity.
    pub value: f64,
    /// Its standard error: what chance and curvature leave unsure.
    pub error: f64,
}

/// The slopes of a figure that is `middle` as it is, and `(more, less)` with `tilt` times as much,
/// and with as many times less, of each lever. `None` where a run has no positive figure.
///
/// All levers meet the same chance, so its size is told from all of them together: without it, and
/// without curvature, a middle would lie half way between its two ends.
pub fn slopes(middle: f64, ends: &[Option<(f64, f64)>], tilt: f64) -> Vec<Option<Slope>> {
    let step = libm::log(tilt);
    let logs: Vec<Option<(f64, f64)>> = ends.iter().map(|&ends| logs(middle, ends?)).collect();
    let bends: Vec<f64> = logs.iter().flatten().map(|(more, less)| more + less).collect();
    // A bend is of two ends less two middles: six times the variance of one run.
    let variance = bends.iter().map(|bend| bend * bend).sum::<f64>() / (6 * bends.len()) as f64;
    let error = libm::sqrt(2.0 * variance) / (2.0 * step);
    let slope = |(more, less): (f64, f64)| Slope { value: (more - less) / (2.0 * step), error };
    logs.into_iter().map(|ends| ends.map(slope)).collect()
}

/// Logarithms of both ends over the middle.
fn logs(middle: f64, (more, less): (f64, f64)) -> Option<(f64, f64)> {
    let is_known = middle > 0.0 && more > 0.0 && less > 0.0;
    is_known.then(|| (libm::log(more / middle), libm::log(less / middle)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_power_law_has_its_exponent_and_no_error() {
        let power =
            |exponent: f64| Some((7.0 * libm::pow(1.2, exponent), 7.0 * libm::pow(1.2, -exponent)));
        let found = slopes(7.0, &[power(0.8), power(0.0), power(-0.3)], 1.2);
        for (slope, exponent) in found.iter().zip([0.8, 0.0, -0.3]) {
            let slope = slope.expect("the figures are positive");
            assert!((slope.value - exponent).abs() < 1e-12 && slope.error < 1e-12);
        }
    }

    #[test]
    fn chance_of_one_lever_is_every_levers_error() {
        // Ends half a step off either way, by chance: a bend of the whole.
        let off = libm::exp(0.5 * libm::log(1.2));
        let found = slopes(1.0, &[Some((1.0, 1.0)), Some((off, off))], 1.2);
        let expected = libm::sqrt(2.0 / 12.0) / 2.0;
        for slope in found {
            let slope = slope.expect("the figures are positive");
            assert!(slope.value.abs() < 1e-12, "{slope:?}");
            assert!((slope.error - expected).abs() < 1e-12, "{slope:?}");
        }
    }

    #[test]
    fn a_run_without_a_figure_has_no_slope() {
        assert_eq!(slopes(1.0, &[None, Some((0.0, 1.0))], 1.2), [None, None]);
        assert_eq!(slopes(0.0, &[Some((1.0, 1.0))], 1.2), [None]);
    }
}
