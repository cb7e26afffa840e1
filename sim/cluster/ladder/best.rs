//! What a chip yields at its best: the plan and the load with the most tokens per chip.

use super::pool::TaskPool;
use super::search::{Stride, best_concurrency};
use super::slo::Slo;
use super::trial::{TrialLength, run_closed, run_open, trial};
use crate::cluster::deploy::{Deployment, Misfit, Order};
use crate::cluster::run::RunResult;
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
}

/// The best found for one chip.
pub struct Best {
    /// The plan, compiled.
    pub deployment: Deployment,
    /// Tasks in flight on one replica, in a closed loop.
    pub concurrency: Option<u32>,
    /// Output tokens per second and chip.
    pub output_tok_s_per_gpu: f64,
    /// Whether it meets the service level; a load that was asked for may not.
    pub meets_slo: bool,
    /// The run at that load.
    pub result: RunResult,
}

impl Best {
    fn of(
        deployment: Deployment,
        concurrency: Option<u32>,
        result: RunResult,
        terms: &Terms,
    ) -> Self {
        Self {
            concurrency,
            output_tok_s_per_gpu: result.output_tok_s() / f64::from(deployment.plan.gpus()),
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

/// A plan and what short trials promise of it.
struct Candidate {
    deployment: Deployment,
    concurrency: u32,
    promise: f64,
}

/// Plans whose rates differ by less are not told apart: seeds alone move a rate by as much. Of
/// such plans the one with fewest chips is taken.
const TIE: f64 = 0.97;

/// A load that failed a long trial is lowered by this factor.
const STEP_DOWN: f64 = 0.92;

/// Tries every plan of `plans` for `order`'s chip and keeps the best.
///
/// Short trials find each plan's best load; long ones confirm them, the most promising first, until
/// no other plan promises as much. The reason given for a chip without a best is that of the last
/// plan that came nearest to one.
pub fn best_of_plans(order: &Order, plans: &[Plan], terms: &Terms) -> Result<Best, NoBest> {
    let mut candidates = Vec::new();
    let mut reason: Option<NoBest> = None;
    for &plan in plans {
        match candidate(&Order { plan, ..*order }, terms) {
            Ok(found) => candidates.push(found),
            Err(why) => reason = Some(why.after(reason)),
        }
    }
    candidates.sort_by(|a, b| b.promise.total_cmp(&a.promise));
    let mut confirmed: Vec<Best> = Vec::new();
    let mut highest = 0.0_f64;
    for candidate in candidates {
        if candidate.promise < highest * TIE {
            break;
        }
        let plan = candidate.deployment.plan;
        match confirm(candidate, terms) {
            Some(found) => {
                highest = highest.max(found.output_tok_s_per_gpu);
                confirmed.push(found);
            }
            None => reason = Some(too_slow(order, plan, terms)),
        }
    }
    if !confirmed.iter().any(|best| best.meets_slo) {
        let excess = |best: &Best| terms.slo.excess(&best.result);
        let nearest = confirmed.into_iter().min_by(|a, b| excess(a).total_cmp(&excess(b)));
        return nearest.ok_or_else(|| reason.expect("a plan without a best has a reason"));
    }
    confirmed.retain(|best| best.meets_slo);
    let rates = confirmed.iter().map(|best| best.output_tok_s_per_gpu);
    let highest = rates.fold(0.0, f64::max);
    let ties = confirmed.into_iter().filter(|best| best.output_tok_s_per_gpu >= highest * TIE);
    ties.min_by_key(|best| best.deployment.plan.gpus())
        .ok_or_else(|| reason.expect("a plan without a best has a reason"))
}

/// What `order`'s own plan yields in short trials, at the load that was asked for or at the best
/// near `near`. Meant for comparing worlds that differ little: all see the same tasks.
///
/// Where not even one task at a time meets the service level, its figures are given all the same.
pub fn best_nearby(order: &Order, near: u32, terms: &Terms) -> Result<Best, Misfit> {
    let deployment = order.deploy()?;
    let most = terms.pool.underway().len() as u32;
    let (concurrency, result) = match terms.drive {
        Drive::Best => {
            let try_out = |n| trial(&deployment, n, terms.bracket, terms);
            let found = best_concurrency(near, most, Stride::CLOSE, try_out)
                .unwrap_or_else(|| trial(&deployment, 1, terms.bracket, terms));
            (Some(found.concurrency), found.result)
        }
        Drive::Concurrency(wanted) => {
            let clients = wanted.min(most);
            (Some(clients), run_closed(&deployment, clients, terms.bracket, terms))
        }
        Drive::Rate(rate) => (None, run_open(&deployment, rate, terms)),
    };
    Ok(Best::of(deployment, concurrency, result, terms))
}

/// The load of one plan that short trials find best, or the one that was asked for.
fn candidate(order: &Order, terms: &Terms) -> Result<Candidate, NoBest> {
    let deployment = order.deploy()?;
    let most = terms.pool.underway().len() as u32;
    let (concurrency, promise) = match terms.drive {
        Drive::Best => {
            let start = first_guess(&deployment, terms);
            let try_out = |n| trial(&deployment, n, terms.bracket, terms);
            let best = best_concurrency(start, most, Stride::WIDE, try_out)
                .ok_or_else(|| too_slow(order, order.plan, terms))?;
            (best.concurrency, best.rate)
        }
        Drive::Concurrency(wanted) => (wanted.min(most), f64::INFINITY),
        Drive::Rate(_) => (0, f64::INFINITY),
    };
    Ok(Candidate { deployment, concurrency, promise })
}

/// A long run at the candidate's load, or at the next lower one that meets the service level.
///
/// A load that was asked for is run whether or not it does; plans with which it does come first.
fn confirm(candidate: Candidate, terms: &Terms) -> Option<Best> {
    let Candidate { deployment, mut concurrency, .. } = candidate;
    match terms.drive {
        Drive::Rate(rate) => {
            let result = run_open(&deployment, rate, terms);
            return Some(Best::of(deployment, None, result, terms));
        }
        Drive::Concurrency(_) => {
            let result = run_closed(&deployment, concurrency, terms.confirm, terms);
            return Some(Best::of(deployment, Some(concurrency), result, terms));
        }
        Drive::Best => {}
    }
    while concurrency > 0 {
        let long = trial(&deployment, concurrency, terms.confirm, terms);
        if long.meets_slo {
            return Some(Best::of(deployment, Some(concurrency), long.result, terms));
        }
        concurrency = ((f64::from(concurrency) * STEP_DOWN) as u32).min(concurrency - 1);
    }
    None
}

fn too_slow(order: &Order, plan: Plan, terms: &Terms) -> NoBest {
    NoBest::TooSlow { chip: order.chip.name.clone(), plan, slo: terms.slo }
}

/// As many tasks as have room in the cache at once.
fn first_guess(deployment: &Deployment, terms: &Terms) -> u32 {
    let contexts = terms.pool.underway().iter().filter_map(|entered| {
        entered.task.chains[0].calls.first().map(|call| u64::from(call.prompt))
    });
    let mean = contexts.clone().sum::<u64>() / (contexts.count() as u64).max(1);
    (deployment.kv_tokens() / mean.max(1)).clamp(1, 1 << 20) as u32
}
