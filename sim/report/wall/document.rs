//! The document of `memwall wall`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::life::{HbmShare, Life, Overlap};
use super::techniques::AblateDocument;
use super::turns::{FrontierPoint, Intensity, Turn};
use crate::hardware::Class;
use crate::report::text::short;
use crate::report::{Band, Elasticity, LinkReport, PowerReport, Shares, Slope};

/// The ladder: what was asked, and one row a chip, in ladder order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WallDocument {
    /// `memwall.wall/1`.
    pub schema: &'static str,
    /// Version of the program.
    pub memwall_version: &'static str,
    /// Name of the model.
    pub model: String,
    /// Name of the workload.
    pub workload: String,
    /// The time model: `roofline` or `calibrated`.
    pub cost: String,
    /// Whose serving policies were followed: `vllm`, `sglang`, `trt-llm`.
    pub engine_profile: String,
    /// Whether chips run in their own best precision (`native`) or all in one (`same`).
    pub precision: String,
    /// The stores below HBM; left out without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kv_tiers: Option<String>,
    /// What steps do other than by default, as under a power cap; left out where nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<String>,
    /// Seed of every random stream.
    pub seed: u64,
    /// The targets that plan and concurrency had to meet.
    pub slo: Slo,
    /// The chip whose yield the others' `needs` are about, or null.
    #[serde(rename = "match")]
    pub goal: Option<String>,
    /// One row a chip.
    pub rows: Vec<WallRow>,
    /// What techniques gain on one chip of the ladder; null if not asked for.
    pub ablation: Option<AblateDocument>,
    /// Reasons to doubt a result, one sentence each.
    pub warnings: Vec<String>,
}

impl WallDocument {
    /// Name and version of the format.
    pub const SCHEMA: &'static str = "memwall.wall/1";
}

impl Default for WallDocument {
    /// An empty ladder of this version of the program.
    fn default() -> Self {
        Self {
            schema: Self::SCHEMA,
            memwall_version: env!("CARGO_PKG_VERSION"),
            model: String::new(),
            workload: String::new(),
            cost: String::new(),
            engine_profile: String::new(),
            precision: String::new(),
            kv_tiers: None,
            steps: None,
            seed: 0,
            slo: Slo::default(),
            goal: None,
            rows: Vec::new(),
            ablation: None,
            warnings: Vec::new(),
        }
    }
}

/// Service-level targets; null where none was set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Slo {
    /// Time to first token at the 99th percentile.
    pub ttft_ms_p99: Option<f64>,
    /// Time per output token at the median.
    pub tpot_ms_p50: Option<f64>,
    /// Time per output token at the 99th percentile.
    pub tpot_ms_p99: Option<f64>,
    /// Mean time of the answers to all calls of a task together, in seconds.
    pub task_s: Option<f64>,
}

impl From<crate::cluster::Slo> for Slo {
    fn from(slo: crate::cluster::Slo) -> Self {
        Self {
            ttft_ms_p99: Some(slo.ttft_ms_p99),
            tpot_ms_p50: Some(slo.tpot_ms_p50),
            tpot_ms_p99: slo.tpot_ms_p99,
            task_s: slo.task_s,
        }
    }
}

impl fmt::Display for Slo {
    /// `p99 TTFT ≤ 10 s, p50 TPOT ≤ 50 ms`, or `no latency target`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let targets = [
            self.ttft_ms_p99.map(|ms| format!("p99 TTFT ≤ {} s", short(ms / 1e3))),
            self.tpot_ms_p50.map(|ms| format!("p50 TPOT ≤ {} ms", short(ms))),
            self.tpot_ms_p99.map(|ms| format!("p99 TPOT ≤ {} ms", short(ms))),
            self.task_s.map(|s| format!("answers of a task ≤ {} s", short(s))),
        ];
        let targets: Vec<_> = targets.into_iter().flatten().collect();
        match targets.as_slice() {
            [] => f.write_str("no latency target"),
            targets => f.write_str(&targets.join(", ")),
        }
    }
}

