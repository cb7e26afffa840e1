//! What a chip yields at its best: the plan and the load with the most tokens per chip.

use super::pool::TaskPool;
use super::search::{Stride, best_concurrency};
use super::slo::Slo;
use super::station::Station;
use super::trial::{TrialLength, run_closed, run_open, trial};
use crate::cluster::deploy::{Deployment, Misfit, NoNetwork, Order};
use crate::cluster::run::RunResult;
use crate::cluster::tiers::{Unknown, Wishes};
use crate::hardware::Catalog;
use crate::model::Plan;
use crate::serving::Engine;
use crate::units::{PerSec, SimSpan};

/// How much load a replica gets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Drive {
    /// The closed loop that yields most within the service level.
    Best,
    /// A closed loop of this many tasks in flight.
    Concurrency(u32),
    /// Tasks that arrive at this rate.
    Rate(PerSec),
}

/// A ladder's terms, equal for all chips.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The load.
    pub drive: Drive,
    /// Seed of the arrivals.
    pub seed: u64,
    /// The service level to meet.
    pub slo: Slo,
    /// The work.
    pub pool: &'a TaskPool,
    /// The length of the trials that find a load. They are too short to tell a steady state from a
    /// slow collapse: caches that lose more than they find take an hour of pauses to show it.
    pub bracket: TrialLength,
    /// The length of the trials that confirm it, and whose figures are reported.
    pub confirm: TrialLength,
    /// Unpinned KV is forgotten after this long.
    pub ttl: Option<SimSpan>,
    /// How steps are gone through.
    pub engine: Engine,
    /// Stores below HBM, if there are to be any.
    pub below: Option<Wished<'a>>,
}

/// Stores below HBM as they are asked for, and where figures are found that were not given.
#[derive(Clone, Copy, Debug)]
pub struct Wished<'a> {
    /// The stores.
    pub wishes: &'a Wishes,
    /// The specs.
    pub catalog: &'a Catalog,
}

impl Terms<'_> {
    /// Deploys `order` over the stores that are asked for.
    pub fn deploy(&self, order: &Order) -> Result<Deployment, NoBest> {
        let deployment = order.deploy()?;
        let Some(Wished { wishes, catalog }) = self.below else { return Ok(deployment) };
        let (tiering, _) = wishes.tiering(catalog, order, &deployment)?;
        Ok(Deployment { below: Some(tiering), ..deployment })
    }
}

/// The best found for one chip.
pub struct Best<S = Deployment> {
    /// The plan, compiled.
    pub deployment: S,
    /// Tasks in flight on it, in a closed loop.
    pub concurrency: Option<u32>,
    /// Output tokens per second and chip.
    pub output_tok_s_per_gpu: f64,
    /// Whether it meets the service level; a load that was asked for may not.
    pub meets_slo: bool,
    /// The run at that load.
    pub result: RunResult,
}

impl<S: Station> Best<S> {
    fn of(deployment: S, concurrency: Option<u32>, result: RunResult, terms: &Terms) -> Self {
        Self {
            concurrency,
            output_tok_s_per_gpu: result.output_tok_s() / f64::from(deployment.gpus()),
            meets_slo: terms.slo.is_met(&result),
            deployment,
            result,
        }
    }
}

/// Why a chip has no best.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoBest {
    /// No plan fits.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// A store's figures are not known.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// Nothing is known of what would carry KV from chip to chip.
    #[error("{0}, so that nothing can be handed from chip to chip")]
    NoNetwork(#[from] NoNetwork),
    /// Plans fit, but none meets the service level even with one task in flight.
    #[error(
        "{chip} misses {slo} with {plan} even with one task in flight; relax the service level"
    )]
    TooSlow {
        /// The chip.
        chip: String,
        /// The largest plan that fits.
        plan: Plan,
        /// The service level.
        slo: Slo,
    },
}

impl NoBest {
    /// The one of the two reasons that is nearer to a best: too slow before not fitting, else this,
    /// the later.
    pub fn after(self, earlier: Option<Self>) -> Self {
        match (earlier, self) {
            (Some(slow @ Self::TooSlow { .. }), Self::Misfit(_)) => slow,
            (_, later) => later,
        }
    }
}

