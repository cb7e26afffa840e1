//! Where HBM's time and a task's life go: parts of a row.

use serde::ser::{SerializeMap, Serializer};

use crate::insight::{Use, Uses};

/// HBM's part of a time share, divided; the parts sum to the share.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct HbmShare {
    /// Weights, and the activations beside them.
    pub weights: Option<f64>,
    /// KV, or state in its place.
    pub kv: Option<f64>,
}

/// The life of an average task, in seconds of all its agents.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Life {
    /// All of it.
    pub seconds_per_task: f64,
    /// From a task's start to its end, in which sub-agents work side by side: tasks in flight over
    /// the rate of tasks; null at a given rate.
    pub elapsed_s_per_task: Option<f64>,
    /// Agents at work at a time: `seconds_per_task` over the time between two tasks' completions.
    pub agents_at_work: f64,
    /// Standard error of `seconds_per_task`: the luck of the work, not of the time model; null for
    /// a single task.
    pub seconds_per_task_error: Option<f64>,
    /// Calls that were answered in the window that it is the mean of.
    pub calls_seen: u64,
    /// Each use's share of it; they sum to 1.
    pub share: ByUse,
    /// Standard error of each share, likewise.
    pub share_error: Option<ByUse>,
    /// The same as the context grows, shortest first.
    pub by_context: Vec<LifeStage>,
    /// The same from call to call of the main agent; sub-agents' calls are not in it.
    pub by_call: Vec<CallStage>,
}

/// The part of a life whose calls have prompts within a range.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct LifeStage {
    /// Shortest prompt.
    pub context_tokens_from: u32,
    /// Longest prompt and one more; null without end.
    pub context_tokens_to: Option<u32>,
    /// Calls of a task.
    pub calls_per_task: f64,
    /// Seconds per task before the batch: pauses, dispatch, waiting for room.
    pub before_s: ByUse,
    /// Seconds per task of prefill, by what held the batch back.
    pub prefill_s: ByUse,
    /// Seconds per task of decode.
    pub decode_s: ByUse,
}

/// The part of a life from one call of the main agent to another.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct CallStage {
    /// The first call, from 1.
    pub call_from: u32,
    /// The last call and one more; null without end.
    pub call_to: Option<u32>,
    /// Calls of a task.
    pub calls_per_task: f64,
    /// Seconds per task before the batch: pauses, dispatch, waiting for room.
    pub before_s: ByUse,
    /// Seconds per task of prefill, by what held the batch back.
    pub prefill_s: ByUse,
    /// Seconds per task of decode.
    pub decode_s: ByUse,
}

/// Seconds, or shares, by use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ByUse(pub Uses);

impl serde::Serialize for ByUse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(Use::ALL.len()))?;
        for what in Use::ALL {
            map.serialize_entry(what.key(), &self.0.get(what))?;
        }
        map.end()
    }
}

/// How far resources work at the same time: the part of a step during which, at the rates of the
/// data sheet, a second one is busy under the one that takes longest.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Overlap {
    /// Of the average decode step.
    pub decode: Option<f64>,
    /// Of a step that is all prefill.
    pub prefill: Option<f64>,
}

/// `what` in words.
pub(in crate::report) const fn use_name(what: Use) -> &'static str {
    match what {
        Use::Weights => "weights from HBM",
        Use::Kv => "KV from HBM",
        Use::Compute => "compute",
        Use::Interconnect => "links",
        Use::Latency => "latency",
        Use::Host => "host",
        Use::Capacity => "waiting for room",
        Use::Tool => "tools",
        Use::Human => "people",
    }
}
