//! The search for pools that prefill and decode apart, of like chips or of unlike ones.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::candidate::{Candidate, Yields};
use super::doubt::band;
use super::unit::{Kind, Unit};
use crate::cli::simulate::Field;
use crate::cluster::{Candidate as Promising, Phases, Pools, Setup, candidate, confirm};
use crate::economics::Basis;
use crate::hardware::Catalog;
use crate::planning::Objective;

/// How pools are searched for.
pub(super) struct PoolSearch<'a> {
    pub(super) field: &'a Field,
    pub(super) catalog: &'a Catalog,
    pub(super) objective: Objective,
    pub(super) basis: &'a Basis,
    /// Whether yields get bands.
    pub(super) explain: bool,
}

/// Units whose best load short trials look for.
const TRIED: usize = 8;
/// Of these, units that long trials confirm.
const CONFIRMED: usize = 4;
/// Units of the same two chips among those that are tried.
const ALIKE: usize = 2;
/// Units are not tried that by their phases alone take so many times what the best replica does:
/// batches that nothing interrupts gain less.
const HOPELESS: f64 = 1.4;

/// Units are not shown that take so many times what the best replica does.
const OUTCLASSED: f64 = 3.0;

/// A replica that does the work by itself, and what a task takes of it.
struct Able<'a> {
    kind: &'a Kind,
    phases: Phases,
    /// What it takes of what is to be least.
    takes: f64,
}

impl PoolSearch<'_> {
    /// The best units of `replicas`, which do the work by themselves at their best loads.
    ///
    /// Successive halving on common random numbers: what a task takes of each replica, by phase,
    /// says which pairs and ratios may pay; short trials find the best loads of the best few; long
    /// ones confirm the better half.
    pub(super) fn candidates(&self, replicas: &[Candidate]) -> Vec<(Unit, Yields)> {
        let mut trials: Vec<(Unit, Promising<Setup>, f64)> = self
            .worth_trying(replicas)
            .into_par_iter()
            .filter_map(|unit| self.tried(unit))
            .collect();
        trials.sort_by(|a, b| a.2.total_cmp(&b.2));
        trials.truncate(CONFIRMED);
        let terms = self.field.terms(self.catalog);
        let confirmed = trials.into_par_iter().filter_map(|(unit, promising, _)| {
            let yields = Yields::of_pools(&confirm(promising, &terms)?, &terms.slo)?;
            Some((unit, yields))
        });
        let mut confirmed: Vec<(Unit, Yields)> = confirmed.collect();
        let alone = replicas.iter().filter_map(|one| one.found.as_ref().ok());
        let best = alone.filter_map(|(unit, it)| self.takes_of_task(unit, it));
        let most = best.fold(f64::INFINITY, f64::min) * OUTCLASSED;
        confirmed.retain(|(unit, it)| self.takes_of_task(unit, it).is_some_and(|it| it <= most));
        if self.explain {
            for (unit, it) in &mut confirmed {
                it.band = band(unit, it.concurrency, (self.field, self.catalog));
            }
        }
        confirmed
    }

    /// What a task takes of what is to be least.
    fn takes_of_task(&self, unit: &Unit, yields: &Yields) -> Option<f64> {
        Some(unit.takes(self.objective, (self.basis, self.catalog))? / yields.tasks_per_hour)
    }

    /// A unit at the best load of short trials, and what an output token takes of it.
    fn tried(&self, unit: Unit) -> Option<(Unit, Promising<Setup>, f64)> {
        let terms = self.field.terms(self.catalog);
        let setup = unit.setup(1, (self.field, self.catalog)).ok()?;
        let promising = candidate(&unit.chip_names(), setup, &terms).ok()?;
        let gpus: u32 = unit.chips().iter().map(|(_, count)| count).sum();
        let rate = promising.promise * f64::from(gpus);
        let takes = unit.takes(self.objective, (self.basis, self.catalog))? / rate;
        takes.is_finite().then_some((unit, promising, takes))
    }

    /// The units that take least of what is to be least, if phases take what they take together.
    fn worth_trying(&self, replicas: &[Candidate]) -> Vec<Unit> {
        let found = replicas.par_iter().filter_map(|one| one.found.as_ref().ok());
        let able: Vec<Able> = found.filter_map(|(unit, it)| self.able(unit, it)).collect();
        let alone = |one: &Able| (one.phases.prefill.get() + one.phases.decode.get()) * one.takes;
        let best = able.iter().map(alone).fold(f64::INFINITY, f64::min);
        let mut units = Vec::new();
        for prefill in &able {
            for decode in &able {
                for pools in Pools::ALL {
                    let takes = per_task(prefill, decode, pools);
                    if takes <= best * HOPELESS {
                        units.push((takes, prefill.kind, decode.kind, pools));
                    }
                }
            }
        }
        units.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut alike: BTreeMap<[&str; 2], usize> = BTreeMap::new();
        units.retain(|(_, prefill, decode, _)| {
            let seen = alike.entry([&prefill.chip, &decode.chip]).or_default();
            *seen += 1;
            *seen <= ALIKE
        });
        units.truncate(TRIED);
        let unit = |(_, prefill, decode, pools): (f64, &Kind, &Kind, Pools)| Unit {
            serving: decode.clone(),
            prefill: Some((prefill.clone(), pools)),
        };
        units.into_iter().map(unit).collect()
    }

    fn able<'a>(&self, unit: &'a Unit, yields: &Yields) -> Option<Able<'a>> {
        let terms = self.field.terms(self.catalog);
        let setup = unit.setup(1, (self.field, self.catalog)).ok()?;
        Some(Able {
            kind: &unit.serving,
            phases: setup.phases(yields.concurrency, &terms)?,
            takes: unit.takes(self.objective, (self.basis, self.catalog))?,
        })
    }
}

/// What a task takes of pools of which one is always busy.
fn per_task(prefill: &Able, decode: &Able, pools: Pools) -> f64 {
    let (prefilling, decoding) = (f64::from(pools.prefill), f64::from(pools.decode));
    let time = [prefill.phases.prefill.get() / prefilling, decode.phases.decode.get() / decoding];
    (prefill.takes * prefilling + decode.takes * decoding) * time[0].max(time[1])
}