/// What short trials promise of a station.
pub struct Candidate<S> {
    /// The station.
    pub station: S,
    /// Its best load, or the one that was asked for: tasks in flight.
    pub concurrency: u32,
    /// Output tokens per second and chip; infinite where no load was looked for.
    pub promise: f64,
}

/// Plans whose rates differ by less are not told apart: seeds alone move a rate by as much. Of
/// such plans the one with fewest chips is taken.
const TIE: f64 = 0.97;

/// A load that failed a long trial is lowered by this factor.
const STEP_DOWN: f64 = 0.92;

/// Tries every plan of `plans` for `order`'s chip and keeps the best; see [`best_of`].
pub fn best_of_plans(order: &Order, plans: &[Plan], terms: &Terms) -> Result<Best, NoBest> {
    let deploy = |&plan: &Plan| terms.deploy(&Order { plan, ..*order });
    best_of(&order.chip.name, plans.iter().map(deploy), terms)
}

/// Tries every one of `stations`, which are of the chip called `chip`, and keeps the best.
///
/// Short trials find each station's best load; long ones confirm them, the most promising first,
/// until no other promises as much. The reason given for a chip without a best is that of the last
/// station that came nearest to one.
///
/// # Panics
/// If there is no station.
pub fn best_of<S: Station>(
    chip: &str,
    stations: impl Iterator<Item = Result<S, NoBest>>,
    terms: &Terms,
) -> Result<Best<S>, NoBest> {
    let mut candidates = Vec::new();
    let mut reason: Option<NoBest> = None;
    for station in stations {
        match station.and_then(|station| candidate(chip, station, terms)) {
            Ok(found) => candidates.push(found),
            Err(why) => reason = Some(why.after(reason)),
        }
    }
    candidates.sort_by(|a, b| b.promise.total_cmp(&a.promise));
    let mut confirmed: Vec<Best<S>> = Vec::new();
    let mut highest = 0.0_f64;
    for candidate in candidates {
        if candidate.promise < highest * TIE {
            break;
        }
        let plan = candidate.station.plan();
        match confirm(candidate, terms) {
            Some(found) => {
                highest = highest.max(found.output_tok_s_per_gpu);
                confirmed.push(found);
            }
            None => reason = Some(too_slow(chip, plan, terms)),
        }
    }
    if !confirmed.iter().any(|best| best.meets_slo) {
        let excess = |best: &Best<S>| terms.slo.excess(&best.result);
        let nearest = confirmed.into_iter().min_by(|a, b| excess(a).total_cmp(&excess(b)));
        return nearest.ok_or_else(|| reason.expect("a plan without a best has a reason"));
    }
    confirmed.retain(|best| best.meets_slo);
    let rates = confirmed.iter().map(|best| best.output_tok_s_per_gpu);
    let highest = rates.fold(0.0, f64::max);
    let ties = confirmed.into_iter().filter(|best| best.output_tok_s_per_gpu >= highest * TIE);
    ties.min_by_key(|best| best.deployment.gpus())
        .ok_or_else(|| reason.expect("a plan without a best has a reason"))
}

/// The same station at the load that long trials find best near its own, told apart to 3 % up to
/// where the level is no longer met: what is reported is worth a look beyond a dip.
pub fn refined<S: Station>(best: Best<S>, terms: &Terms) -> Best<S> {
    let Some(near) = best.concurrency.filter(|_| terms.drive == Drive::Best) else { return best };
    let most = terms.pool.underway().len() as u32;
    let try_out = |n| trial(&best.deployment, n, terms.confirm, terms);
    let stride = Stride { peak: None, ..Stride::CLOSE };
    let found = best_concurrency(near, most, stride, try_out);
    match found.filter(|found| found.rate > best.output_tok_s_per_gpu) {
        Some(found) => Best::of(best.deployment, Some(found.concurrency), found.result, terms),
        None => best,
    }
}

