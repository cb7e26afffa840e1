//! Distributions as a workload's description writes them.

use serde::Deserialize;

use crate::des::Stream;
use crate::units::{Seconds, SimSpan};

/// A distribution of counts (`u32`), of times ([`Seconds`]) or of shares (`f64`).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Draw<T> {
    /// Always the same.
    Constant(T),
    /// Log-normal.
    LogNormal(LogNormal<T>),
    /// From `low` to `high`, each equally likely; counts are whole and reach both.
    Uniform {
        /// The smallest.
        low: T,
        /// The largest.
        high: T,
    },
    /// `[share, value]` pairs from share 0 to 1, ascending; geometric between neighbours.
    Quantiles(Vec<(f64, T)>),
}

/// A log-normal distribution with an atom at zero and cut-offs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogNormal<T> {
    /// Its median (before the atom and the cut-offs).
    pub(super) median: T,
    /// The standard deviation of its logarithm.
    pub(super) sigma: f64,
    /// The share of zeros; none if left out.
    pub(super) zero: Option<f64>,
    /// Smaller values become this.
    pub(super) min: Option<T>,
    /// Larger values become this.
    pub(super) max: Option<T>,
}

/// A kind of number that can be drawn.
pub(super) trait Measure: Copy {
    /// The distance between neighbouring values.
    const GRAIN: f64;

    /// Its value in its base unit.
    fn base(self) -> f64;
}

impl Measure for u32 {
    const GRAIN: f64 = 1.0;

    fn base(self) -> f64 {
        f64::from(self)
    }
}

impl Measure for Seconds {
    const GRAIN: f64 = 0.0;

    fn base(self) -> f64 {
        self.get()
    }
}

impl Measure for f64 {
    const GRAIN: f64 = 0.0;

    fn base(self) -> f64 {
        self
    }
}

/// What was drawn from a distribution; its value is worked out when it is asked for, because
/// exponentials take most of the time of generating work, and many of them are of no use.
#[derive(Clone, Copy)]
pub(super) struct Drawn<'a, T> {
    from: &'a Draw<T>,
    /// In `[0, 1)`; of a log-normal it decides for or against the atom.
    unit: f64,
    /// A standard normal deviate; zero where none is needed.
    normal: f64,
}

impl<T: Measure> Drawn<'_, T> {
    /// The value, in the base unit.
    fn value(self) -> f64 {
        match self.from {
            Draw::Constant(value) => value.base(),
            Draw::LogNormal(shape) => shape.at(self.unit, self.normal),
            Draw::Uniform { low, high } => {
                // Half a grain beyond both ends, so that rounding treats all values alike.
                let width = high.base() - low.base() + T::GRAIN;
                low.base() - T::GRAIN / 2.0 + width * self.unit
            }
            Draw::Quantiles(points) => interpolate(points, self.unit),
        }
    }
}

impl Drawn<'_, u32> {
    /// The count.
    pub(super) fn count(self) -> u32 {
        libm::round(self.value()) as u32
    }
}

impl Drawn<'_, Seconds> {
    /// The duration.
    pub(super) fn span(self) -> SimSpan {
        SimSpan::from_seconds(Seconds::new(self.value()))
    }
}

impl<T: Measure> Draw<T> {
    /// Draws from it.
    pub(super) fn from(&self, stream: &mut Stream) -> Drawn<'_, T> {
        // All that a kind may need is drawn in any case: parameters must not shift what later
        // draws see.
        let (unit, normal) = match self {
            Self::Constant(_) => (0.0, 0.0),
            Self::LogNormal(_) => (stream.unit(), stream.normal()),
            Self::Uniform { .. } | Self::Quantiles(_) => (stream.unit(), 0.0),
        };
        Drawn { from: self, unit, normal }
    }

    /// Stands for a draw whose value nobody asks for.
    pub(super) fn unread(&self) -> Drawn<'_, T> {
        Drawn { from: self, unit: 0.0, normal: 0.0 }
    }

    /// What is wrong with the parameters, if anything.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match self {
            Self::Constant(value) => refuse(value.base() < 0.0, "a constant is not negative"),
            Self::Uniform { low, high } => {
                let crossed = low.base() > high.base() || low.base() < 0.0;
                refuse(crossed, "`low` is at most `high` and not negative")
            }
            Self::LogNormal(shape) => shape.fault(),
            Self::Quantiles(points) => {
                let ends = points.first().map(|p| p.0).zip(points.last().map(|p| p.0));
                let climb = points
                    .windows(2)
                    .all(|pair| pair[0].0 < pair[1].0 && pair[0].1.base() <= pair[1].1.base());
                let bad = ends != Some((0.0, 1.0)) || !climb || points[0].1.base() < 0.0;
                refuse(bad, "quantiles ascend from share 0 to share 1, and so do their values")
            }
        }
    }
}

