//! Where decode turns, and the frontier of plans and loads: parts of a row.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::report::Band;

/// Operations per byte of HBM traffic: what the chip offers and what the work asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Intensity {
    /// Dense peak of the engine that multiplies the weights, over peak HBM bandwidth.
    pub chip_flop_b: Option<f64>,
    /// The whole run, prefill included.
    pub task_flop_b: Option<f64>,
    /// The average decode step.
    pub decode_flop_b: Option<f64>,
}

/// Batches of one replica at which decode of sequences of one length changes its wall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Turn {
    /// Context of every sequence.
    pub context_tokens: u32,
    /// The smallest batch that spends as long on reading KV as on reading weights; null if the KV
    /// cache is full before.
    pub kv_batch: Option<u32>,
    /// The smallest batch that computes for longer than it reads; null if the KV cache is full
    /// before.
    pub compute_batch: Option<u32>,
    /// The largest batch that the KV cache holds.
    pub capacity_batch: u32,
    /// Range of `kv_batch`; nulls if not asked for. An end is null, too, where the cache is full
    /// before.
    pub kv_band: Band,
    /// Range of `compute_batch`, likewise.
    pub compute_band: Band,
    /// Range of `capacity_batch`.
    pub capacity_band: Band,
}

/// A plan under a load that no other plan and load of the chip beats both for the user and per GPU.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FrontierPoint {
    /// The plan: `tp8`.
    pub parallel: String,
    /// Chips of a replica.
    pub gpus: u32,
    /// Tasks in flight on one replica.
    pub concurrency: u32,
    /// Most tokens in one step.
    pub max_batched_tokens: u32,
    /// Tokens generated in a step on average.
    pub batch_mean: f64,
    /// Output tokens per second that the median request sees.
    pub tok_s_per_user_p50: f64,
    /// Output tokens per second and GPU.
    pub output_tok_s_per_gpu: f64,
    /// Output tokens per second and megawatt at the utility meter.
    pub tok_s_per_facility_mw: Option<f64>,
    /// Dollars per completed task.
    pub usd_per_task: Option<f64>,
    /// 99th percentile of the time to first token.
    pub ttft_ms_p99: Option<f64>,
    /// Whether the latency targets are met.
    pub meets_slo: bool,
    /// Ranges of these figures by key, to first order; empty if not asked for.
    pub bands: BTreeMap<&'static str, Band>,
}

impl FrontierPoint {
    /// The band of the figure `key`; nulls if it has none.
    pub fn band_of(&self, key: &str) -> Band {
        self.bands.get(key).copied().unwrap_or_default()
    }

    /// The figures that have bands, by key.
    pub fn figures(&self) -> [(&'static str, Option<f64>); 5] {
        [
            ("output_tok_s_per_gpu", Some(self.output_tok_s_per_gpu)),
            ("tok_s_per_user_p50", Some(self.tok_s_per_user_p50)),
            ("ttft_ms_p99", self.ttft_ms_p99),
            ("tok_s_per_facility_mw", self.tok_s_per_facility_mw),
            ("usd_per_task", self.usd_per_task),
        ]
    }
}
