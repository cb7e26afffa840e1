//! From cells to the rows of the document.

use super::cells::{Cell, Study};
use super::{claims, words};
use crate::insight::{Contrast, Factorial, LogGain, Repeated, Technique};
use crate::report::{ChipGains, Claims, Configuration, Interaction, LeftOut, TechniqueGains};

/// All that is said of one chip.
pub(super) struct Rows {
    pub(super) chip: ChipGains,
    pub(super) techniques: Vec<TechniqueGains>,
    pub(super) interactions: Vec<Interaction>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) configurations: Vec<Configuration>,
}

/// A study and what was measured, seed by seed.
struct Outcome<'a> {
    study: &'a Study<'a>,
    seeds: &'a [Vec<Cell>],
    gains: Repeated,
    errors: Errors,
}

/// Errors of gains, by kind.
struct Errors {
    alone: Option<f64>,
    last: Option<f64>,
    shapley: Option<f64>,
    pair: Option<f64>,
}

impl Errors {
    fn of(gains: &Repeated, factors: usize) -> Self {
        let factorial = gains.factorial();
        let free: Vec<usize> = (0..factors).filter(|&place| factorial.is_free(place)).collect();
        let each = |of: &dyn Fn(usize) -> Option<Contrast>| {
            let contrasts: Vec<Contrast> = free.iter().filter_map(|&place| of(place)).collect();
            gains.pooled(&contrasts)
        };
        let pairs = free.iter().flat_map(|&a| free.iter().map(move |&b| (a, b)));
        let pairs = pairs.filter(|(a, b)| a < b);
        let pairs: Vec<_> = pairs.filter_map(|(a, b)| factorial.pair_mean(a, b)).collect();
        Self {
            alone: each(&|place| Some(factorial.alone(place))),
            last: each(&|place| Some(factorial.last(place))),
            shapley: each(&|place| factorial.shapley(place)),
            pair: gains.pooled(&pairs),
        }
    }
}

/// The rows of `study` from its cells, seed by seed.
pub(super) fn rows(study: &Study, seeds: &[Vec<Cell>]) -> Rows {
    let figure = |cell: &Cell| cell.as_ref().ok().map(|found| found.output_tok_s_per_gpu);
    let figures: Vec<Vec<_>> =
        seeds.iter().map(|cells| cells.iter().map(figure).collect()).collect();
    let gains = Repeated::new(study.studied.len(), &figures);
    let errors = Errors::of(&gains, study.studied.len());
    let outcome = Outcome { study, seeds, gains, errors };
    let (chip, places) = (&study.bench.chip.name, 0..study.studied.len());
    let pairs = places.clone().flat_map(|a| (a + 1..study.studied.len()).map(move |b| (a, b)));
    let left_out = study.left_out.iter().map(|(technique, reason)| LeftOut {
        chip: chip.clone(),
        name: technique.key().into(),
        reason: reason.clone(),
    });
    Rows {
        chip: outcome.chip(),
        techniques: places.map(|place| outcome.technique(place)).collect(),
        interactions: pairs.filter_map(|(a, b)| outcome.interaction(a, b)).collect(),
        left_out: left_out.collect(),
        configurations: (0..study.sets()).map(|set| outcome.configuration(set)).collect(),
    }
}

