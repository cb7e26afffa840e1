//! One load tried on one deployment.

use super::best::Terms;
use super::search::Trial;
use super::slo::Slo;
use super::station::{GoesOn, Station};
use crate::cluster::run::{Load, RunPlan, RunResult};
use crate::serving::Outcome;
use crate::units::{PerSec, SimSpan};

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
    pub(super) fn plan(self, load: Load) -> RunPlan {
        RunPlan {
            warmup: self.warmup,
            horizon: Some(self.horizon),
            requests: Some(self.requests),
            ..RunPlan::whole(load)
        }
    }
}

/// Requests too late for a service level, of those measured so far.
pub(super) struct Patience {
    slo: Slo,
    late: u64,
    slow: u64,
    /// So many late ones, or slow ones, are too many whatever the others will be.
    most_late: f64,
    most_slow: f64,
}

impl Patience {
    /// For a trial that ends when `requests` requests have been measured, at most `together` of
    /// them at one time.
    pub(super) fn new(slo: Slo, requests: u64, together: u32) -> Self {
        let most = requests as f64 + f64::from(together);
        // Quantiles lie between two ranks; both are to be beyond the level.
        Self { slo, late: 0, slow: 0, most_late: 0.01 * most + 2.0, most_slow: 0.5 * most + 2.0 }
    }

    /// Whether the level may still be met after one more request.
    pub(super) fn lasts(&mut self, outcome: &Outcome) -> bool {
        let is_slow = |tpot: SimSpan| tpot.as_ms() > self.slo.tpot_ms_p50;
        self.slow += u64::from(outcome.tpot().is_some_and(is_slow));
        self.late += u64::from(outcome.ttft().as_ms() > self.slo.ttft_ms_p99);
        (self.late as f64) < self.most_late && (self.slow as f64) < self.most_slow
    }
}

/// A closed loop of `concurrency` tasks, judged by the service level; stops early if it cannot be
/// met any more.
pub(super) fn trial(
    station: &impl Station,
    concurrency: u32,
    length: TrialLength,
    terms: &Terms,
) -> Trial<RunResult> {
    let mut patience = Patience::new(terms.slo, length.requests, station.slots());
    let goes_on = &mut |outcome: &Outcome| patience.lasts(outcome);
    let result = run_while(station, concurrency, length, terms, goes_on);
    let rate = result.output_tok_s() / f64::from(station.gpus());
    let (meets_slo, used) = terms.slo.judge(&result);
    Trial { concurrency, meets_slo, used, rate, result }
}

/// Runs a closed loop of `concurrency` tasks that are underway when it begins.
pub(super) fn run_closed(
    station: &impl Station,
    concurrency: u32,
    length: TrialLength,
    terms: &Terms,
) -> RunResult {
    run_while(station, concurrency, length, terms, &mut |_| true)
}

fn run_while(
    station: &impl Station,
    concurrency: u32,
    length: TrialLength,
    terms: &Terms,
    goes_on: GoesOn,
) -> RunResult {
    let plan = length.plan(Load::Closed { concurrency });
    let result = station.run_closed(concurrency, plan, terms, goes_on);
    // Tasks that were underway are remnants; a whole task has more calls.
    RunResult { calls_per_task: terms.pool.calls_per_task(), ..result }
}

/// Runs tasks that arrive at `rate`, from empty caches on.
pub(super) fn run_open(station: &impl Station, rate: PerSec, terms: &Terms) -> RunResult {
    station.run_open(rate, terms.confirm.plan(Load::Arrivals), terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serving::RequestId;
    use crate::units::SimTime;

    #[test]
    fn patience_ends_only_when_the_level_cannot_be_met() {
        let slo = Slo::new(100.0, 10.0);
        let at = |ms| SimTime::after_start(SimSpan::from_ms(ms));
        let outcome = |ttft| Outcome {
            id: RequestId(0),
            arrival: at(0),
            first_token: at(ttft),
            end: at(ttft + 10),
            prompt: 1,
            cached: 0,
            output: 3,
            preemptions: 0,
            priority: 0,
        };
        for late in 0..30 {
            let mut patience = Patience::new(slo, 1000, 8);
            let outcomes: Vec<_> =
                (0..1000).map(|i| outcome(if i < late { 101 } else { 100 })).collect();
            let lasts = outcomes.iter().all(|outcome| patience.lasts(outcome));
            let result = RunResult { outcomes, ..RunResult::default() };
            assert!(lasts || !slo.is_met(&result), "{late} late");
            assert_eq!(lasts, late < 13);
        }
    }
}
