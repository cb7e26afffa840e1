//! The document of `memwall plan`.

use serde::Serialize;

use super::peak::PeakHour;
use super::search::{Candidate, Found, Unit, Yields};
use crate::cluster::Reached;
use crate::planning::{Ask, Fleet, Mix, Part};
use crate::report::{Band, Slo};
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
    /// The service level.
    pub(super) slo: Slo,
    /// What steps do other than by default; left out where nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) steps: Option<String>,
    /// Of one kind of replica, or of pools, each; for each demand best first; the second is the
    /// runner-up.
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

#[derive(Clone, Debug, Serialize)]
pub(super) struct Unfit {
    pub(super) demand: usize,
    pub(super) chip: String,
    pub(super) engine: String,
    pub(super) reason: String,
}

/// A fleet of one kind: replicas, or groups of pools that prefill and decode apart.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// Which demand it is for, from 0.
    pub(super) demand: usize,
    /// What serves requests, or decodes them if others prefill.
    pub(super) chip: String,
    pub(super) system: Option<String>,
    pub(super) engine: String,
    pub(super) gpus: u64,
    /// Chips if replicas yield as much as the upper end of their band, and as the lower.
    pub(super) gpus_band: Band,
    /// Replicas, or groups of pools.
    pub(super) replicas: u64,
    /// Of these, those without which the service level was missed at the peak, although each by
    /// itself bears its part of the load.
    pub(super) added_replicas: u64,
    pub(super) plan: String,
    /// Replicas in a group that decode; 1 without pools.
    pub(super) serving_replicas: u32,
    /// What prefills in a group; null where replicas prefill what they decode.
    pub(super) prefill: Option<PrefillRow>,
    /// Tasks in flight on a replica, or in a group, at its best load.
    pub(super) concurrency: u32,
    pub(super) usd_per_hour: Option<f64>,
    pub(super) usd_per_task: Option<f64>,
    /// Dollars an hour on average if replicas were rented by the hour, as the day needs them.
    pub(super) scaled_usd_per_hour: Option<f64>,
    pub(super) facility_mw: Option<f64>,
    /// Load at the peak over what all replicas bear, each by itself.
    pub(super) load: f64,
    /// The same on average over the day.
    pub(super) mean_load: f64,
    /// What a replica reaches at its best load.
    pub(super) slo: Reached,
    /// The whole fleet in its busiest hour.
    pub(super) peak: Option<PeakHour>,
    /// What keeps a replica from more load.
    pub(super) binding: String,
    /// Whether no other fleet beats it in chips, dollars and power.
    pub(super) on_frontier: bool,
    pub(super) tasks_per_hour_per_replica: f64,
    /// Its chips, and its plans, those that prefill first.
    #[serde(skip)]
    pub(super) names: [String; 2],
}

/// Replicas that prefill for others.
#[derive(Debug, Serialize)]
pub(super) struct PrefillRow {
    pub(super) chip: String,
    pub(super) plan: String,
    /// Of them in a group.
    pub(super) replicas: u32,
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
    pub(super) plan: String,
    pub(super) serving_replicas: u32,
    pub(super) prefill: Option<PrefillRow>,
    pub(super) replicas: u64,
    pub(super) gpus: u64,
    pub(super) tasks_per_hour_per_replica: f64,
    /// The part in its busiest hour; null for a part that only stands by.
    pub(super) peak: Option<PeakHour>,
    #[serde(skip)]
    pub(super) names: [String; 2],
}

impl Candidate {
    /// What a point is of.
    fn able(&self) -> (&Unit, &Yields) {
        let (unit, yields) = self.found.as_ref().ok().expect("points are of units that yield");
        (unit, yields)
    }
}

impl PrefillRow {
    fn of(unit: &Unit) -> Option<Self> {
        unit.prefill.as_ref().map(|(kind, pools)| Self {
            chip: kind.chip.clone(),
            plan: kind.plan.to_string(),
            replicas: pools.prefill,
        })
    }
}

impl Row {
    /// The fleet that carries `demand`, and what came of it at its peak.
    pub(super) fn of(
        fleet: &Fleet,
        found: &Found,
        demand: &DemandRow,
        (asks, peak): (&[Ask], Option<&PeakHour>),
    ) -> Self {
        let candidate = &found.candidates[fleet.point.row];
        let (unit, yields) = candidate.able();
        let spare = u64::from(asks[candidate.demand].spare);
        let carrying = |tasks: f64, each: f64| libm::ceil(tasks / each).max(1.0) as u64;
        let (rate, credited) = (yields.tasks_per_hour, fleet.point.tasks_per_hour);
        let at_peak = demand.peak_tasks_per_hour;
        let band = |factor: Option<f64>| {
            let units = factor.map(|factor| carrying(at_peak, credited * factor) + spare);
            units.map(|units| (units * u64::from(fleet.point.gpus())) as f64)
        };
        let load = at_peak / (fleet.units as f64 * rate);
        Self {
            demand: candidate.demand,
            chip: unit.serving.chip.clone(),
            system: yields.system.clone(),
            engine: candidate.engine.to_string(),
            gpus: fleet.gpus,
            gpus_band: Band { low: band(yields.band.high), high: band(yields.band.low) },
            replicas: fleet.units,
            added_replicas: (fleet.units - spare).saturating_sub(carrying(at_peak, rate)),
            plan: unit.serving.plan.to_string(),
            serving_replicas: unit.counts()[0],
            prefill: PrefillRow::of(unit),
            concurrency: yields.concurrency,
            usd_per_hour: fleet.hourly.map(UsdPerHour::get),
            usd_per_task: fleet.hourly.map(|hourly| hourly.get() / demand.tasks_per_hour),
            scaled_usd_per_hour: demand.hours.as_ref().and_then(|hours| {
                let units: u64 = hours.iter().map(|&tasks| carrying(tasks, credited) + spare).sum();
                let each = fleet.hourly?.get() / fleet.units as f64;
                Some(each * units as f64 / hours.len() as f64)
            }),
            facility_mw: fleet.facility.map(|watts| watts.get() / 1e6),
            load,
            mean_load: load * demand.tasks_per_hour / at_peak,
            slo: yields.reached,
            peak: peak.cloned(),
            binding: yields.binding.clone(),
            on_frontier: fleet.on_frontier,
            tasks_per_hour_per_replica: rate,
            names: [unit.chip_names(), unit.plan_names()],
        }
    }
}

impl MixRow {
    pub(super) fn of<'a>(
        mix: &Mix,
        found: &Found,
        against_single: Option<f64>,
        hour: impl Fn(usize) -> Option<&'a PeakHour>,
    ) -> Self {
        let part = |part: &Part| {
            let candidate = &found.candidates[part.point.row];
            let (unit, yields) = candidate.able();
            PartRow {
                demand: part.point.demand,
                chip: unit.serving.chip.clone(),
                engine: candidate.engine.to_string(),
                plan: unit.serving.plan.to_string(),
                serving_replicas: unit.counts()[0],
                prefill: PrefillRow::of(unit),
                replicas: part.units,
                gpus: part.units * u64::from(part.point.gpus()),
                tasks_per_hour_per_replica: yields.tasks_per_hour,
                peak: hour(part.point.row).cloned(),
                names: [unit.chip_names(), unit.plan_names()],
            }
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
