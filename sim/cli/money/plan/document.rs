//! The document of `memwall plan`.

use serde::Serialize;

use super::candidates::Candidate;
use crate::cluster::Slo;
use crate::planning::{Fleet, Mix, Part};
use crate::report::{Band, WallRow};
use crate::units::{UsdPerHour, Watts};

/// What was asked, and the fleets for it.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    /// Of the only demand; null if there are several.
    pub(super) model: Option<String>,
    pub(super) workload: Option<String>,
    pub(super) tasks_per_hour: Option<f64>,
    pub(super) peak_tasks_per_hour: Option<f64>,
    pub(super) demands: Vec<DemandRow>,
    pub(super) spare_replicas: u32,
    pub(super) objective: &'static str,
    /// How chips are paid for.
    pub(super) basis: &'static str,
    /// Of one kind of replica each, for each demand best first; the second is the runner-up.
    pub(super) fleets: Vec<Row>,
    /// The best of several kinds of replicas, for all demands together; null where fleets of one
    /// kind for the only demand leave nothing to gain.
    pub(super) mix: Option<MixRow>,
    /// Chips that cannot carry a demand at all, and why.
    pub(super) unfit: Vec<Unfit>,
}

/// One of the demands.
#[derive(Debug, Serialize)]
pub(super) struct DemandRow {
    pub(super) name: String,
    pub(super) model: String,
    pub(super) workload: String,
    pub(super) tasks_per_hour: f64,
    pub(super) peak_tasks_per_hour: f64,
    /// Tasks an hour from midnight on; null if only the peak is known.
    pub(super) hours: Option<Vec<f64>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Unfit {
    pub(super) demand: usize,
    pub(super) chip: String,
    pub(super) engine: String,
    pub(super) reason: String,
}

/// A fleet of one kind of replica.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// Which demand it is for, from 0.
    pub(super) demand: usize,
    pub(super) chip: String,
    pub(super) system: Option<String>,
    pub(super) engine: String,
    pub(super) gpus: u64,
    /// Chips if replicas yield as much as the upper end of their band, and as the lower.
    pub(super) gpus_band: Band,
    pub(super) replicas: u64,
    pub(super) plan: Option<String>,
    pub(super) concurrency: Option<u32>,
    pub(super) usd_per_hour: Option<f64>,
    pub(super) usd_per_task: Option<f64>,
    /// Dollars an hour on average if replicas were rented by the hour, as the day needs them.
    pub(super) scaled_usd_per_hour: Option<f64>,
    pub(super) facility_mw: Option<f64>,
    /// Load at the peak over what all replicas bear.
    pub(super) load: f64,
    /// The same on average over the day.
    pub(super) mean_load: f64,
    /// What a replica reaches at its best load.
    pub(super) slo: Reached,
    /// What keeps a replica from more load.
    pub(super) binding: String,
    /// Whether no other fleet beats it in chips, dollars and power.
    pub(super) on_frontier: bool,
    pub(super) tasks_per_hour_per_replica: f64,
}

/// A fleet of several kinds.
#[derive(Debug, Serialize)]
pub(super) struct MixRow {
    pub(super) gpus: u64,
    pub(super) usd_per_hour: Option<f64>,
    pub(super) facility_mw: Option<f64>,
    /// What it needs of what is to be least over what the best fleets of one kind need; null if a
    /// demand has none.
    pub(super) against_single: Option<f64>,
    pub(super) parts: Vec<PartRow>,
}

