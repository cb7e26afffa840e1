//! What slices are called, and what is said of them.

use serde_json::{Map, Value, json};

use crate::cost::Bound;
use crate::report::shares::long_name;
use crate::serving::{Outcome, Steps};
use crate::units::SimTime;
use crate::workload::Cause;

/// The name of steps: what they do, and what takes most of their time. Viewers colour by it.
pub(super) fn step_name(steps: &Steps) -> String {
    let what = match (steps.prefill_tokens, steps.decodes) {
        (0, _) => "decode",
        (_, 0) => "prefill",
        _ => "prefill + decode",
    };
    format!("{what}: {}", long_name(steps.time.largest()))
}

/// What is said of steps.
pub(super) fn step_args(steps: &Steps, is_lost: bool) -> Value {
    let shares = Bound::ALL.into_iter().zip(steps.time.shares());
    let shares: Map<String, Value> = shares
        .filter(|&(_, share)| share >= 0.005)
        .map(|(bound, share)| (bound.key().to_owned(), rounded(share, 100.0)))
        .collect();
    let ms = steps.time.total().get() * 1e3 / steps.count as f64;
    let mut args = json!({
        "steps": steps.count,
        "ms_per_step": rounded(ms, 1e4),
        "decodes": steps.decodes,
        "time_share": shares,
    });
    if steps.prefill_tokens > 0 {
        args["prefill_tokens"] = json!(steps.prefill_tokens);
        args["recomputed_tokens"] = json!(steps.recomputed_tokens);
    }
    if is_lost {
        args["lost"] = json!("the replica failed before the last step's end");
    }
    args
}

/// What is said of a call that was answered.
pub(super) fn call_args(task: u64, outcome: &Outcome, replicas: &[u32]) -> Value {
    json!({
        "task": task,
        "request": outcome.id.0,
        "prompt_tokens": outcome.prompt,
        "cached_tokens": outcome.cached,
        "output_tokens": outcome.output,
        "preemptions": outcome.preemptions,
        "ttft_ms": rounded(outcome.ttft().as_ms(), 1e3),
        "replicas": replicas,
    })
}

/// What an agent waits for.
pub(super) const fn pause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Tool => "tool",
        Cause::User => "person",
    }
}

/// A time on the run's clock, in seconds.
pub(super) fn seconds(at: SimTime) -> Value {
    rounded(at.since_start().seconds().get(), 1e6)
}

/// A number to one part in `parts` of one.
pub(super) fn rounded(value: f64, parts: f64) -> Value {
    json!((value * parts).round() / parts)
}
