//! Requests that arrive at random, at a rate or as fast as a service level allows.

use crate::cluster::{
    Load, RunPlan, RunResult, Stride, Trial, at_rate, best_concurrency, simulate_while,
};
use crate::cost::Pricer;
use crate::des::Streams;
use crate::serving::{Outcome, Replica};
use crate::units::{PerSec, SimSpan};
use crate::workload::Task;

use crate::fidelity::points::lengths::Lengths;
use crate::fidelity::points::scenario::REQUESTS;

/// Seed of lengths and arrivals.
pub(super) const SEED: u64 = 1;

/// Rates closer than this are not told apart.
const STRIDE: Stride = Stride { growth: 1.5, resolution: 1.02, is_guided: false, peak: None };

/// `requests` tasks of one call each.
pub(super) fn tasks(lengths: Lengths, requests: u32) -> impl Iterator<Item = Task> {
    let draws = lengths.draws(Streams::new(SEED).named("lengths", 0));
    draws.take(requests as usize).map(|(input, output)| Task::of_call(input, output))
}

/// Runs `requests` of them that arrive `rate` times in a thousand seconds, while `goes_on` says so.
pub(super) fn serve<P: Pricer>(
    replica: Replica<P>,
    lengths: Lengths,
    (rate, requests): (u32, u32),
    goes_on: &mut dyn FnMut(&Outcome) -> bool,
) -> RunResult {
    let rate = PerSec::new(f64::from(rate) / 1e3);
    let tasks = at_rate(tasks(lengths, requests), rate, Streams::new(SEED));
    let plan = RunPlan::whole(Load::Arrivals);
    simulate_while(replica, tasks, plan, &mut |_| {}, goes_on)
}

/// The run at the highest rate at which one request in a hundred, at most, waits longer than
/// `limits` allow, in milliseconds to the first token and per token; none if even single requests
/// do. `start` is tried first, per thousand seconds.
pub(super) fn serve_within<P: Pricer>(
    replica: impl Fn() -> Replica<P>,
    lengths: Lengths,
    limits: (u32, u32),
    start: u32,
) -> Option<RunResult> {
    let run = |rate: u32| {
        let mut patience = Patience { limits, late: 0, slow: 0 };
        let goes_on = &mut |outcome: &Outcome| patience.lasts(outcome);
        let result = serve(replica(), lengths, (rate, REQUESTS), goes_on);
        let p99 = |of: Option<crate::cluster::Summary>| of.map_or(0.0, |summary| summary.p99);
        let used = (p99(result.ttft()) / f64::from(limits.0))
            .max(p99(result.tpot()) / f64::from(limits.1));
        let meets_slo = result.outcomes.len() == REQUESTS as usize && used <= 1.0;
        Trial { concurrency: rate, meets_slo, used, rate: result.output_tok_s(), result }
    };
    Some(best_concurrency(start, u32::MAX / 2, STRIDE, run)?.result)
}

/// Requests beyond the limits so far; a hundredth of all may be.
struct Patience {
    limits: (u32, u32),
    late: u32,
    slow: u32,
}

impl Patience {
    fn lasts(&mut self, outcome: &Outcome) -> bool {
        self.late += u32::from(outcome.ttft().as_ms() > f64::from(self.limits.0));
        let is_slow = |tpot: SimSpan| tpot.as_ms() > f64::from(self.limits.1);
        self.slow += u32::from(outcome.tpot().is_some_and(is_slow));
        self.late.max(self.slow) <= REQUESTS / 100 + 1
    }
}
