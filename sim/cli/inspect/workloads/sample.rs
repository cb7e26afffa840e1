//! What a workload's tasks are like: lengths, gaps, and what a cache would find.

use serde::Serialize;

use crate::des::quantile;
use crate::units::SimSpan;
use crate::workload::{Call, Task, TokenShares};

/// Statistics of the first tasks of a seed.
#[derive(Debug, Serialize)]
pub(super) struct Sample {
    pub(super) tasks: u64,
    pub(super) window_tokens: u32,
    pub(super) page_tokens: u32,
    pub(super) sub_agents_per_task: f64,
    pub(super) calls_per_task: Spread,
    pub(super) prompt_tokens: Spread,
    pub(super) output_tokens: Spread,
    pub(super) gap_s: Spread,
    /// Of an unlimited cache, by its time to live.
    pub(super) cache: Vec<CacheRow>,
}

/// A distribution.
#[derive(Debug, Serialize)]
pub(super) struct Spread {
    pub(super) mean: f64,
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
}

/// Shares of all tokens; they add up to 1.
#[derive(Debug, Serialize)]
pub(super) struct CacheRow {
    /// Null: forever.
    pub(super) ttl_s: Option<f64>,
    pub(super) cached_fraction: f64,
    pub(super) fresh_fraction: f64,
    pub(super) output_fraction: f64,
}

/// Times to live that providers sell, and none.
const TTLS_S: [Option<u64>; 3] = [Some(300), Some(3600), None];

/// How long each call is taken to last; matters only for how long parents wait.
const SERVICE: SimSpan = SimSpan::from_ms(13_200);

impl Sample {
    /// Describes `tasks`, which have at least one call.
    pub(super) fn of(tasks: &[Task], window_tokens: u32, page_tokens: u32) -> Self {
        let calls = || tasks.iter().flat_map(Task::calls);
        let of_calls = |figure: fn(&Call) -> f64| Spread::of(calls().map(figure).collect());
        let sub_agents: usize = tasks.iter().map(|task| task.chains.len() - 1).sum();
        Self {
            tasks: tasks.len() as u64,
            window_tokens,
            page_tokens,
            sub_agents_per_task: sub_agents as f64 / tasks.len() as f64,
            calls_per_task: Spread::of(
                tasks.iter().map(|task| task.calls().count() as f64).collect(),
            ),
            prompt_tokens: of_calls(|call| f64::from(call.prompt)),
            output_tokens: of_calls(|call| f64::from(call.output)),
            gap_s: of_calls(|call| call.gap.seconds().get()),
            cache: TTLS_S.map(|ttl_s| CacheRow::of(tasks, page_tokens, ttl_s)).into(),
        }
    }
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|share| quantile(&values, share).unwrap_or(0.0));
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Self { mean, p50, p90, p99 }
    }
}

impl CacheRow {
    fn of(tasks: &[Task], page_tokens: u32, ttl_s: Option<u64>) -> Self {
        let ttl = ttl_s.map(|seconds| SimSpan::from_ms(seconds * 1000));
        let TokenShares { cached, fresh, output } =
            TokenShares::of(tasks, page_tokens, ttl, SERVICE);
        let all = (cached + fresh + output) as f64;
        Self {
            ttl_s: ttl_s.map(|seconds| seconds as f64),
            cached_fraction: cached as f64 / all,
            fresh_fraction: fresh as f64 / all,
            output_fraction: output as f64 / all,
        }
    }
}
