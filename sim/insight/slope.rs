//! Elasticities from runs with a little more and a little less.

/// A derivative of logarithms: by how many per cent a figure grows when its lever grows by one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The elasticity.
    pub value: f64,
    /// Its standard error: what chance and curvature leave unsure; of a lever by itself unknown.
    pub error: Option<f64>,
}

/// The slopes of a figure that is `middle` as it is, and `(more, less)` with `tilt` times as much,
/// and with as many times less, of each lever. `None` where a run has no positive figure.
///
/// All levers meet the same chance, so its size is told from all of them together: without it, and
/// without curvature, a middle would lie half way between its two ends. By how much it does not
/// differs from lever to lever by the chance of the ends alone, since all have the same middle.
/// Of one lever by itself the error is not known.
pub fn slopes(middle: f64, ends: &[Option<(f64, f64)>], tilt: f64) -> Vec<Option<Slope>> {
    let step = libm::log(tilt);
    let logs: Vec<Option<(f64, f64)>> = ends.iter().map(|&ends| logs(middle, ends?)).collect();
    let bends: Vec<f64> = logs.iter().flatten().map(|(more, less)| more + less).collect();
    // Of two ends the sum varies as much as the difference.
    let error = variance(&bends).map(|variance| libm::sqrt(variance) / (2.0 * step));
    let slope = |(more, less): (f64, f64)| Slope { value: (more - less) / (2.0 * step), error };
    logs.into_iter().map(|ends| ends.map(slope)).collect()
}

/// The variance that `sample` is drawn with; `None` for one or none.
fn variance(sample: &[f64]) -> Option<f64> {
    let mean = sample.iter().sum::<f64>() / sample.len() as f64;
    let squares: f64 = sample.iter().map(|x| (x - mean) * (x - mean)).sum();
    (sample.len() > 1).then(|| squares / (sample.len() as f64 - 1.0))
}

/// Logarithms of both ends over the middle.
fn logs(middle: f64, (more, less): (f64, f64)) -> Option<(f64, f64)> {
    let is_known = middle > 0.0 && more > 0.0 && less > 0.0;
    is_known.then(|| (libm::log(more / middle), libm::log(less / middle)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::Streams;

    #[test]
    fn a_power_law_has_its_exponent_and_no_error() {
        let power =
            |exponent: f64| Some((7.0 * libm::pow(1.2, exponent), 7.0 * libm::pow(1.2, -exponent)));
        let found = slopes(7.0, &[power(0.8), power(0.0), power(-0.3)], 1.2);
        for (slope, exponent) in found.iter().zip([0.8, 0.0, -0.3]) {
            let slope = slope.expect("the figures are positive");
            let error = slope.error.expect("there are several levers");
            assert!((slope.value - exponent).abs() < 1e-12 && error < 1e-12);
        }
    }

    #[test]
    fn chance_of_one_lever_is_every_levers_error() {
        // Ends half a step off either way, by chance: a bend of the whole.
        let off = libm::exp(0.5 * libm::log(1.2));
        let found = slopes(1.0, &[Some((1.0, 1.0)), Some((off, off))], 1.2);
        let expected = libm::sqrt(0.5) / 2.0;
        for slope in found {
            let slope = slope.expect("the figures are positive");
            assert!(slope.value.abs() < 1e-12, "{slope:?}");
            assert!((slope.error.unwrap() - expected).abs() < 1e-12, "{slope:?}");
        }
    }

    #[test]
    fn errors_are_as_large_as_slopes_scatter() {
        // Eight levers without effect; the middle's chance is as large as that of all ends.
        let mut stream = Streams::new(5).named("test", 0);
        let (mut squares, mut errors, rounds) = (0.0, 0.0, 500);
        for _ in 0..rounds {
            let middle = stream.log_normal(1.0, 0.02);
            let ends: Vec<_> = (0..8)
                .map(|_| Some((stream.log_normal(1.0, 0.02), stream.log_normal(1.0, 0.02))))
                .collect();
            for slope in slopes(middle, &ends, 1.2).into_iter().flatten() {
                squares += slope.value * slope.value;
                errors += slope.error.map_or(0.0, |error| error * error);
            }
        }
        assert!((errors / squares - 1.0).abs() < 0.1, "{errors} {squares}");
    }

    #[test]
    fn a_lever_by_itself_has_no_known_error() {
        let found = slopes(1.0, &[Some((1.2, 1.0 / 1.2)), None], 1.2);
        let alone = found[0].expect("its figures are positive");
        assert!((alone.value - 1.0).abs() < 1e-12 && alone.error.is_none(), "{alone:?}");
    }

    #[test]
    fn a_run_without_a_figure_has_no_slope() {
        assert_eq!(slopes(1.0, &[None, Some((0.0, 1.0))], 1.2), [None, None]);
        assert_eq!(slopes(0.0, &[Some((1.0, 1.0))], 1.2), [None]);
    }
}
