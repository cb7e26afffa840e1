//! What a fleet adds to the document of a run: pools, hand-overs, failures, tools.

use serde::Serialize;

use super::RanksReport;
use crate::report::{Quantiles, Shares};

/// The fleet's own figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FleetReport {
    /// Chips of all replicas.
    pub gpus: u32,
    /// The pool that serves or decodes, then the one that prefills, if there is one.
    pub pools: Vec<PoolReport>,
    /// KV handed from the one that prefills to the one that decodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handoff: Option<HandoffReport>,
    /// What failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub faults: Option<FaultReport>,
    /// Tool calls on host cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<ToolReport>,
    /// Tasks that a better model did again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalation: Option<EscalationReport>,
}

impl FleetReport {
    /// Two pools and everything that a fleet may have, without a value.
    pub(super) fn widest() -> Self {
        Self {
            gpus: 0,
            pools: vec![PoolReport::default(); 2],
            handoff: Some(HandoffReport::default()),
            faults: Some(FaultReport::default()),
            tools: Some(ToolReport::default()),
            escalation: Some(EscalationReport::default()),
        }
    }
}

/// One pool of equal replicas.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PoolReport {
    /// `serve`, `decode`, `prefill` or `better`.
    pub role: &'static str,
    /// Name of the chip.
    pub chip: String,
    /// The parallel plan.
    pub plan: String,
    /// Replicas.
    pub replicas: u32,
    /// Chips in one replica.
    pub gpus: u32,
    /// The policy of its router.
    pub routing: &'static str,
    /// Requests sent to a replica, the one with fewest and the one with most.
    pub requests_per_replica: [u64; 2],
    /// Share of prompt tokens found in the cache of the replica that was chosen; for a pool that
    /// decodes, of KV that was there already.
    pub hit_rate: Option<f64>,
    /// Tokens prefilled per second and GPU, recomputation included.
    pub prefilled_tok_s_per_gpu: Option<f64>,
    /// Output tokens per second and GPU.
    pub output_tok_s_per_gpu: Option<f64>,
    /// The most that running requests held, as a share of all pages.
    pub peak_used_fraction: Option<f64>,
    /// Cached pages given up for new ones.
    pub evicted_pages: u64,
    /// What holds all of its time back.
    pub time_share: Shares,
    /// How evenly groups of ranks were loaded; left out where they share all sequences.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranks: Option<RanksReport>,
}

/// KV that was handed over.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HandoffReport {
    /// What carries it: the scale-up fabric's name, `network`, or `given`.
    pub link: String,
    /// What one prefill replica can send.
    pub send_gb_s: f64,
    /// What one decode replica can receive.
    pub receive_gb_s: f64,
    /// Prompts handed over.
    pub prompts: u64,
    /// Prompts that were prefilled where they were decoded.
    pub local_prompts: u64,
    /// Bytes sent.
    pub sent_gb: f64,
    /// Prompt tokens whose KV was there already.
    pub spared_tokens: u64,
    /// From the first token until pages were free at the other end.
    pub wait_ms: Quantiles,
    /// From there until all KV had arrived.
    pub transfer_ms: Quantiles,
}

/// What failures cost, over the whole run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FaultReport {
    /// Replicas that failed, and parts; a return is no failure.
    pub failures: u64,
    /// Of these, parts that failed at drawn times; left out where none is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<FailedParts>,
    /// Requests that went to another replica, or waited for one.
    pub migrated_requests: u64,
    /// Tokens whose KV was lost with them.
    pub lost_tokens: u64,
    /// Replica-seconds that were down.
    pub down_s: f64,
    /// Replica-seconds that lacked a part, restarts included.
    pub degraded_s: f64,
    /// What NICs cost hand-overs; left out where none can fail that these pass over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nics: Option<NicReport>,
}

/// What NICs that failed cost hand-overs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct NicReport {
    /// Hand-overs that began anew over the NICs that were left.
    pub restarted_handoffs: u64,
    /// What these had sent by then.
    pub resent_gb: f64,
    /// Hand-overs that went elsewhere, or were computed again, as no NIC was left.
    pub rerouted_handoffs: u64,
    /// Replica-seconds with NICs fewer.
    pub narrow_s: f64,
}

/// Parts that failed, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FailedParts {
    /// Chips.
    pub chips: u64,
    /// Stacks of HBM.
    pub stacks: u64,
    /// Scale-up links.
    pub links: u64,
    /// NICs.
    pub nics: u64,
}

/// A better model behind the first one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EscalationReport {
    /// Its name.
    pub model: String,
    /// Share of tasks that go on to it, as asked for.
    pub rate: f64,
    /// Tasks started.
    pub tasks: u64,
    /// Of these, those that go on to it.
    pub escalated: u64,
    /// Its replicas.
    pub pool: PoolReport,
    /// What tasks take that the first model completes, from start to end.
    pub first_wall_s: Quantiles,
    /// What tasks take that go on, both attempts together.
    pub escalated_wall_s: Quantiles,
    /// Dollars for the first model's chips, a task.
    pub usd_per_attempt: Option<f64>,
    /// Dollars for the better model's chips, an escalated task.
    pub usd_per_escalation: Option<f64>,
}

/// Tool calls on host cores.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ToolReport {
    /// Cores.
    pub cores: u32,
    /// Tool calls begun.
    pub calls: u64,
    /// Share of the cores' time that was taken.
    pub busy_fraction: Option<f64>,
    /// Waits for a core.
    pub wait_ms: Quantiles,
}
