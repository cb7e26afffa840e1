//! The same factorial measured several times, each time on other work.

use super::factorial::{Contrast, Factorial};

/// A factorial measured with several seeds; within one, all sets meet the same work.
///
/// What a seed does to all sets alike cancels in every gain; what the gain still differs by from
/// seed to seed is its error.
#[derive(Clone, Debug)]
pub struct Repeated {
    mean: Factorial,
    seeds: Vec<Factorial>,
}

/// A gain as a logarithm, and its standard error if it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogGain {
    /// The logarithm of a ratio.
    pub value: f64,
    /// Its standard error; `None` with one seed.
    pub error: Option<f64>,
}

impl Repeated {
    /// From the figures of every set, seed by seed. A set has a figure if it has one in every seed.
    ///
    /// # Panics
    /// If there is no seed, or as [`Factorial::new`] does.
    pub fn new(factors: usize, seeds: &[Vec<Option<f64>>]) -> Self {
        assert!(!seeds.is_empty(), "a factorial is measured at least once");
        let log = |figure: Option<f64>| figure.filter(|figure| *figure > 0.0).map(libm::log);
        let mean = |set: usize| {
            let logs = seeds.iter().map(|figures| log(figures[set]));
            Some(libm::exp(logs.sum::<Option<f64>>()? / seeds.len() as f64))
        };
        let means: Vec<Option<f64>> = (0..1usize << factors).map(mean).collect();
        let seeds = seeds.iter().map(|figures| Factorial::new(factors, figures)).collect();
        Self { mean: Factorial::new(factors, &means), seeds }
    }

    /// The factorial of the geometric means over the seeds.
    pub fn factorial(&self) -> &Factorial {
        &self.mean
    }

    /// The value and the error of a contrast; `None` where a set of it has no figure.
    pub fn gain(&self, contrast: &Contrast) -> Option<LogGain> {
        let value = self.mean.value(contrast)?;
        let own: Vec<f64> = self.seeds.iter().filter_map(|seed| seed.value(contrast)).collect();
        let squares: f64 = own.iter().map(|own| (own - value) * (own - value)).sum();
        let count = own.len() as f64;
        let error = (own.len() > 1).then(|| libm::sqrt(squares / (count * (count - 1.0))));
        Some(LogGain { value, error })
    }

    /// The error of gains of one kind, told from all of them together: their root mean square, for
    /// a single one of few seeds is as chancy as what it measures. `None` where none is known.
    pub fn pooled(&self, contrasts: &[Contrast]) -> Option<f64> {
        let errors: Vec<f64> =
            contrasts.iter().filter_map(|contrast| self.gain(contrast)?.error).collect();
        let squares: f64 = errors.iter().map(|error| error * error).sum();
        (!errors.is_empty()).then(|| libm::sqrt(squares / errors.len() as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_seed_does_to_all_sets_is_no_error() {
        let figures = |level: f64| [1.0, 2.0, 3.0, 6.0].map(|of_set| Some(of_set * level)).to_vec();
        let twice = Repeated::new(2, &[figures(1.0), figures(1.7)]);
        let joint = twice.gain(&twice.factorial().joint()).expect("all sets have figures");
        assert!((joint.value - libm::log(6.0)).abs() < 1e-12);
        assert!(joint.error.is_some_and(|error| error < 1e-12));
        let once = Repeated::new(2, &[figures(1.0)]);
        assert_eq!(once.gain(&once.factorial().joint()).expect("it runs").error, None);
    }

    #[test]
    fn what_a_gain_differs_by_is_its_error() {
        // Gains of 0 and of 0.4, as logarithms: the mean of two has an error of 0.2.
        let seeds = [vec![Some(1.0), Some(1.0)], vec![Some(1.0), Some(libm::exp(0.4))]];
        let twice = Repeated::new(1, &seeds);
        let gain = twice.gain(&twice.factorial().alone(0)).expect("both sets have figures");
        assert!((gain.value - 0.2).abs() < 1e-12);
        assert!((gain.error.expect("there are two seeds") - 0.2).abs() < 1e-12);
        // A second one without error halves the square.
        let still = twice.factorial().roof_over_roof_without(0);
        let pooled = twice.pooled(&[twice.factorial().alone(0), still]).expect("both are known");
        assert!((pooled - 0.2 * libm::sqrt(0.5)).abs() < 1e-12);
    }

    #[test]
    fn a_set_that_fails_once_has_no_figure() {
        let seeds = [vec![Some(1.0), Some(2.0)], vec![None, Some(2.0)]];
        let twice = Repeated::new(1, &seeds);
        assert_eq!(twice.factorial().floor(), 1);
        assert!(!twice.factorial().is_free(0));
    }
}
