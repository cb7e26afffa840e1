//! The latencies that a load must keep.

use std::fmt;

use serde::Serialize;

use crate::cluster::run::RunResult;
use crate::units::significant;

/// A service level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slo {
    /// 99th percentile of the time to first token, in milliseconds.
    pub ttft_ms_p99: f64,
    /// Median of the time per output token, in milliseconds.
    pub tpot_ms_p50: f64,
    /// 99th percentile of the time per output token, in milliseconds, if it is limited.
    pub tpot_ms_p99: Option<f64>,
    /// Mean time that the answers to all calls of a task take, in seconds, if it is limited.
    pub task_s: Option<f64>,
}

/// The latencies that a level may limit; null where nothing was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Reached {
    /// 99th percentile of the time to first token, in milliseconds.
    pub ttft_ms_p99: Option<f64>,
    /// Median of the time per output token, in milliseconds.
    pub tpot_ms_p50: Option<f64>,
    /// 99th percentile of the time per output token, in milliseconds.
    pub tpot_ms_p99: Option<f64>,
    /// Mean time that the answers to all calls of a task take, in seconds.
    pub answer_s_per_task: Option<f64>,
}

impl Reached {
    /// What a run came to.
    pub fn of(result: &RunResult) -> Self {
        let (ttft, tpot) = (result.ttft(), result.tpot());
        Self {
            ttft_ms_p99: ttft.map(|ttft| ttft.p99),
            tpot_ms_p50: tpot.map(|tpot| tpot.p50),
            tpot_ms_p99: tpot.map(|tpot| tpot.p99),
            answer_s_per_task: result.answer_s_per_task(),
        }
    }
}

impl Slo {
    /// With nothing limited but the first token and the median of those that follow.
    pub const fn new(ttft_ms_p99: f64, tpot_ms_p50: f64) -> Self {
        Self { ttft_ms_p99, tpot_ms_p50, tpot_ms_p99: None, task_s: None }
    }

    /// Whether nothing was rejected and every latency is within the level.
    pub fn is_met(&self, result: &RunResult) -> bool {
        self.judge(result).0
    }

    /// Whether it is met, and how many times as long as it allows the worst latency is.
    pub(super) fn judge(&self, result: &RunResult) -> (bool, f64) {
        let used = self.excess(result);
        (result.requests.rejected == 0 && used <= 1.0, used)
    }

    /// The limit that is nearest to being passed, or furthest beyond: its name, and what was
    /// reached as a share of what is allowed. Nothing if nothing was answered.
    pub fn tightest(&self, reached: &Reached) -> Option<(&'static str, f64)> {
        let used = [
            ("p99 TTFT", reached.ttft_ms_p99, Some(self.ttft_ms_p99)),
            ("p50 TPOT", reached.tpot_ms_p50, Some(self.tpot_ms_p50)),
            ("p99 TPOT", reached.tpot_ms_p99, self.tpot_ms_p99),
            ("task time", reached.answer_s_per_task, self.task_s),
        ];
        let used =
            used.into_iter().filter_map(|(name, reached, limit)| Some((name, reached? / limit?)));
        used.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// How many times as long as the level allows the worst latency is; infinite if nothing was
    /// answered.
    pub(super) fn excess(&self, result: &RunResult) -> f64 {
        self.tightest(&Reached::of(result)).map_or(f64::INFINITY, |(_, used)| used)
    }
}

impl fmt::Display for Slo {
    /// `p99 TTFT 10,000 ms or p50 TPOT 50 ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p99 TTFT {} ms", significant(self.ttft_ms_p99, 3))?;
        write!(f, " or p50 TPOT {} ms", significant(self.tpot_ms_p50, 3))?;
        if let Some(limit) = self.tpot_ms_p99 {
            write!(f, " or p99 TPOT {} ms", significant(limit, 3))?;
        }
        if let Some(limit) = self.task_s {
            write!(f, " or {} s of answers a task", significant(limit, 3))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serving::{Outcome, RequestId};
    use crate::units::{SimSpan, SimTime};

    /// Ten answers of 100 ms to the first token and 10 ms for each of the next, a task of four.
    fn result() -> RunResult {
        let at = |ms| SimTime::after_start(SimSpan::from_ms(ms));
        let outcome = Outcome {
            id: RequestId(0),
            arrival: at(0),
            first_token: at(100),
            end: at(400),
            prompt: 1,
            cached: 0,
            output: 31,
            preemptions: 0,
            priority: 0,
        };
        let outcomes = vec![outcome; 10];
        RunResult { outcomes, calls_per_task: 4.0, ..RunResult::default() }
    }

    #[test]
    fn every_limit_counts_and_the_tightest_is_named() {
        let met = Slo::new(100.0, 10.0);
        let result = result();
        assert!(met.is_met(&result));
        assert!(!Slo { ttft_ms_p99: 99.0, ..met }.is_met(&result));
        assert!(!Slo { tpot_ms_p50: 9.0, ..met }.is_met(&result));
        let tail = Slo { tpot_ms_p99: Some(8.0), ..met };
        assert!(!tail.is_met(&result));
        assert_eq!(tail.tightest(&Reached::of(&result)), Some(("p99 TPOT", 1.25)));
        // Four calls of 0.4 s.
        let whole = Slo { task_s: Some(1.6), ..met };
        assert!(whole.is_met(&result));
        assert!(!Slo { task_s: Some(1.5), ..met }.is_met(&result));
        assert!(!met.is_met(&RunResult::default()), "nothing was answered");
    }
}
