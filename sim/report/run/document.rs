//! The document of `memwall run`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fleet::FleetReport;
use super::mechanisms::{
    ClassReport, LinkReport, OverlapReport, PipelineReport, PowerReport, RanksReport, UsersReport,
};
use super::task::TaskCost;
use super::tiers::TierReport;
use crate::report::{Band, Quantiles, Shares};

/// One simulation: what was run, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunDocument {
    /// `memwall.run/1`.
    pub schema: &'static str,
    /// Version of the program.
    pub memwall_version: &'static str,
    /// Name of the model.
    pub model: String,
    /// Name of the workload, or of the trace's file.
    pub workload: String,
    /// Name of the chip.
    pub chip: String,
    /// Chips in one replica.
    pub gpus: u32,
    /// Replicas.
    pub replicas: u32,
    /// The parallel plan: `tp8`.
    pub plan: String,
    /// Number format of the weights.
    pub weights: String,
    /// Number format of the KV cache.
    pub kv_format: String,
    /// The time model: `roofline` or `calibrated`.
    pub cost_model: String,
    /// Whose serving policies were followed.
    pub engine_profile: String,
    /// Seed of every random stream.
    pub seed: u64,
    /// The simulation itself.
    pub sim: Sim,
    /// Requests by fate.
    pub requests: Requests,
    /// Tokens by kind.
    pub tokens: TokenCounts,
    /// What users waited for.
    pub latency: Latency,
    /// The same by urgency, the most urgent first; left out where all requests are alike.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassReport>,
    /// What the fleet delivered.
    pub throughput: Throughput,
    /// The KV cache of one replica.
    pub kv: KvCache,
    /// How its steps go through pipeline stages; left out where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<PipelineReport>,
    /// What two halves of its steps hide from each other; left out where steps are whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlap: Option<OverlapReport>,
    /// How evenly groups of ranks were loaded; left out where they share all sequences, and of a
    /// fleet, whose pools have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ranks: Option<RanksReport>,
    /// What a power cap did; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power: Option<PowerReport>,
    /// What holds all of the time back.
    pub time_share: Shares,
    /// What holds decode back.
    pub decode_bound: Shares,
    /// The link that the average decode step waits for longest; null where it waits for none.
    pub bottleneck_link: Option<LinkReport>,
    /// Energy; null where the chip's power is not known.
    pub energy: Energy,
    /// Dollars; null where the chip's price is not known.
    pub cost: Cost,
    /// Pools, hand-overs, failures and tools; left out for a single replica.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetReport>,
    /// What users waited for at the door; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<UsersReport>,
    /// What an average task costs.
    pub task: TaskCost,
    /// Where each operator's constants of the time model are from, and what stood in for figures
    /// that are not public. Empty with `roofline`.
    pub constants: Vec<String>,
    /// Ranges that hold a figure with 80 % probability, by key; empty if not asked for.
    pub bands: BTreeMap<&'static str, Band>,
    /// Each cause's part of the variance of `throughput.output_tok_s`; empty if not asked for.
    pub band_causes: BTreeMap<String, f64>,
    /// Reasons to doubt a result, one sentence each.
    pub warnings: Vec<String>,
}

impl RunDocument {
    /// Name and version of the format.
    pub const SCHEMA: &'static str = "memwall.run/1";

    /// Chips of all replicas, those that prefill among them.
    pub fn all_gpus(&self) -> u32 {
        self.fleet.as_ref().map_or(self.gpus * self.replicas, |fleet| fleet.gpus)
    }

    /// A run without a value, but with every section that only some runs have.
    pub fn widest() -> Self {
        let kv = KvCache { tiers: Some(TierReport::widest()), ..KvCache::default() };
        Self { fleet: Some(FleetReport::widest()), kv, ..Self::default() }
    }

