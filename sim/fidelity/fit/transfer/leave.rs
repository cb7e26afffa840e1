//! What is predicted for a chip that is left out, by each rule of inheritance.

use std::collections::BTreeMap;

use super::rule::Rule;
use crate::cost::Calibration;
use crate::fidelity::fit::family::{Family, Harvest};
use crate::fidelity::fit::group::{best, newest, ratios};
use crate::fidelity::fit::sample::{Sample, Trial};
use crate::fidelity::fit::solve::{Constant, Role, Score};
use crate::hardware::Chip;
use crate::units::Hertz;

/// One chip's kernels, predicted from chips that are not left out.
#[derive(Clone)]
pub struct Outcome<'a> {
    /// The family of the kernels.
    pub family: &'static str,
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
    /// What was predicted, in the order of the residuals; none for what is composed of kernels.
    pub(super) samples: Vec<&'a Sample>,
}

/// Kernels of one chip, engine and key, and the donor's that stand in for them.
pub struct Case<'a> {
    family: &'a Family,
    calibration: &'a Calibration,
    donor: String,
    own: Vec<&'a Sample>,
    donated: Vec<&'a Sample>,
}

/// Constants, the donor they are from, and the chips of its kernels.
struct Gift {
    donor: String,
    values: Vec<f64>,
    alternative: usize,
    clock: Option<f64>,
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

impl<'a> Case<'a> {
    /// The outcome by each of `rules`.
    pub fn outcomes(&self, rules: &[Rule]) -> Vec<Outcome<'a>> {
        let whole = self.gift(self.donor.clone(), &self.donated);
        let nearest = rules.contains(&Rule::Nearest).then(|| self.nearest());
        let gift = |rule| match (&nearest, rule) {
            (Some(nearest), Rule::Nearest) => nearest,
            _ => &whole,
        };
        rules.iter().map(|&rule| self.outcome(gift(rule), rule)).collect()
    }

    fn outcome(&self, gift: &Gift, rule: Rule) -> Outcome<'a> {
        let values = self.passed_on(gift, rule);
        let trial = Trial { values: &values, alternative: gift.alternative };
        let residuals = ratios(&self.own, &trial);
        let first = self.own[0];
        Outcome {
            family: self.family.name,
            chip: first.chip().to_owned(),
            engine: first.engine.clone(),
            key: first.key.clone(),
            donor: gift.donor.clone(),
            rule,
            score: Score::of(&residuals).expect("a case has samples"),
            residuals,
            samples: self.own.clone(),
        }
    }

    fn gift(&self, donor: String, samples: &[&Sample]) -> Gift {
        let (values, alternative) = best(self.family, samples);
        let chips: BTreeMap<&str, &Chip> =
            samples.iter().map(|sample| (sample.chip(), sample.bench.chip())).collect();
        let clocks: Option<Vec<f64>> = chips.values().map(|chip| clock(chip)).collect();
        let mean = |clocks: Vec<f64>| clocks.iter().sum::<f64>() / clocks.len() as f64;
        Gift { donor, values, alternative, clock: clocks.map(mean) }
    }

    /// Constants of the one chip among the donors whose peak and bandwidth are nearest.
    fn nearest(&self) -> Gift {
        let (unit, own) = (self.own[0].unit, self.own[0].bench.chip());
        let figures = |chip: &Chip| {
            let peak = chip.peak(unit).map_or(1.0, |peak| peak.get().max(1.0));
            [peak, chip.memory.bandwidth.get().max(1.0)]
        };
        let far = |chip: &Chip| -> f64 {
            let pairs = figures(chip).into_iter().zip(figures(own));
            pairs.map(|(theirs, own)| libm::log(theirs / own).abs()).sum()
        };
        let nearest = self.donated.iter().map(|sample| sample.bench.chip());
        let nearest = nearest.min_by(|a, b| far(a).total_cmp(&far(b)));
        let nearest = &nearest.expect("a case has donors").name;
        let samples: Vec<&Sample> =
            self.donated.iter().filter(|sample| sample.chip() == nearest).copied().collect();
        self.gift(nearest.clone(), &samples)
    }

    fn passed_on(&self, gift: &Gift, rule: Rule) -> Vec<f64> {
        let (first, donor) = (self.own[0], &gift.donor);
        let chip = first.bench.chip();
        let compute = || self.calibration.compute_scale(chip, donor, first.unit);
        let stream = || self.calibration.stream_scale(chip, donor, first.bench.core_bandwidth());
        let clocks = gift.clock.zip(clock(chip)).map_or(1.0, |(theirs, own)| theirs / own);
        let scaled = |(constant, &value): (&Constant, &f64)| match constant.role {
            Role::Compute if rule != Rule::Shares => value * compute(),
            Role::Stream if rule != Rule::Shares => value * stream(),
            Role::Fixed if rule == Rule::Clocks && constant.is_time() => value * clocks,
            _ => value,
        };
        self.family.constants.iter().zip(&gift.values).map(scaled).collect()
    }
}

fn clock(chip: &Chip) -> Option<f64> {
    chip.clock.map(Hertz::get).filter(|&clock| clock > 0.0)
}
