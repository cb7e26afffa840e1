//! The same kernel measured twice.

use std::collections::BTreeMap;

use crate::cost::Calibration;
use crate::fidelity::fit::family::Harvest;
use crate::fidelity::fit::group::{Fit, Group, Place, newest};
use crate::fidelity::fit::sample::{Sample, Trial};
use crate::fidelity::fit::solve::Score;

/// What twins differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// Nothing that the form is told: another run, or another kernel of the engine's.
    Nothing,
    /// The engine's release.
    Release,
    /// The chip, where the form with the same constants says the same time of both.
    Chip,
}

/// How far twins are from their own geometric mean, which is the best that any form can say.
#[derive(Clone, Debug, PartialEq)]
pub struct Twins {
    /// What they differ in.
    pub difference: Difference,
    /// The row of constants, or `all`.
    pub key: String,
    /// The pool of chips, or `all`.
    pub place: String,
    /// Their mean over what was measured; those who stand alone do not count.
    pub score: Score,
}

impl Difference {
    /// In reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing stated",
            Self::Release => "the release",
            Self::Chip => "the chip",
        }
    }
}

const ALL: &str = "all";

/// Times on two chips that differ by less are the same to the form.
const SAME: f64 = 0.01;

/// Logarithms of seconds, measured on one chip or of one release and its twins.
type Siblings = Vec<f64>;

/// The twins of a table; `fits` have the constants that chips of a pool share.
pub fn twins(harvest: &Harvest, calibration: &Calibration, fits: &[(&Group, &Fit)]) -> Vec<Twins> {
    let sized = |sample: &&Sample| !sample.sizes.is_empty();
    let all: Vec<&Sample> = harvest.samples.iter().filter(sized).collect();
    let newest: Vec<&Sample> = newest(&harvest.samples).into_iter().filter(sized).collect();
    let mut ratios = BTreeMap::<(Difference, &str, &str), Vec<f64>>::new();
    let mut add = |difference, key, place, siblings: &[f64]| {
        let mean = mean(siblings);
        let off = siblings.iter().map(|log| libm::exp(mean - log));
        let known = ratios.entry((difference, key, place)).or_default();
        known.extend(off.filter(|_| siblings.len() > 1));
    };
    for (key, siblings) in runs(&all) {
        add(Difference::Nothing, ALL, ALL, &siblings);
        add(Difference::Nothing, key, ALL, &siblings);
    }
    for (key, siblings) in releases(&all) {
        add(Difference::Release, ALL, ALL, &siblings);
        add(Difference::Release, key, ALL, &siblings);
    }
    for (pool, key, siblings) in chips(&newest, calibration, fits) {
        add(Difference::Chip, ALL, pool, &siblings);
        add(Difference::Chip, key, pool, &siblings);
    }
    let scored = ratios.into_iter().filter_map(|((difference, key, place), ratios)| {
        let (key, place) = (key.to_owned(), place.to_owned());
        Some(Twins { difference, key, place, score: Score::of(&ratios)? })
    });
    scored.collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Kernels that were measured more than once, by key.
fn runs<'a>(samples: &[&'a Sample]) -> Vec<(&'a str, Siblings)> {
    let mut known = BTreeMap::<_, Siblings>::new();
    for sample in samples {
        let what = (sample.chip(), &sample.engine, &sample.version, &sample.sizes);
        known.entry((sample.key.as_str(), what)).or_default().push(libm::log(sample.seconds));
    }
    known.into_iter().map(|((key, _), siblings)| (key, siblings)).collect()
}

/// Kernels that were measured with more than one release, by key.
fn releases<'a>(samples: &[&'a Sample]) -> Vec<(&'a str, Siblings)> {
    let mut known = BTreeMap::<_, BTreeMap<&str, Siblings>>::new();
    for sample in samples {
        let what = (sample.chip(), &sample.engine, &sample.sizes);
        let versions = known.entry((sample.key.as_str(), what)).or_default();
        versions.entry(&sample.version).or_default().push(libm::log(sample.seconds));
    }
    let means = |versions: BTreeMap<&str, Siblings>| versions.values().map(|of| mean(of)).collect();
    known.into_iter().map(|((key, _), versions)| (key, means(versions))).collect()
}

/// Kernels of one release on chips of a pool that the pool's constants do not tell apart, by pool
/// and key.
fn chips<'a>(
    samples: &[&'a Sample],
    calibration: &Calibration,
    fits: &[(&'a Group, &'a Fit)],
) -> Vec<(&'a str, &'a str, Siblings)> {
    let mut pools = BTreeMap::<&str, BTreeMap<(&str, &str), &Fit>>::new();
    for (group, fit) in fits {
        if let Place::Pool(pool) = &group.place {
            pools.entry(pool).or_default().insert((&group.engine, &group.key), fit);
        }
    }
    // Of each kernel the chips, each with the form's seconds and the logarithms measured.
    let mut known = BTreeMap::<_, BTreeMap<&str, (f64, Siblings)>>::new();
    for &sample in samples {
        let Some(pool) = calibration.pool(sample.bench.chip()) else { continue };
        let Some((&pool, fits)) = pools.get_key_value(pool.as_str()) else { continue };
        let Some(fit) = fits.get(&(sample.engine.as_str(), sample.key.as_str())) else { continue };
        let trial = Trial { values: &fit.values, alternative: fit.alternative };
        let what = (&sample.engine, &sample.version, &sample.sizes);
        let chips = known.entry((pool, sample.key.as_str(), what)).or_default();
        let of_chip = chips.entry(sample.chip());
        let (_, logs) = of_chip.or_insert_with(|| ((sample.predict)(&trial), Vec::new()));
        logs.push(libm::log(sample.seconds));
    }
    let alike = known.into_iter().flat_map(|((pool, key, _), chips)| {
        let mut chips: Vec<(f64, Siblings)> = chips.into_values().collect();
        chips.sort_by(|a, b| a.0.total_cmp(&b.0));
        let near = |a: &(f64, Siblings), b: &(f64, Siblings)| b.0 <= a.0 * (1.0 + SAME);
        let sets: Vec<Siblings> = chips
            .chunk_by(near)
            .map(|set| set.iter().map(|chip| mean(&chip.1)).collect())
            .collect();
        sets.into_iter().map(move |siblings| (pool, key, siblings))
    });
    alike.collect()
}
