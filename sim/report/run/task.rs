//! What a completed task costs.

use serde::Serialize;

use crate::report::Quantiles;

/// An average completed task, from start to end, with the attempts that failed before it; null
/// where nothing was completed, or a price or a power is not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TaskCost {
    /// How chips are paid for: `rental` or `capex`.
    pub basis: &'static str,
    /// Attempts at it, those that failed included.
    pub attempts: f64,
    /// Calls, those of sub-agents included.
    pub calls: Option<f64>,
    /// Tokens by kind.
    pub tokens: TaskTokens,
    /// From its first call to its last answer, pauses included; null quantiles if none was both
    /// started and ended while measuring.
    pub wall_s: Quantiles,
    /// Those that were done in time; left out if no deadline was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// Time of all chips, idle time included.
    pub gpu_s: Option<f64>,
    /// Dollars for the chips.
    pub usd: Option<f64>,
    /// Dollars an hour for all chips.
    pub usd_per_hour: Option<f64>,
    /// Dollars for a million tokens by kind.
    pub usd_per_mtok: KindPrices,
    /// Joules by what they did.
    pub joules: TaskJoules,
    /// What an API charges for the same tokens; null unless asked for.
    pub api: Option<ApiCost>,
}

/// Tasks against a deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Deadline {
    /// From a task's start.
    pub deadline_s: f64,
    /// Share of the tasks that ended within it, of those begun while measuring whose fate is
    /// known: ended, or under way for longer; null if there are none.
    pub met: Option<f64>,
    /// Tasks per hour that did.
    pub tasks_per_hour: Option<f64>,
}

/// Tokens of an average task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TaskTokens {
    /// In prompts.
    pub prompt: Option<f64>,
    /// Of those, found in the KV cache.
    pub cached: Option<f64>,
    /// Of those, not found there.
    pub fresh: Option<f64>,
    /// Computed again although they had been in the cache: evicted or preempted.
    pub wasted: Option<f64>,
    /// Prompt and output tokens of attempts that failed.
    pub failed: Option<f64>,
    /// Written.
    pub output: Option<f64>,
}

/// What silicon costs by kind of token: the time of prefill is laid on what it computed, that of
/// decode on the output, idle time on both in proportion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct KindPrices {
    /// Prompt tokens that were computed.
    pub fresh: Option<f64>,
    /// Written, the reading of their contexts included.
    pub output: Option<f64>,
    /// Everything over all tokens, cached ones included.
    pub blended: Option<f64>,
}

/// Joules of an average task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct TaskJoules {
    /// Being switched on.
    pub idle: Option<f64>,
    /// Arithmetic.
    pub compute: Option<f64>,
    /// Main memory.
    pub memory: Option<f64>,
    /// Links.
    pub links: Option<f64>,
    /// CPUs, network, fans.
    pub host: Option<f64>,
    /// All of these.
    pub it: Option<f64>,
    /// At the meter.
    pub facility: Option<f64>,
}

/// An API's list price beside the silicon's cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ApiCost {
    /// The model at whose price.
    pub model: String,
    /// Dollars for an average task.
    pub usd_per_task: Option<f64>,
    /// What the chips cost of that.
    pub silicon_share: Option<f64>,
}
