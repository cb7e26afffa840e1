//! What a chip yields at its best: the plan and the load with the most tokens per chip.

use super::pool::TaskPool;
use super::search::{Trial, best_concurrency};
use crate::cluster::deploy::{Deployment, Misfit, Order};
use crate::cluster::run::{Load, RunPlan, RunResult, at_rate, simulate};
use crate::des::Streams;
use crate::model::Plan;
use crate::units::{PerSec, SimSpan, SimTime};
use crate::workload::Entered;

/// A service level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slo {
    /// 99th percentile of the time to first token, in milliseconds.
    pub ttft_ms_p99: f64,
    /// Median of the time per output token, in milliseconds.
    pub tpot_ms_p50: f64,
}

/// How long a trial is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrialLength {
    /// Not measured.
    pub warmup: SimSpan,
    /// Longest run, warm-up included.
    pub horizon: SimSpan,
    /// Requests to measure before that.
    pub requests: u64,
}

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
    /// The length of a trial.
    pub length: TrialLength,
    /// Unpinned KV is forgotten after this long.
    pub ttl: Option<SimSpan>,
}

/// The best found for one chip.
pub struct Best {
    /// The plan, compiled.
    pub deployment: Deployment,
    /// Tasks in flight on one replica, in a closed loop.
    pub concurrency: Option<u32>,
    /// Output tokens per second and chip.
    pub output_tok_s_per_gpu: f64,
    /// The run at that load.
    pub result: RunResult,
}

/// Why a chip has no best.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NoBest {
    /// No plan fits.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// Plans fit, but none meets the service level even with one task in flight.
    #[error(
        "{chip} misses p99 TTFT {} ms or p50 TPOT {} ms with {plan} even with one task in \
         flight; relax the service level",
        slo.ttft_ms_p99,
        slo.tpot_ms_p50
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

/// Tries every plan of `plans` for `order`'s chip and keeps the best.
///
/// The reason given for a chip without a best is that of the last plan, the largest.
pub fn best_of_plans(order: &Order, plans: &[Plan], terms: &Terms) -> Result<Best, NoBest> {
    let mut best: Option<Best> = None;
    let mut reason: Option<NoBest> = None;
    for &plan in plans {
        match best_of_plan(&Order { plan, ..*order }, terms) {
            Ok(found) => {
                let is_better =
                    |best: &Best| found.output_tok_s_per_gpu > best.output_tok_s_per_gpu;
                if best.as_ref().is_none_or(is_better) {
                    best = Some(found);
                }
            }
            Err(why) => reason = Some(why),
        }
    }
    best.ok_or_else(|| reason.expect("a plan without a best has a reason"))
}

/// The best load of one plan, or the load that was asked for.
pub fn best_of_plan(order: &Order, terms: &Terms) -> Result<Best, NoBest> {
    let deployment = order.deploy()?;
    let most = terms.pool.underway().len() as u32;
    let (concurrency, result) = match terms.drive {
        Drive::Best => {
            let start = first_guess(&deployment, terms);
            let best = best_concurrency(start, most, |n| trial(&deployment, n, terms));
            let Some(best) = best else {
                let (chip, plan) = (order.chip.name.clone(), order.plan);
                return Err(NoBest::TooSlow { chip, plan, slo: terms.slo });
            };
            (Some(best.concurrency), best.result)
        }
        Drive::Concurrency(wanted) => {
            let clients = wanted.min(most);
            (Some(clients), run_closed(&deployment, clients, terms))
        }
        Drive::Rate(rate) => (None, run_open(&deployment, rate, terms)),
    };
    let output_tok_s_per_gpu = output_rate_per_gpu(&deployment, &result);
    Ok(Best { deployment, concurrency, output_tok_s_per_gpu, result })
}

fn trial(deployment: &Deployment, concurrency: u32, terms: &Terms) -> Trial<RunResult> {
    let result = run_closed(deployment, concurrency, terms);
    let rate = output_rate_per_gpu(deployment, &result);
    Trial { concurrency, meets_slo: meets(&result, &terms.slo), rate, result }
}

/// As many tasks as have room in the cache at once.
fn first_guess(deployment: &Deployment, terms: &Terms) -> u32 {
    let contexts = terms.pool.underway().iter().filter_map(|entered| {
        entered.task.chains[0].calls.first().map(|call| u64::from(call.prompt))
    });
    let mean = contexts.clone().sum::<u64>() / (contexts.count() as u64).max(1);
    (deployment.kv_tokens() / mean.max(1)).clamp(1, 1 << 20) as u32
}

/// Runs a closed loop of `concurrency` tasks that are underway when it begins.
fn run_closed(deployment: &Deployment, concurrency: u32, terms: &Terms) -> RunResult {
    let mut replica = deployment.replica(terms.ttl);
    let underway = &terms.pool.underway()[..concurrency as usize];
    let mut by_age: Vec<&Entered> = underway.iter().collect();
    by_age.sort_by_key(|entered| std::cmp::Reverse(entered.idle));
    for entered in by_age {
        if terms.ttl.is_none_or(|ttl| entered.idle <= ttl) {
            replica.warm(SimTime::ZERO, &entered.warm);
        }
    }
    let tasks = underway.iter().map(|entered| entered.task.clone());
    let tasks = tasks.chain(terms.pool.fresh(concurrency));
    simulate(replica, tasks, terms.length.plan(Load::Closed { concurrency }), &mut |_| {})
}

/// Runs tasks that arrive at `rate`, from an empty replica on.
fn run_open(deployment: &Deployment, rate: PerSec, terms: &Terms) -> RunResult {
    let tasks = at_rate(terms.pool.fresh(0), rate, Streams::new(terms.seed));
    let plan = terms.length.plan(Load::Arrivals);
    simulate(deployment.replica(terms.ttl), tasks, plan, &mut |_| {})
}

impl TrialLength {
    fn plan(self, load: Load) -> RunPlan {
        RunPlan {
            load,
            warmup: self.warmup,
            horizon: Some(self.horizon),
            requests: Some(self.requests),
        }
    }
}

fn output_rate_per_gpu(deployment: &Deployment, result: &RunResult) -> f64 {
    result.output_tok_s() / f64::from(deployment.plan.gpus())
}

/// Whether nothing was rejected and both latencies are within the level.
fn meets(result: &RunResult, slo: &Slo) -> bool {
    result.requests.rejected == 0
        && result.ttft().is_some_and(|ttft| ttft.p99 <= slo.ttft_ms_p99)
        && result.tpot().is_none_or(|tpot| tpot.p50 <= slo.tpot_ms_p50)
}