    /// The figures that can carry a band, by the path of their key.
    pub fn figures(&self) -> [(&'static str, Option<f64>); 12] {
        let Latency { ttft_ms, tpot_ms, e2e_ms, .. } = self.latency;
        [
            ("throughput.output_tok_s", self.throughput.output_tok_s),
            ("throughput.total_tok_s", self.throughput.total_tok_s),
            ("throughput.tasks_per_hour", self.throughput.tasks_per_hour),
            ("latency.ttft_ms.p50", ttft_ms.p50),
            ("latency.ttft_ms.p99", ttft_ms.p99),
            ("latency.tpot_ms.p50", tpot_ms.p50),
            ("latency.tpot_ms.p99", tpot_ms.p99),
            ("latency.e2e_ms.p50", e2e_ms.p50),
            ("latency.e2e_ms.p99", e2e_ms.p99),
            ("energy.it_j_per_output_tok", self.energy.it_j_per_output_tok),
            ("cost.usd_per_task", self.cost.usd_per_task),
            ("cost.usd_per_mtok_output", self.cost.usd_per_mtok_output),
        ]
    }

    /// The shares that have bands, by key.
    pub fn shares(&self) -> Vec<(&'static str, Option<f64>)> {
        self.time_share.of_time().into_iter().chain(self.decode_bound.of_decode()).collect()
    }
}

impl Default for RunDocument {
    /// An empty run of this version of the program.
    fn default() -> Self {
        Self {
            schema: Self::SCHEMA,
            memwall_version: env!("CARGO_PKG_VERSION"),
            model: String::new(),
            workload: String::new(),
            chip: String::new(),
            gpus: 0,
            replicas: 0,
            plan: String::new(),
            weights: String::new(),
            kv_format: String::new(),
            cost_model: String::new(),
            engine_profile: String::new(),
            seed: 0,
            sim: Sim::default(),
            requests: Requests::default(),
            tokens: TokenCounts::default(),
            latency: Latency::default(),
            classes: Vec::new(),
            throughput: Throughput::default(),
            kv: KvCache::default(),
            pipeline: None,
            overlap: None,
            ranks: None,
            power: None,
            time_share: Shares::default(),
            decode_bound: Shares::default(),
            bottleneck_link: None,
            energy: Energy::default(),
            cost: Cost::default(),
            fleet: None,
            users: None,
            task: TaskCost::default(),
            constants: Vec::new(),
            bands: BTreeMap::new(),
            band_causes: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }
}

/// How much was simulated. Wall-clock figures are left out, not null, unless asked for: documents
/// of equal input are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Sim {
    /// Events handled.
    pub events: u64,
    /// Engine steps of the measuring window.
    pub steps: u64,
    /// Simulated time.
    pub simulated_s: f64,
    /// Time the simulation took on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wall_s: Option<f64>,
    /// Requests simulated per second on this machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_wall_s: Option<f64>,
}

/// Requests by fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// Sent by clients.
    pub submitted: u64,
    /// Answered in full.
    pub completed: u64,
    /// Refused: they could never fit.
    pub rejected: u64,
    /// Preemptions; one request can have several.
    pub preempted: u64,
}

/// Tokens by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TokenCounts {
    /// In prompts.
    pub prompt: u64,
    /// Of those, found in the KV cache.
    pub cached: u64,
    /// Computed by prefill, recomputation included.
    pub prefilled: u64,
    /// Written.
    pub output: u64,
}

/// What users waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Time to first token.
    pub ttft_ms: Quantiles,
    /// Time per output token, one value a request.
    pub tpot_ms: Quantiles,
    /// Gaps between output tokens, one value a gap.
    pub itl_ms: Quantiles,
    /// From arrival to the last token.
    pub e2e_ms: Quantiles,
}

/// What the fleet delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Throughput {
    /// Output tokens per second.
    pub output_tok_s: Option<f64>,
    /// Prompt and output tokens per second.
    pub total_tok_s: Option<f64>,
    /// Output tokens per second and GPU.
    pub output_tok_s_per_gpu: Option<f64>,
    /// Requests completed per second.
    pub requests_per_s: Option<f64>,
    /// Tasks completed per hour.
    pub tasks_per_hour: Option<f64>,
}

/// The KV cache of one replica.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct KvCache {
    /// Pages it has.
    pub pages: u64,
    /// Tokens in a page.
    pub page_tokens: u32,
    /// Its size.
    pub capacity_gb: Option<f64>,
    /// Share of prompt tokens found in it.
    pub hit_rate: Option<f64>,
    /// Cached pages given up for new ones.
    pub evicted_pages: u64,
    /// The most that running requests held, as a share of all pages.
    pub peak_used_fraction: Option<f64>,
    /// Share of prompt tokens that caches of the same size, stores below HBM included, would find
    /// that know the future (Belady's bound); left out if not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clairvoyant_hit_rate: Option<f64>,
    /// The stores below HBM, whose hits are among the others; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiers: Option<TierReport>,
}

/// Energy of what was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Energy {
    /// IT equipment, per output token.
    pub it_j_per_output_tok: Option<f64>,
    /// At the utility meter, per output token.
    pub facility_j_per_output_tok: Option<f64>,
    /// IT equipment, per completed task.
    pub it_wh_per_task: Option<f64>,
    /// Output tokens per second and megawatt at the utility meter.
    pub tok_s_per_facility_mw: Option<f64>,
}

/// Dollars for what was delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Per completed task.
    pub usd_per_task: Option<f64>,
    /// Per million output tokens, all cost laid on the output.
    pub usd_per_mtok_output: Option<f64>,
    /// What one GPU was reckoned at.
    pub usd_per_gpu_hour: Option<f64>,
}
