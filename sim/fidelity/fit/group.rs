//! Samples that share a row of constants, and the fit of that row.

use std::collections::BTreeMap;

use super::family::{Family, Harvest};
use super::sample::{Sample, Trial};
use super::solve::{Score, minimise};
use crate::cost::Calibration;

/// Groups of fewer samples are left out.
const FEWEST: usize = 12;

/// Whose constants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// One chip's.
    Chip(String),
    /// Those of all chips that inherit from one another.
    Pool(String),
}

/// Samples of one place, engine and key, of the newest version measured on each chip.
pub struct Group<'a> {
    /// Where.
    pub place: Place,
    /// Whose kernels.
    pub engine: String,
    /// The row: a number format, an operation.
    pub key: String,
    /// The engine's version; the newest of them for a pool.
    pub version: String,
    pub(super) family: &'a Family,
    pub(super) samples: Vec<&'a Sample>,
}

/// A row of constants, and how well it predicts.
#[derive(Clone, Debug)]
pub struct Fit {
    /// In base units, rounded as in the file.
    pub(super) values: Vec<f64>,
    pub(super) alternative: usize,
    /// The same fitted without the held-out shapes; none if none are held out.
    pub(super) blind: Option<(Vec<f64>, usize)>,
    /// The constants over all samples they were fitted to.
    pub in_sample: Score,
    /// Constants fitted without the held-out shapes, over those; none if there are none.
    pub held_out: Option<Score>,
    /// Predicted over measured on the held-out shapes.
    pub residuals: Vec<f64>,
}

impl Place {
    /// The name in files.
    pub fn name(&self) -> &str {
        match self {
            Self::Chip(name) | Self::Pool(name) => name,
        }
    }
}

/// The groups of a family's samples, in the order of place, engine and key: chips, then pools.
///
/// A pool is the donor that the rules of inheritance name for its chips, where that is not a chip.
pub fn groups<'a>(
    family: &'a Family,
    harvest: &'a Harvest,
    calibration: &Calibration,
) -> Vec<Group<'a>> {
    let mut sorted = BTreeMap::<(Place, &str, &str), Vec<&Sample>>::new();
    for sample in newest(&harvest.samples) {
        let chip = sample.bench.chip();
        let key = |place| (place, sample.engine.as_str(), sample.key.as_str());
        sorted.entry(key(Place::Chip(chip.name.clone()))).or_default().push(sample);
        if let Some(pool) = calibration.pool(chip) {
            sorted.entry(key(Place::Pool(pool))).or_default().push(sample);
        }
    }
    let wide = sorted.into_iter().filter(|(_, samples)| samples.len() >= FEWEST);
    wide.map(|((place, engine, key), samples)| Group {
        place,
        engine: engine.to_owned(),
        key: key.to_owned(),
        version: newest_version(&samples),
        family,
        samples,
    })
    .collect()
}

/// Samples of the newest version that each chip has of an engine's key.
pub(super) fn newest(samples: &[Sample]) -> Vec<&Sample> {
    let name = |s: &Sample| (s.chip().to_owned(), s.engine.clone(), s.key.clone());
    let mut best = BTreeMap::<_, Vec<u64>>::new();
    for sample in samples {
        let version = numbers(&sample.version);
        let known = best.entry(name(sample)).or_default();
        if version > *known {
            *known = version;
        }
    }
    let is_best = |s: &&Sample| best.get(&name(s)) == Some(&numbers(&s.version));
    samples.iter().filter(is_best).collect()
}

fn newest_version(samples: &[&Sample]) -> String {
    let newest = samples.iter().max_by_key(|sample| numbers(&sample.version));
    newest.map_or_else(String::new, |sample| sample.version.clone())
}

/// The numbers in a version, for comparing: `1.3.0rc20` is 1, 3, 0, 20.
fn numbers(version: &str) -> Vec<u64> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

impl Group<'_> {
    /// How many samples it has.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether its chips have stacked memory, not a board's.
    pub fn has_hbm(&self) -> bool {
        self.samples.iter().all(|s| s.bench.chip().memory.kind.starts_with("hbm"))
    }

    /// Whether it has none; groups do.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Fits twice: without the held-out shapes, for their errors, and over all, for the constants.
    pub fn fit(&self) -> Fit {
        let (held_out, seen) = self.split();
        let is_scored = seen.len() >= FEWEST && !held_out.is_empty();
        let blind = is_scored.then(|| best(self.family, &seen));
        let residuals = blind.as_ref().map_or_else(Vec::new, |(values, alternative)| {
            ratios(&held_out, &Trial { values, alternative: *alternative })
        });
        let (values, alternative) = best(self.family, &self.samples);
        let all = ratios(&self.samples, &Trial { values: &values, alternative });
        Fit {
            in_sample: Score::of(&all).expect("a group has samples"),
            held_out: Score::of(&residuals),
            values,
            alternative,
            blind,
            residuals,
        }
    }

    /// Samples of the held-out shapes, and the others.
    pub(super) fn split(&self) -> (Vec<&Sample>, Vec<&Sample>) {
        self.samples.iter().partition(|sample| sample.is_held_out())
    }
}

/// Predicted over measured.
pub(super) fn ratios(samples: &[&Sample], trial: &Trial) -> Vec<f64> {
    samples.iter().map(|sample| (sample.predict)(trial) / sample.seconds).collect()
}

/// The constants and the alternative that fit `samples` best, rounded as files have them.
pub(super) fn best(family: &Family, samples: &[&Sample]) -> (Vec<f64>, usize) {
    let weights = weights(samples);
    let start: Vec<f64> = family.constants.iter().map(super::solve::Constant::start).collect();
    let values = |at: &[f64]| -> Vec<f64> {
        family.constants.iter().zip(at).map(|(constant, &x)| constant.at(x)).collect()
    };
    let found = (0..family.alternatives.len()).map(|alternative| {
        let loss = |at: &[f64]| {
            let trial = Trial { values: &values(at), alternative };
            let log =
                |(s, w): (&&Sample, &f64)| w * libm::log((s.predict)(&trial) / s.seconds).abs();
            samples.iter().zip(&weights).map(log).sum::<f64>()
        };
        let at = minimise(&loss, &start);
        (loss(&at), alternative, values(&at))
    });
    let (_, alternative, values) =
        found.min_by(|a, b| a.0.total_cmp(&b.0)).expect("a family has an alternative");
    let rounded = family.constants.iter().zip(values).map(|(constant, v)| constant.rounded(v));
    (rounded.collect(), alternative)
}

/// Equal for each regime, and within it for each sample; they add up to 1.
fn weights(samples: &[&Sample]) -> Vec<f64> {
    let mut counts = BTreeMap::<u8, f64>::new();
    for sample in samples {
        *counts.entry(sample.regime).or_default() += 1.0;
    }
    let regimes = counts.len() as f64;
    samples.iter().map(|sample| 1.0 / (regimes * counts[&sample.regime])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(numbers("1.3.0rc20") > numbers("1.3.0rc5"));
        assert!(numbers("0.24.0") > numbers("0.9.2"));
    }
}
