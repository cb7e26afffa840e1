//! What is predicted for a chip that is left out, by each rule of inheritance.

use std::collections::BTreeMap;

use super::family::{Family, Harvest};
use super::group::{best, newest, ratios};
use super::sample::{Sample, Trial};
use super::solve::{Role, Score};
use crate::cost::Calibration;
use crate::hardware::Chip;

/// How constants pass from a donor to a chip that was not measured. Peaks, bandwidth, cores,
/// exponential rates and links are always the chip's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The donor's shares and latencies as they are.
    Shares,
    /// Shares of the compute peak by the power law, never more than the donor's; times per key on
    /// one core by a core's bandwidth.
    PowerLaw,
}

/// One chip's kernels, predicted from chips that are not left out.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The chip.
    pub chip: String,
    /// Whose kernels.
    pub engine: String,
    /// The row of constants.
    pub key: String,
    /// Where they were inherited from.
    pub donor: String,
    /// By which rule.
    pub rule: Rule,
    /// How far off.
    pub score: Score,
    /// Predicted over measured.
    pub residuals: Vec<f64>,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Self; 2] = [Self::Shares, Self::PowerLaw];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shares => "shares",
            Self::PowerLaw => "power-law",
        }
    }
}

/// Kernels of one chip, engine and key, and the donor's that stand in for them.
pub struct Case<'a> {
    family: &'a Family,
    calibration: &'a Calibration,
    donor: String,
    own: Vec<&'a Sample>,
    donated: Vec<&'a Sample>,
}

/// Every chip of `left_out` with the nearest donor that was measured with the same key, the chip's
/// engine before others.
pub fn cases<'a>(
    family: &'a Family,
    harvest: &'a Harvest,
    calibration: &'a Calibration,
    left_out: &dyn Fn(&Chip) -> bool,
) -> Vec<Case<'a>> {
    let mut sorted = BTreeMap::<(&str, &str, &str), Vec<&Sample>>::new();
    let all = newest(&harvest.samples);
    for sample in &all {
        if left_out(sample.bench.chip()) {
            let name = (sample.chip(), sample.engine.as_str(), sample.key.as_str());
            sorted.entry(name).or_default().push(sample);
        }
    }
    let case = |own: Vec<&'a Sample>| {
        let first = own[0];
        let donors = calibration.donors(first.bench.chip());
        donors.into_iter().find_map(|donor| {
            let gives = |sample: &&&Sample| {
                let chip = sample.bench.chip();
                let place = calibration.pool(chip).unwrap_or_else(|| chip.name.clone());
                place == donor
                    && !left_out(chip)
                    && (&sample.engine, &sample.key) == (&first.engine, &first.key)
            };
            let donated: Vec<&Sample> = all.iter().filter(gives).copied().collect();
            let own = own.clone();
            (!donated.is_empty()).then_some(Case { family, calibration, donor, own, donated })
        })
    };
    sorted.into_values().filter_map(case).collect()
}

impl Case<'_> {
    /// The outcome by each rule.
    pub fn outcomes(&self) -> Vec<Outcome> {
        let (values, alternative) = best(self.family, &self.donated);
        let first = self.own[0];
        let outcome = |rule: Rule| {
            let values = self.passed_on(&values, rule);
            let residuals = ratios(&self.own, &Trial { values: &values, alternative });
            Outcome {
                chip: first.chip().to_owned(),
                engine: first.engine.clone(),
                key: first.key.clone(),
                donor: self.donor.clone(),
                rule,
                score: Score::of(&residuals).expect("a case has samples"),
                residuals,
            }
        };
        Rule::ALL.into_iter().map(outcome).collect()
    }

    fn passed_on(&self, values: &[f64], rule: Rule) -> Vec<f64> {
        let (first, donor) = (self.own[0], &self.donor);
        let chip = first.bench.chip();
        let compute = || self.calibration.compute_scale(chip, donor, first.unit);
        let stream = || self.calibration.stream_scale(chip, donor, first.bench.core_bandwidth());
        let scaled = |(constant, &value): (&super::solve::Constant, &f64)| match constant.role {
            Role::Compute if rule == Rule::PowerLaw => value * compute(),
            Role::Stream if rule == Rule::PowerLaw => value * stream(),
            _ => value,
        };
        self.family.constants.iter().zip(values).map(scaled).collect()
    }
}