/// One chip on the ladder. A chip that cannot run the model has a `reason` and null figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WallRow {
    /// Name of the chip: `h100-sxm`.
    pub chip: String,
    /// Name as the maker writes it: `H100 SXM`.
    pub title: String,
    /// The system it sits in: `hgx-h100`.
    pub system: Option<String>,
    /// Chips in one replica.
    pub gpus: Option<u32>,
    /// The parallel plan: `tp8`.
    pub parallel: Option<String>,
    /// Tasks in flight on one replica, those in a pause among them; null at a given rate.
    pub concurrency: Option<u32>,
    /// Whether the latency targets are met; null without figures. A load that was asked for may
    /// miss them.
    pub meets_slo: Option<bool>,
    /// The weakest class among the figures that set the chip's speed.
    pub class: Class,
    /// Why there are no figures, or null.
    pub reason: Option<String>,
    /// Number format of the weights.
    pub weights: Option<String>,
    /// Number format of the KV cache.
    pub kv: Option<String>,
    /// Weights, activations and KV in words: `nvfp4 weights, fp8 KV`.
    pub precision: Option<String>,
    /// Peak HBM bandwidth of one chip.
    pub hbm_tb_s: Option<f64>,
    /// Usable HBM of one chip.
    pub hbm_gb: Option<f64>,
    /// The matrix engine that multiplies the weights: `fp8`.
    pub matrix_engine: Option<String>,
    /// That engine's dense peak, of one chip.
    pub dense_pflop_s: Option<f64>,
    /// Dense BF16 peak of one chip: what is left of a growth in FLOP/s without narrower formats.
    pub bf16_pflop_s: Option<f64>,
    /// Output tokens per second and GPU.
    pub output_tok_s_per_gpu: Option<f64>,
    /// Prompt (cached ones included) and output tokens per second and GPU.
    pub total_tok_s_per_gpu: Option<f64>,
    /// Output tokens per second that the median request sees.
    pub tok_s_per_user_p50: Option<f64>,
    /// Time to first token, median.
    pub ttft_ms_p50: Option<f64>,
    /// Time to first token, 99th percentile.
    pub ttft_ms_p99: Option<f64>,
    /// Time per output token, median.
    pub tpot_ms_p50: Option<f64>,
    /// Time per output token, 99th percentile.
    pub tpot_ms_p99: Option<f64>,
    /// Mean time that the answers to all calls of a task take together, in seconds.
    pub answer_s_per_task: Option<f64>,
    /// Completed tasks per hour and GPU.
    pub tasks_per_hour_per_gpu: Option<f64>,
    /// Share of prompt tokens that were found in the KV cache.
    pub kv_hit_rate: Option<f64>,
    /// FLOP done (recomputed ones included) over what the engine could do at its dense peak.
    pub mfu: Option<f64>,
    /// HBM traffic over what the pins could have carried.
    pub mbu: Option<f64>,
    /// What holds the whole task back, prefill included.
    pub time_share: Shares,
    /// What holds decode back.
    pub decode_bound: Shares,
    /// `time_share.hbm_bandwidth`, divided; null if not looked at.
    pub hbm_share: HbmShare,
    /// `decode_bound.hbm_bandwidth`, divided.
    pub decode_hbm_share: HbmShare,
    /// How far a second resource is busy under the one that time is counted for.
    pub overlap: Overlap,
    /// Where a task's life goes; null if not looked at.
    pub life: Option<Life>,
    /// Gain of output per GPU by resource.
    pub elasticity: Elasticity,
    /// Standard error of each.
    pub elasticity_error: Elasticity,
    /// Gain of output per GPU by each matrix engine's peak alone, and by bandwidth and capacity
    /// together; empty if not asked for.
    pub elasticity_further: BTreeMap<String, Slope>,
    /// Operations per byte: what the chip offers, what the work asks for.
    pub intensity: Intensity,
    /// Where decode turns from one wall to the next under this plan, by context.
    pub turns: Vec<Turn>,
    /// Plans and loads that no other beats both for the user and per GPU; empty if not asked for.
    pub frontier: Vec<FrontierPoint>,
    /// How many times as much of a resource this chip would need to yield as much as the document's
    /// `match`, by key; null if not even 32 times would do, empty if not asked for.
    pub needs: BTreeMap<String, Option<f64>>,
    /// Ranges of these, for as much of the chips' doubts as they do not share; an end is null
    /// beyond 32 times. Empty if not asked for.
    pub need_bands: BTreeMap<String, Band>,
    /// What a power cap did; left out where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power: Option<PowerReport>,
    /// Energy of the IT equipment per output token, at provisioned power: an upper bound.
    pub energy_j_per_output_tok: Option<f64>,
    /// Dollars per completed task.
    pub usd_per_task: Option<f64>,
    /// Output tokens per second and megawatt at the utility meter.
    pub tok_s_per_facility_mw: Option<f64>,
    /// Range of `output_tok_s_per_gpu`.
    pub band: Band,
    /// Ranges of this and other figures, by key; empty if not asked for.
    pub bands: BTreeMap<&'static str, Band>,
    /// Each cause's part of the variance of `output_tok_s_per_gpu`; empty if not asked for.
    pub band_causes: BTreeMap<String, f64>,
    /// Where each operator's constants of the time model are from, and what stood in for figures
    /// that are not public. Empty with `roofline`.
    pub constants: Vec<String>,
    /// The link that the average decode step waits for longest; null where it waits for none.
    pub bottleneck_link: Option<LinkReport>,
}