#[derive(Debug, Serialize)]
pub(super) struct PartRow {
    pub(super) demand: usize,
    pub(super) chip: String,
    pub(super) engine: String,
    pub(super) plan: Option<String>,
    pub(super) replicas: u64,
    pub(super) gpus: u64,
    pub(super) tasks_per_hour_per_replica: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Reached {
    ttft_ms_p99: Option<f64>,
    tpot_ms_p50: Option<f64>,
    tpot_ms_p99: Option<f64>,
    answer_s_per_task: Option<f64>,
}

impl Row {
    /// The fleet of `candidate`'s replicas that carries `demand`.
    pub(super) fn of(fleet: &Fleet, candidate: &Candidate, demand: &DemandRow, slo: &Slo) -> Self {
        let row = &candidate.row;
        let spare = fleet.replicas - carrying(demand.peak_tasks_per_hour, fleet, 1.0);
        let band = |factor: Option<f64>| {
            let peak = demand.peak_tasks_per_hour;
            let replicas = factor.map(|factor| carrying(peak, fleet, factor) + spare);
            replicas.map(|replicas| (replicas * u64::from(fleet.point.gpus)) as f64)
        };
        let share = |end: Option<f64>| Some(end? / row.output_tok_s_per_gpu?);
        Self {
            demand: candidate.demand,
            chip: row.chip.clone(),
            system: row.system.clone(),
            engine: candidate.engine.to_string(),
            gpus: fleet.gpus,
            gpus_band: Band { low: band(share(row.band.high)), high: band(share(row.band.low)) },
            replicas: fleet.replicas,
            plan: row.parallel.clone(),
            concurrency: row.concurrency,
            usd_per_hour: fleet.hourly.map(UsdPerHour::get),
            usd_per_task: fleet.hourly.map(|rate| rate.get() / demand.tasks_per_hour),
            scaled_usd_per_hour: demand.hours.as_ref().and_then(|hours| {
                let replicas: u64 =
                    hours.iter().map(|&tasks| carrying(tasks, fleet, 1.0) + spare).sum();
                let each = fleet.hourly?.get() / fleet.replicas as f64;
                Some(each * replicas as f64 / hours.len() as f64)
            }),
            facility_mw: fleet.facility.map(|watts| watts.get() / 1e6),
            load: fleet.load,
            mean_load: fleet.load * demand.tasks_per_hour / demand.peak_tasks_per_hour,
            slo: Reached {
                ttft_ms_p99: row.ttft_ms_p99,
                tpot_ms_p50: row.tpot_ms_p50,
                tpot_ms_p99: row.tpot_ms_p99,
                answer_s_per_task: row.answer_s_per_task,
            },
            binding: binding(row, slo),
            on_frontier: fleet.on_frontier,
            tasks_per_hour_per_replica: fleet.point.tasks_per_hour,
        }
    }
}

/// Replicas that carry `tasks` an hour if each yields `factor` times what was simulated.
fn carrying(tasks: f64, fleet: &Fleet, factor: f64) -> u64 {
    fleet.point.carrying(tasks / factor) as u64
}

impl MixRow {
    pub(super) fn of(mix: &Mix, candidates: &[Candidate], against_single: Option<f64>) -> Self {
        let part = |part: &Part| PartRow {
            demand: part.point.demand,
            chip: part.point.chip.clone(),
            engine: part.point.engine.clone(),
            plan: candidates[part.point.row].row.parallel.clone(),
            replicas: part.replicas,
            gpus: part.replicas * u64::from(part.point.gpus),
            tasks_per_hour_per_replica: part.point.tasks_per_hour,
        };
        Self {
            gpus: mix.gpus,
            usd_per_hour: mix.hourly.map(UsdPerHour::get),
            facility_mw: mix.facility.map(|watts| Watts::get(watts) / 1e6),
            against_single,
            parts: mix.parts.iter().map(part).collect(),
        }
    }
}

/// A latency within this share of its limit is what holds the load.
const NEAR: f64 = 0.8;

/// What keeps a replica from more load: a latency near its limit, or the cause of most of its
/// time.
fn binding(row: &WallRow, slo: &Slo) -> String {
    let used = [
        ("p99 TTFT", row.ttft_ms_p99, Some(slo.ttft_ms_p99)),
        ("p50 TPOT", row.tpot_ms_p50, Some(slo.tpot_ms_p50)),
        ("p99 TPOT", row.tpot_ms_p99, slo.tpot_ms_p99),
        ("task time", row.answer_s_per_task, slo.task_s),
    ];
    let used =
        used.into_iter().filter_map(|(name, reached, limit)| Some((name, reached? / limit?)));
    let nearest = used.max_by(|a, b| a.1.total_cmp(&b.1));
    match (nearest, row.time_share.largest()) {
        (Some((name, used)), _) if used >= NEAR => name.into(),
        (_, Some((bound, _))) => bound.key().replace('_', " "),
        _ => "unknown".into(),
    }
}