/// What `order`'s own plan yields in short trials, at the load that was asked for or at the best
/// near `near`, told apart as `stride` says. Meant for comparing worlds that differ little: all see
/// the same tasks.
///
/// Where not even one task at a time meets the service level, its figures are given all the same.
pub fn best_nearby(
    order: &Order,
    near: u32,
    stride: Stride,
    terms: &Terms,
) -> Result<Best, NoBest> {
    Ok(nearby(terms.deploy(order)?, near, stride, terms))
}

/// The same of a station.
pub fn nearby<S: Station>(station: S, near: u32, stride: Stride, terms: &Terms) -> Best<S> {
    let most = terms.pool.underway().len() as u32;
    let (concurrency, result) = match terms.drive {
        Drive::Best => {
            let try_out = |n| trial(&station, n, terms.bracket, terms);
            let found = best_concurrency(near, most, stride, try_out)
                .unwrap_or_else(|| trial(&station, 1, terms.bracket, terms));
            (Some(found.concurrency), found.result)
        }
        Drive::Concurrency(wanted) => {
            let clients = wanted.min(most);
            (Some(clients), run_closed(&station, clients, terms.bracket, terms))
        }
        Drive::Rate(rate) => (None, run_open(&station, rate, terms)),
    };
    Best::of(station, concurrency, result, terms)
}

/// What `order`'s own plan yields in a short trial of `clients` tasks in flight, or of as many as
/// there are.
pub fn at_load(order: &Order, clients: u32, terms: &Terms) -> Result<Best, NoBest> {
    let station = terms.deploy(order)?;
    let clients = clients.min(terms.pool.underway().len() as u32);
    let result = run_closed(&station, clients, terms.bracket, terms);
    Ok(Best::of(station, Some(clients), result, terms))
}

/// The load of a station that short trials find best, or the one that was asked for.
pub fn candidate<S: Station>(
    chip: &str,
    station: S,
    terms: &Terms,
) -> Result<Candidate<S>, NoBest> {
    let most = terms.pool.underway().len() as u32;
    let (concurrency, promise) = match terms.drive {
        Drive::Best => {
            let start = first_guess(&station, terms);
            let try_out = |n| trial(&station, n, terms.bracket, terms);
            let best = best_concurrency(start, most, Stride::WIDE, try_out)
                .ok_or_else(|| too_slow(chip, station.plan(), terms))?;
            (best.concurrency, best.rate)
        }
        Drive::Concurrency(wanted) => (wanted.min(most), f64::INFINITY),
        Drive::Rate(_) => (0, f64::INFINITY),
    };
    Ok(Candidate { station, concurrency, promise })
}

/// A long run at the candidate's load, or at the next lower one that meets the service level.
///
/// A load that was asked for is run whether or not it does; plans with which it does come first.
pub fn confirm<S: Station>(candidate: Candidate<S>, terms: &Terms) -> Option<Best<S>> {
    let Candidate { station, mut concurrency, .. } = candidate;
    match terms.drive {
        Drive::Rate(rate) => {
            let result = run_open(&station, rate, terms);
            return Some(Best::of(station, None, result, terms));
        }
        Drive::Concurrency(_) => {
            let result = run_closed(&station, concurrency, terms.confirm, terms);
            return Some(Best::of(station, Some(concurrency), result, terms));
        }
        Drive::Best => {}
    }
    while concurrency > 0 {
        let long = trial(&station, concurrency, terms.confirm, terms);
        if long.meets_slo {
            return Some(Best::of(station, Some(concurrency), long.result, terms));
        }
        concurrency = ((f64::from(concurrency) * STEP_DOWN) as u32).min(concurrency - 1);
    }
    None
}

fn too_slow(chip: &str, plan: Plan, terms: &Terms) -> NoBest {
    NoBest::TooSlow { chip: chip.to_owned(), plan, slo: terms.slo }
}

/// As many tasks as have room in the cache at once.
pub(super) fn first_guess(station: &impl Station, terms: &Terms) -> u32 {
    let contexts = terms.pool.underway().iter().filter_map(|entered| {
        entered.task.chains[0].calls.first().map(|call| u64::from(call.prompt))
    });
    let mean = contexts.clone().sum::<u64>() / (contexts.count() as u64).max(1);
    (station.kv_tokens() / mean.max(1)).clamp(1, 1 << 20) as u32
}