impl Outcome<'_> {
    fn factorial(&self) -> &Factorial {
        self.gains.factorial()
    }

    /// A ratio and its relative error.
    fn ratio(&self, contrast: Option<&Contrast>) -> (Option<f64>, Option<f64>) {
        let gain = contrast.and_then(|contrast| self.gains.gain(contrast));
        (gain.map(|LogGain { value, .. }| libm::exp(value)), gain.and_then(|gain| gain.error))
    }

    fn names(&self, set: usize) -> Vec<String> {
        let named = self.study.studied.iter().enumerate();
        named.filter(|(i, _)| set & 1 << i != 0).map(|(_, name)| name.to_string()).collect()
    }

    /// Why `set` does not run, if it does not.
    fn reason(&self, set: usize) -> Option<&String> {
        self.seeds.iter().find_map(|cells| cells[set].as_ref().err())
    }

    fn chip(&self) -> ChipGains {
        let (factorial, chip) = (self.factorial(), self.study.bench.chip);
        let (floor, roof) = (factorial.floor(), factorial.roof());
        let (joint, joint_error) = self.ratio(Some(&factorial.joint()));
        let free = || (0..self.study.studied.len()).filter(|&factor| factorial.is_free(factor));
        let product = |of: &dyn Fn(usize) -> Contrast| {
            let logs = free().map(|factor| Some(self.gains.gain(&of(factor))?.value));
            joint.and(logs.sum::<Option<f64>>()).map(libm::exp)
        };
        let all = self.study.sets() - 1;
        ChipGains {
            chip: chip.name.clone(),
            title: chip.title.clone(),
            none_output_tok_s_per_gpu: factorial.figure(floor),
            all_output_tok_s_per_gpu: factorial.figure(roof),
            best_output_tok_s_per_gpu: factorial.best().and_then(|set| factorial.figure(set)),
            best_with: factorial.best().map_or_else(Vec::new, |set| self.names(set)),
            joint,
            joint_error,
            product_alone: product(&|factor| factorial.alone(factor)),
            product_last: product(&|factor| factorial.last(factor)),
            orders: factorial.orders(),
            needed: self.names(floor),
            hopeless: self.names(all & !roof),
            claims: self.claims(),
            reason: joint.is_none().then(|| {
                let why = [roof, floor, all].into_iter().find_map(|set| self.reason(set));
                why.cloned().unwrap_or_else(|| "no combination runs".into())
            }),
        }
    }

    fn claims(&self) -> Claims {
        let factorial = self.factorial();
        let is_claimed = |&place: &usize| {
            factorial.is_free(place) && claims::of(self.study.studied[place]).is_some()
        };
        let claimed: Vec<usize> = (0..self.study.studied.len()).filter(is_claimed).collect();
        let set = claimed.iter().fold(0, |set, place| set | 1 << place);
        let contrast = (claimed.len() > 1).then(|| factorial.roof_over_roof_without(set));
        let (found, found_error) = self.ratio(contrast.as_ref());
        let holding = claimed.iter().filter(|&&place| {
            let gain = self.ratio(Some(&factorial.alone(place))).0;
            let claim = claims::of(self.study.studied[place]);
            gain.zip(claim).is_some_and(|(gain, claim)| claims::holds(gain, claim))
        });
        Claims {
            source: claims::SOURCE.into(),
            together: claims::together(),
            techniques: self.names(set),
            holding: holding.count(),
            found,
            found_error,
            holds: found.map(|found| claims::holds(found, claims::together())),
        }
    }

    fn technique(&self, place: usize) -> TechniqueGains {
        let (factorial, technique) = (self.factorial(), self.study.studied[place]);
        let is_free = factorial.is_free(place);
        let of = |contrast: Option<Contrast>, error: Option<f64>| {
            let gain = self.ratio(contrast.filter(|_| is_free).as_ref()).0;
            (gain, error.filter(|_| gain.is_some()))
        };
        let errors = &self.errors;
        let (alone, alone_error) = of(Some(factorial.alone(place)), errors.alone);
        let (last, last_error) = of(Some(factorial.last(place)), errors.last);
        let (shapley, shapley_error) = of(factorial.shapley(place), errors.shapley);
        let claim = claims::of(technique);
        let (with, without) = words::of(technique, &self.study.bench);
        let is_known = alone.is_some() && last.is_some() && shapley.is_some();
        TechniqueGains {
            chip: self.study.bench.chip.name.clone(),
            name: technique.key().into(),
            alone,
            alone_error,
            last,
            last_error,
            shapley,
            shapley_error,
            claim,
            claim_holds: alone.zip(claim).map(|(gain, claim)| claims::holds(gain, claim)),
            with,
            without,
            class: words::class(technique),
            reason: (!is_known).then(|| self.why_unknown(place)),
        }
    }

    /// Why a gain of the technique at `place` is not known.
    fn why_unknown(&self, place: usize) -> String {
        let (factorial, bit) = (self.factorial(), 1 << place);
        let (floor, roof) = (factorial.floor(), factorial.roof());
        let because = |set: usize| self.reason(set).map_or("", String::as_str);
        if floor & bit != 0 {
            format!("nothing runs without it, so that it is on throughout: {}", because(0))
        } else if roof & bit == 0 {
            let why = because(floor | bit);
            format!("nothing runs with it, so that it is off throughout: {why}")
        } else if factorial.value(&factorial.alone(place)).is_none() {
            format!("it does not run alone: {}", because(floor | bit))
        } else if factorial.value(&factorial.last(place)).is_none() {
            format!("all the others do not run without it: {}", because(roof & !bit))
        } else {
            "in no order of the techniques does every step run".into()
        }
    }

    fn interaction(&self, first: usize, second: usize) -> Option<Interaction> {
        let factorial = self.factorial();
        if !factorial.is_free(first) || !factorial.is_free(second) {
            return None;
        }
        let mean = self.ratio(factorial.pair_mean(first, second).as_ref()).0;
        let name = |place: usize| -> Technique { self.study.studied[place] };
        Some(Interaction {
            chip: self.study.bench.chip.name.clone(),
            first: name(first).key().into(),
            second: name(second).key().into(),
            alone: self.ratio(Some(&factorial.pair_alone(first, second))).0,
            mean,
            mean_error: self.errors.pair.filter(|_| mean.is_some()),
        })
    }

    fn configuration(&self, set: usize) -> Configuration {
        let found = self.seeds[0][set].as_ref().ok();
        let reason = self.reason(set).cloned();
        Configuration {
            chip: self.study.bench.chip.name.clone(),
            with: self.names(set),
            output_tok_s_per_gpu: self.factorial().figure(set),
            parallel: found.map(|found| found.parallel.clone()),
            gpus: found.map(|found| found.gpus),
            concurrency: found.and_then(|found| found.concurrency),
            ttft_ms_p99: found.and_then(|found| found.ttft_ms_p99),
            tpot_ms_p50: found.and_then(|found| found.tpot_ms_p50),
            reason,
        }
    }
}