impl WallRow {
    /// A row in which nothing but the chip is known.
    pub fn unknown(chip: &str, title: &str, class: Class) -> Self {
        Self {
            chip: chip.to_owned(),
            title: title.to_owned(),
            system: None,
            gpus: None,
            parallel: None,
            concurrency: None,
            meets_slo: None,
            class,
            reason: None,
            weights: None,
            kv: None,
            precision: None,
            hbm_tb_s: None,
            hbm_gb: None,
            matrix_engine: None,
            dense_pflop_s: None,
            bf16_pflop_s: None,
            output_tok_s_per_gpu: None,
            total_tok_s_per_gpu: None,
            tok_s_per_user_p50: None,
            ttft_ms_p50: None,
            ttft_ms_p99: None,
            tpot_ms_p50: None,
            tpot_ms_p99: None,
            answer_s_per_task: None,
            tasks_per_hour_per_gpu: None,
            kv_hit_rate: None,
            mfu: None,
            mbu: None,
            time_share: Shares::default(),
            decode_bound: Shares::default(),
            hbm_share: HbmShare::default(),
            decode_hbm_share: HbmShare::default(),
            overlap: Overlap::default(),
            life: None,
            elasticity: Elasticity::default(),
            elasticity_error: Elasticity::default(),
            elasticity_further: BTreeMap::new(),
            intensity: Intensity::default(),
            turns: Vec::new(),
            frontier: Vec::new(),
            needs: BTreeMap::new(),
            need_bands: BTreeMap::new(),
            power: None,
            energy_j_per_output_tok: None,
            usd_per_task: None,
            tok_s_per_facility_mw: None,
            band: Band::default(),
            bands: BTreeMap::new(),
            band_causes: BTreeMap::new(),
            constants: Vec::new(),
            bottleneck_link: None,
        }
    }

    /// The figures that can carry a band, by key.
    pub fn figures(&self) -> [(&'static str, Option<f64>); 16] {
        [
            ("output_tok_s_per_gpu", self.output_tok_s_per_gpu),
            ("total_tok_s_per_gpu", self.total_tok_s_per_gpu),
            ("tok_s_per_user_p50", self.tok_s_per_user_p50),
            ("ttft_ms_p50", self.ttft_ms_p50),
            ("ttft_ms_p99", self.ttft_ms_p99),
            ("tpot_ms_p50", self.tpot_ms_p50),
            ("tpot_ms_p99", self.tpot_ms_p99),
            ("tasks_per_hour_per_gpu", self.tasks_per_hour_per_gpu),
            ("mfu", self.mfu),
            ("mbu", self.mbu),
            ("energy_j_per_output_tok", self.energy_j_per_output_tok),
            ("usd_per_task", self.usd_per_task),
            ("tok_s_per_facility_mw", self.tok_s_per_facility_mw),
            ("answer_s_per_task", self.answer_s_per_task),
            ("intensity.task_flop_b", self.intensity.task_flop_b),
            ("intensity.decode_flop_b", self.intensity.decode_flop_b),
        ]
    }

    /// The shares that have bands, by key.
    pub fn shares(&self) -> Vec<(&'static str, Option<f64>)> {
        let hits = [("kv_hit_rate", self.kv_hit_rate)];
        hits.into_iter()
            .chain(self.time_share.of_time())
            .chain(self.decode_bound.of_decode())
            .chain([
                ("overlap.decode", self.overlap.decode),
                ("overlap.prefill", self.overlap.prefill),
            ])
            .collect()
    }

    /// The band of the figure `key`, if it has one.
    pub fn band_of(&self, key: &str) -> Option<(f64, f64)> {
        let leading = (key == "output_tok_s_per_gpu").then_some(&self.band);
        let band = self.bands.get(key).or(leading)?;
        band.low.zip(band.high)
    }

    /// Whether the chip ran the model.
    pub fn ran(&self) -> bool {
        self.reason.is_none() && self.output_tok_s_per_gpu.is_some()
    }
}
