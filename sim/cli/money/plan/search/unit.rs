//! What a fleet has several of.

use std::borrow::Cow;
use std::fmt;

use crate::cli::simulate::Field;
use crate::cluster::{NoBest, Order, Policy, Pools, Routing, Setup, Wire};
use crate::economics::Basis;
use crate::fidelity::World;
use crate::hardware::{Catalog, Chip};
use crate::model::Plan;
use crate::planning::Objective;
use crate::units::{SimSpan, UsdPerHour};

/// How requests find their replica in a fleet: by KV that is there, and by load.
///
/// A context that is not found is prefilled again and held twice. With Dynamo's own weight, 1, each
/// call of a coding agent that meets a busier replica moves its context, until caches hold little
/// but copies; with this one contexts stay, and fleets bear what their replicas do.
const ROUTING: Routing =
    Routing { policy: Policy::KvAware, refresh: SimSpan::ZERO, overlap_weight: 30 };

/// Replicas of a kind.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli::money::plan) struct Kind {
    pub(in crate::cli::money::plan) chip: String,
    pub(in crate::cli::money::plan) plan: Plan,
}

/// A replica, or pools that prefill and decode apart.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli::money::plan) struct Unit {
    /// What serves requests, or decodes them if others prefill.
    pub(in crate::cli::money::plan) serving: Kind,
    /// What prefills for it, and how many of both there are.
    pub(in crate::cli::money::plan) prefill: Option<(Kind, Pools)>,
}

impl Kind {
    /// It ordered for the work of `field`, on `chip`, which it is in `world`.
    fn order<'a>(
        &self,
        (chip, world): (&'a Chip, Option<&World>),
        (field, catalog): (&'a Field, &'a Catalog),
    ) -> Order<'a> {
        // What a chip may draw, and what its work does, is the same in every world.
        let assumed = catalog.chip(&self.chip).expect("it was found before");
        let order = field.order(assumed, self.plan);
        let stretch = world.map_or(order.stretch, |world| world.stretched(order.stretch));
        Order { chip, stretch, ..order }
    }
}

impl Unit {
    /// Replicas that serve or decode, and those that prefill for them.
    pub(in crate::cli::money::plan) fn counts(&self) -> [u32; 2] {
        self.prefill.as_ref().map_or([1, 0], |(_, pools)| [pools.decode, pools.prefill])
    }

    /// Its chips by name, each name once.
    pub(in crate::cli::money::plan) fn chips(&self) -> Vec<(String, u32)> {
        let [serving, prefill] = self.counts();
        let mut chips = vec![(self.serving.chip.clone(), self.serving.plan.gpus() * serving)];
        if let Some((kind, _)) = &self.prefill {
            let count = kind.plan.gpus() * prefill;
            if kind.chip == self.serving.chip {
                chips[0].1 += count;
            } else {
                chips.push((kind.chip.clone(), count));
            }
        }
        chips
    }

    /// What it takes of what is to be least; none if that is not known.
    pub(in crate::cli::money::plan) fn takes(
        &self,
        objective: Objective,
        (basis, catalog): (&Basis, &Catalog),
    ) -> Option<f64> {
        let each = |(name, count): (String, u32)| {
            let chip = catalog.chip(&name).ok()?;
            let one = match objective {
                Objective::Cheapest => basis.hourly(chip).map(UsdPerHour::get)?,
                Objective::Smallest => 1.0,
                Objective::LeastPower => chip.power.facility?.get(),
            };
            Some(one * f64::from(count))
        };
        self.chips().into_iter().map(each).sum()
    }

    /// It deployed for the work of `field`, as one of `times` that hand over KV to each other.
    pub(in crate::cli::money::plan) fn setup(
        &self,
        times: u32,
        at: (&Field, &Catalog),
    ) -> Result<Setup, NoBest> {
        self.setup_in(|_| None, times, at)
    }

    /// The same where things are as in the world of each chip.
    pub(super) fn setup_in<'w>(
        &self,
        world: impl Fn(&str) -> Option<&'w World>,
        times: u32,
        (field, catalog): (&Field, &Catalog),
    ) -> Result<Setup, NoBest> {
        let chip = |kind: &Kind| {
            let assumed = catalog.chip(&kind.chip).expect("it was found before");
            world(&kind.chip).map_or(Cow::Borrowed(assumed), |world| world.chip(assumed))
        };
        let terms = field.terms(catalog);
        let serving_chip = chip(&self.serving);
        let of_serving = world(&self.serving.chip);
        let serving = self.serving.order((&serving_chip, of_serving), (field, catalog));
        let setup = Setup { routing: ROUTING, ..Setup::plain(terms.deploy(&serving)?) };
        let Some((kind, pools)) = &self.prefill else { return Ok(setup) };
        let prefill_chip = chip(kind);
        let mut prefill = kind.order((&prefill_chip, world(&kind.chip)), (field, catalog));
        // What is handed over is not converted on its way.
        prefill.precision.kv = serving.precision.kv;
        let counts = [pools.prefill, pools.decode].map(|count| count.saturating_mul(times));
        let wire = Wire::between((&prefill, counts[0]), (&serving, counts[1]), None)?;
        let deployment = terms.deploy(&prefill)?;
        Ok(setup.split_into(*pools, &wire, &serving).prefilled_by(deployment))
    }

    /// Its chips: those that prefill, then those that decode.
    pub(in crate::cli::money::plan) fn chip_names(&self) -> String {
        match &self.prefill {
            Some((kind, _)) => format!("{} + {}", kind.chip, self.serving.chip),
            None => self.serving.chip.clone(),
        }
    }

    /// Its plans, in the same order.
    pub(in crate::cli::money::plan) fn plan_names(&self) -> String {
        let Some((kind, pools)) = &self.prefill else { return self.serving.plan.to_string() };
        format!("{}×{} + {}×{}", pools.prefill, kind.plan, pools.decode, self.serving.plan)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as {}", self.chip_names(), self.plan_names())
    }
}
