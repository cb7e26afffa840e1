//! What the draws come to: a range, and each cause's part of it.

use super::doubt::{Cause, World};
use super::remainder::half_width;
use crate::des::quantile;

/// Where a figure falls, relative to the prediction, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// The lower end as a share of the prediction.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Each cause's part of the variance of the logarithm, of those that have any; the rest is
    /// interplay and chance. At most 1 together, up to the noise of few draws.
    pub causes: Vec<(Cause, f64)>,
}

impl Spread {
    /// The 80 % range with an independent remainder of this deviation besides.
    pub fn with_remainder(self, remainder: f64) -> Self {
        let explained = |end: f64| libm::fabs(libm::log(end)) / half_width(1.0, 0.0);
        let (low, high) = (explained(self.low.min(1.0)), explained(self.high.max(1.0)));
        let variance = low.midpoint(high) * low.midpoint(high);
        let total = variance + remainder * remainder;
        let share = if total > 0.0 { variance / total } else { 0.0 };
        let causes = self.causes.into_iter().map(|(cause, part)| (cause, part * share));
        let rest = (remainder > 0.0).then_some((Cause::Remainder, 1.0 - share));
        Self {
            low: libm::exp(-half_width(low, remainder)),
            high: libm::exp(half_width(high, remainder)),
            causes: causes.chain(rest).collect(),
        }
    }
}

/// The range that holds the share `level` of `outcomes`, one for each of `worlds`, relative to
/// `predicted`. `None` if a figure is missing or not positive, or there are fewer than two.
pub fn spread(
    worlds: &[World],
    outcomes: &[Option<f64>],
    predicted: f64,
    level: f64,
) -> Option<Spread> {
    let ratios: Option<Vec<f64>> = outcomes
        .iter()
        .map(|outcome| outcome.map(|figure| figure / predicted).filter(|&ratio| ratio > 0.0))
        .collect();
    let ratios = ratios.filter(|ratios| ratios.len() > 1 && predicted > 0.0)?;
    let logs: Vec<f64> = ratios.iter().map(|&ratio| libm::log(ratio)).collect();
    let mut sorted = ratios;
    sorted.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    let (low, high) = (quantile(&sorted, tail)?, quantile(&sorted, 1.0 - tail)?);
    let causes = Cause::all().filter_map(|cause| Some((cause, part(worlds, &logs, cause)?)));
    Some(Spread { low, high, causes: causes.collect() })
}

/// The ends of the range that holds the share `level` of `outcomes`, as differences from what was
/// `predicted`; neither is on the wrong side of it. For shares, which may be zero and have no
/// remainder: what no cause explains makes times longer or shorter, not different in kind. `None`
/// if a figure is missing, or there are fewer than two.
pub fn shift(outcomes: &[Option<f64>], predicted: f64, level: f64) -> Option<(f64, f64)> {
    let off: Option<Vec<f64>> =
        outcomes.iter().map(|outcome| outcome.map(|share| share - predicted)).collect();
    let mut off = off.filter(|off| off.len() > 1)?;
    off.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    Some((quantile(&off, tail)?.min(0.0), quantile(&off, 1.0 - tail)?.max(0.0)))
}

/// The squared correlation of the figure's logarithm with the cause's: its part of the variance
/// where the two are about linear.
fn part(worlds: &[World], logs: &[f64], cause: Cause) -> Option<f64> {
    let mean = logs.iter().sum::<f64>() / logs.len() as f64;
    let (mut own, mut all, mut both) = (0.0, 0.0, 0.0);
    for (world, log) in worlds.iter().zip(logs) {
        // The draws are mirrored: their mean is zero.
        let (x, y) = (world.deviate(cause), log - mean);
        own += x * x;
        all += y * y;
        both += x * y;
    }
    (own > 0.0 && all > 0.0).then(|| both * both / (own * all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::{Calibration, OpFamily};
    use crate::fidelity::Doubt;
    use crate::hardware::{Catalog, Resource};

    fn worlds(chip: &str, pairs: u32) -> Vec<World> {
        let catalog = Catalog::embedded();
        let doubt = Doubt::of(catalog.chip(chip).unwrap(), Calibration::embedded(), |_| true);
        doubt.draws(pairs, 3)
    }

    #[test]
    fn a_figure_that_follows_one_cause_is_spread_as_it_is() {
        let worlds = worlds("rubin-ultra-384gb", 4000);
        let cause = Cause::Figure(Resource::HbmBandwidth);
        let outcomes: Vec<_> =
            worlds.iter().map(|world| Some(7.0 * libm::exp(world.deviate(cause)))).collect();
        let spread = spread(&worlds, &outcomes, 7.0, 0.8).unwrap();
        // 80 % of a normal law lie within 1.2816 deviations; a reported figure has 0.12.
        let half = libm::exp(0.12 * 1.2816);
        assert!((spread.high / half - 1.0).abs() < 0.01);
        assert!((spread.low * half - 1.0).abs() < 0.01);
        let part = |of| spread.causes.iter().find(|(cause, _)| *cause == of).unwrap().1;
        assert!((part(cause) - 1.0).abs() < 1e-9);
        assert!(part(Cause::Time(OpFamily::Gemm)) < 0.01);
    }

    #[test]
    fn a_remainder_adds_in_quadrature_and_takes_its_part() {
        let low = libm::exp(-half_width(0.3, 0.0));
        let cause = (Cause::Time(OpFamily::Gemm), 1.0);
        let spread = Spread { low, high: 1.0 / low, causes: vec![cause] }.with_remainder(0.4);
        assert!((spread.high / libm::exp(half_width(0.5, 0.0)) - 1.0).abs() < 1e-12);
        let parts: Vec<f64> = spread.causes.iter().map(|&(_, part)| part).collect();
        assert!((parts[0] - 0.36).abs() < 1e-9 && (parts[1] - 0.64).abs() < 1e-9);
    }

    #[test]
    fn shares_shift_by_the_quantiles_of_their_differences() {
        let outcomes: Vec<_> = (0..=100).map(|n| Some(0.3 + f64::from(n) / 1000.0)).collect();
        let (low, high) = shift(&outcomes, 0.35, 0.8).unwrap();
        assert!((low + 0.04).abs() < 1e-9 && (high - 0.04).abs() < 1e-9, "{low} {high}");
        assert!(shift(&outcomes, 0.2, 0.8).unwrap().0.abs() < 1e-12);
        assert_eq!(shift(&[Some(1.0), None], 1.0, 0.8), None);
    }

    #[test]
    fn a_missing_figure_has_no_spread() {
        let worlds = worlds("h100-sxm", 1);
        assert_eq!(spread(&worlds, &[Some(1.0), None], 1.0, 0.8), None);
    }
}
