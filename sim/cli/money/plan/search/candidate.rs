//! What units yield: every plan of every chip under every engine, and pools of them, simulated.

use super::unit::{Kind, Unit};
use crate::cluster::{Best, Reached, Setup, Slo};
use crate::cost::EngineProfile;
use crate::economics::Basis;
use crate::hardware::Catalog;
use crate::planning::Point;
use crate::report::{Band, Shares, WallRow};
use crate::units::{UsdPerHour, Watts};

/// A unit for one of the demands, and what came of it.
pub(in crate::cli::money::plan) struct Candidate {
    pub(in crate::cli::money::plan) demand: usize,
    pub(in crate::cli::money::plan) engine: EngineProfile,
    /// Where the work stands that it was tried on.
    pub(in crate::cli::money::plan) field: usize,
    /// What it is, and what it yields at its best; else a chip, and why no plan of it does.
    pub(in crate::cli::money::plan) found: Result<(Unit, Yields), Unable>,
}

/// A plan of a chip that cannot do the work.
pub(in crate::cli::money::plan) struct Unable {
    pub(in crate::cli::money::plan) row: Box<WallRow>,
    pub(in crate::cli::money::plan) reason: String,
}

/// What a unit yields at the best load within the service level.
#[derive(Clone, Debug)]
pub(in crate::cli::money::plan) struct Yields {
    pub(in crate::cli::money::plan) tasks_per_hour: f64,
    /// Tasks in flight.
    pub(in crate::cli::money::plan) concurrency: u32,
    pub(in crate::cli::money::plan) reached: Reached,
    /// The system it sits in, where all of it sits in one.
    pub(in crate::cli::money::plan) system: Option<String>,
    /// What keeps it from more load.
    pub(in crate::cli::money::plan) binding: String,
    /// What it yields at the ends of its band over this; null if not asked for.
    pub(in crate::cli::money::plan) band: Band,
}

impl Candidate {
    /// What came of a replica, as a ladder has it.
    pub(in crate::cli::money::plan) fn found(
        row: WallRow,
        slo: &Slo,
    ) -> Result<(Unit, Yields), Unable> {
        let able = row.parallel.as_ref().zip(row.gpus).zip(row.tasks_per_hour_per_gpu);
        match able {
            Some(((plan, gpus), rate)) if rate > 0.0 => {
                let serving =
                    Kind { chip: row.chip.clone(), plan: plan.parse().expect("rows have plans") };
                let tasks_per_hour = rate * f64::from(gpus);
                let yields = Yields::of_row(&row, tasks_per_hour, slo);
                Ok((Unit { serving, prefill: None }, yields))
            }
            _ => {
                let reason = row.reason.clone().unwrap_or_else(|| "nothing was answered".into());
                Err(Unable { row: Box::new(row), reason })
            }
        }
    }

    /// As fleets are built of it; `row` is its place in the caller's list.
    pub(in crate::cli::money::plan) fn point(
        &self,
        row: usize,
        basis: &Basis,
        catalog: &Catalog,
    ) -> Option<Point> {
        let (unit, yields) = self.found.as_ref().ok()?;
        let mut hourly = Some(UsdPerHour::new(0.0));
        let mut facility = Some(Watts::new(0.0));
        for (name, count) in unit.chips() {
            let (chip, count) = (catalog.chip(&name).ok()?, f64::from(count));
            hourly = hourly.zip(basis.hourly(chip)).map(|(sum, each)| sum + each * count);
            facility = facility.zip(chip.power.facility).map(|(sum, each)| sum + each * count);
        }
        Some(Point {
            kind: format!("{} {}", unit.chip_names(), self.engine),
            chips: unit.chips(),
            demand: self.demand,
            row,
            tasks_per_hour: yields.tasks_per_hour,
            hourly,
            facility,
        })
    }
}

impl Yields {
    fn of_row(row: &WallRow, tasks_per_hour: f64, slo: &Slo) -> Self {
        let share = |end: Option<f64>| Some(end? / row.output_tok_s_per_gpu?);
        let reached = Reached {
            ttft_ms_p99: row.ttft_ms_p99,
            tpot_ms_p50: row.tpot_ms_p50,
            tpot_ms_p99: row.tpot_ms_p99,
            answer_s_per_task: row.answer_s_per_task,
        };
        Self {
            tasks_per_hour,
            system: row.system.clone(),
            concurrency: row.concurrency.unwrap_or(1),
            binding: binding(slo.tightest(&reached), &row.time_share),
            reached,
            band: Band { low: share(row.band.low), high: share(row.band.high) },
        }
    }

    /// Of pools at their best; none if they completed nothing.
    pub(in crate::cli::money::plan) fn of_pools(best: &Best<Setup>, slo: &Slo) -> Option<Self> {
        let result = &best.result;
        let (tasks_per_hour, reached) = (result.tasks_per_hour(), Reached::of(result));
        (tasks_per_hour > 0.0).then(|| Self {
            tasks_per_hour,
            system: None,
            concurrency: best.concurrency.unwrap_or(1),
            reached,
            // Idle time is the other pool's doing.
            binding: binding(slo.tightest(&reached), &Shares::from(&result.meter.busy())),
            band: Band::default(),
        })
    }
}

/// A latency within this share of its limit is what holds the load.
const NEAR: f64 = 0.8;

/// What keeps a unit from more load: a latency near its limit, or the cause of most of its time.
fn binding(nearest: Option<(&'static str, f64)>, time: &Shares) -> String {
    match (nearest, time.largest()) {
        (Some((name, used)), _) if used >= NEAR => name.into(),
        (_, Some((bound, _))) => bound.key().replace('_', " ").replace("hbm", "HBM"),
        _ => "unknown".into(),
    }
}