impl<T: Measure> LogNormal<T> {
    fn at(&self, unit: f64, normal: f64) -> f64 {
        if unit < self.zero.unwrap_or(0.0) {
            return 0.0;
        }
        let value = self.median.base() * libm::exp(self.sigma * normal);
        let least = self.min.map_or(0.0, T::base);
        value.max(least).min(self.max.map_or(f64::INFINITY, T::base))
    }

    fn fault(&self) -> Option<&'static str> {
        let zero = self.zero.unwrap_or(0.0);
        let crossed = self.min.zip(self.max).is_some_and(|(min, max)| min.base() > max.base());
        refuse(!(0.0..10.0).contains(&self.sigma), "`sigma` lies between 0 and 10")
            .or_else(|| refuse(!(0.0..=1.0).contains(&zero), "`zero` is a share from 0 to 1"))
            .or_else(|| refuse(crossed, "`min` is at most `max`"))
    }
}

fn refuse(fault: bool, rule: &'static str) -> Option<&'static str> {
    fault.then_some(rule)
}

impl Draw<u32> {
    /// A count.
    pub(super) fn count(&self, stream: &mut Stream) -> u32 {
        self.from(stream).count()
    }

    /// The largest value with a name; a log-normal without `max` has none.
    pub(super) fn most(&self) -> Option<u32> {
        match self {
            Self::Constant(value) | Self::Uniform { high: value, .. } => Some(*value),
            Self::LogNormal(shape) => shape.max,
            Self::Quantiles(points) => points.last().map(|point| point.1),
        }
    }
}

impl Draw<f64> {
    /// A share between 0 and 1.
    pub(super) fn share(&self, stream: &mut Stream) -> f64 {
        self.from(stream).value().clamp(0.0, 1.0)
    }
}

impl Draw<Seconds> {
    /// A duration.
    pub(super) fn span(&self, stream: &mut Stream) -> SimSpan {
        self.from(stream).span()
    }

    /// The same distribution, cut off at `cap`.
    pub(super) fn capped(&mut self, cap: Seconds) {
        match self {
            Self::Constant(value) => *value = value.min(cap),
            Self::LogNormal(shape) => {
                shape.max = Some(shape.max.map_or(cap, |max| max.min(cap)));
                shape.min = shape.min.map(|min| min.min(cap));
            }
            Self::Uniform { low, high } => {
                (*low, *high) = (low.min(cap), high.min(cap));
            }
            Self::Quantiles(points) => {
                for (_, value) in points {
                    *value = value.min(cap);
                }
            }
        }
    }
}

/// The value at a share between two points: geometric, as lengths and times are; linear from zero.
fn interpolate<T: Measure>(points: &[(f64, T)], share: f64) -> f64 {
    let above = points.partition_point(|point| point.0 <= share).clamp(1, points.len() - 1);
    let ((p, low), (q, high)) = (points[above - 1], points[above]);
    let (low, high, at) = (low.base(), high.base(), (share - p) / (q - p));
    if low > 0.0 { low * libm::pow(high / low, at) } else { high * at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::des::Streams;

    fn mean(draw: &Draw<u32>) -> f64 {
        let mut stream = Streams::new(3).named("test", 0);
        (0..40_000).map(|_| f64::from(draw.count(&mut stream))).sum::<f64>() / 40_000.0
    }

    #[test]
    fn a_quantile_table_gives_its_quantiles() {
        let draw = Draw::Quantiles(vec![(0.0, 10), (0.5, 100), (1.0, 1000)]);
        let mut stream = Streams::new(3).named("test", 0);
        let below = (0..20_000).filter(|_| draw.count(&mut stream) < 100).count();
        assert!((below as f64 / 20_000.0 - 0.5).abs() < 0.01, "{below}");
        // Geometric pieces: each has the mean (b - a) / ln(b / a).
        let exact = (90.0 + 900.0) / libm::log(10.0) / 2.0;
        assert!((mean(&draw) / exact - 1.0).abs() < 0.02);
    }

    #[test]
    fn a_log_normal_has_its_mean_and_its_zeros() {
        let shape = LogNormal { median: 400, sigma: 0.5, zero: Some(0.25), min: None, max: None };
        let exact = 0.75 * 400.0 * libm::exp(0.125);
        assert!((mean(&Draw::LogNormal(shape)) / exact - 1.0).abs() < 0.02);
    }

    #[test]
    fn impossible_parameters_are_told() {
        let shape = LogNormal { median: 4, sigma: -0.5, zero: None, min: None, max: None };
        assert!(Draw::LogNormal(shape).fault().is_some());
        assert!(Draw::<u32>::Uniform { low: 2, high: 1 }.fault().is_some());
        assert!(Draw::Quantiles(vec![(0.0, 5), (1.0, 4)]).fault().is_some());
        assert!(Draw::Quantiles(vec![(0.1, 4), (1.0, 5)]).fault().is_some());
        assert!(Draw::<u32>::Quantiles(vec![]).fault().is_some());
    }
}
