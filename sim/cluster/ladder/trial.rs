//! One load tried on one deployment.

use super::best::Terms;
use super::search::Trial;
use crate::cluster::deploy::Deployment;
use crate::cluster::run::{Load, RunPlan, RunResult, at_rate, simulate};
use crate::des::Streams;
use crate::units::{PerSec, SimSpan};

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

/// A closed loop of `concurrency` tasks, judged by the service level.
pub(super) fn trial(
    deployment: &Deployment,
    concurrency: u32,
    length: TrialLength,
    terms: &Terms,
) -> Trial<RunResult> {
    let result = run_closed(deployment, concurrency, length, terms);
    let rate = result.output_tok_s() / f64::from(deployment.plan.gpus());
    Trial { concurrency, meets_slo: meets(&result, &terms.slo), rate, result }
}

/// Runs a closed loop of `concurrency` tasks that are underway when it begins.
pub(super) fn run_closed(
    deployment: &Deployment,
    concurrency: u32,
    length: TrialLength,
    terms: &Terms,
) -> RunResult {
    let mut replica = deployment.replica(terms.ttl).with_engine(terms.engine);
    let tasks = terms.pool.enter(&mut replica, concurrency, terms.ttl);
    let plan = length.plan(Load::Closed { concurrency });
    let result = simulate(replica, tasks, plan, &mut |_| {});
    // Tasks that were underway are remnants; a whole task has more calls.
    RunResult { calls_per_task: terms.pool.calls_per_task(), ..result }
}

/// Runs tasks that arrive at `rate`, from an empty replica on.
pub(super) fn run_open(deployment: &Deployment, rate: PerSec, terms: &Terms) -> RunResult {
    let tasks = at_rate(terms.pool.fresh(0), rate, Streams::new(terms.seed));
    let plan = terms.confirm.plan(Load::Arrivals);
    let replica = deployment.replica(terms.ttl).with_engine(terms.engine);
    simulate(replica, tasks, plan, &mut |_| {})
}

/// Whether nothing was rejected and both latencies are within the level.
fn meets(result: &RunResult, slo: &Slo) -> bool {
    result.requests.rejected == 0
        && result.ttft().is_some_and(|ttft| ttft.p99 <= slo.ttft_ms_p99)
        && result.tpot().is_none_or(|tpot| tpot.p50 <= slo.tpot_ms_p50)
}
