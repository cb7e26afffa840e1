//! Whole fleets, tried at the peak of their demand.

use serde::Serialize;

use super::search::{Unit, Yields};
use crate::cli::simulate::Field;
use crate::cluster::{Peak, Reached, at_peak};
use crate::hardware::Catalog;
use crate::planning::Stand;
use crate::units::PerSec;

/// What a fleet came to in its busiest hour, when as many of its units have failed as may.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PeakHour {
    /// Units that were simulated behind one router: all that are left, or fewer at their share of
    /// the load where all would take long.
    pub(super) simulated_replicas: u32,
    /// Units that are left.
    pub(super) replicas: u64,
    /// Tasks that arrive in an hour at all that are left.
    pub(super) tasks_per_hour: f64,
    /// Whether the service level was kept.
    pub(super) meets_slo: bool,
    pub(super) reached: Reached,
    /// Requests that were measured; fewer than the hour's if it was soon clear that the level is
    /// missed.
    pub(super) requests: u64,
}

/// Units of a run: a router of more takes long.
const MOST_UNITS: f64 = 48.0;

/// Calls of a run, those of its warm-up among them: about a second of a core.
const MOST_CALLS: f64 = 60_000.0;

/// Units of `stand` with a router of their own, at their part of the peak.
pub(super) fn peak_hour(
    stand: &Stand,
    (unit, yields): (&Unit, &Yields),
    (field, catalog): (&Field, &Catalog),
) -> PeakHour {
    let (pool, units) = (field.pool(), stand.units as f64);
    let hours = 1.0 + field.hour(0).warmup.seconds().get() / 3600.0;
    let rate = stand.tasks_per_hour / units;
    let calls = rate * hours * pool.calls_per_task();
    // As many are in flight as arrive while one is: Little's law, by the unit's own best load.
    let underway = rate * f64::from(yields.concurrency) / yields.tasks_per_hour;
    let mut most = (MOST_CALLS / calls).min(pool.underway().len() as f64 / underway);
    if let Some(tasks) = field.tasks() {
        most = most.min(tasks as f64 / (underway + rate * hours));
    }
    let simulated = units.min(MOST_UNITS).min(libm::floor(most)).max(1.0);
    let measured = (calls / hours * simulated).clamp(1.0, MOST_CALLS);
    let peak = Peak {
        rate: PerSec::new(rate * simulated / 3600.0),
        underway: libm::round(underway * simulated) as u32,
        length: field.hour(measured as u64),
    };
    let times = u32::try_from(stand.units).unwrap_or(u32::MAX);
    let setup = unit.setup(times, (field, catalog)).expect("a unit that yields can be deployed");
    let terms = field.terms(catalog);
    let result = at_peak(&setup, simulated as u32, peak, &terms);
    PeakHour {
        simulated_replicas: simulated as u32,
        replicas: stand.units,
        tasks_per_hour: stand.tasks_per_hour,
        // An hour in which nothing arrives disappoints nobody.
        meets_slo: (result.measured() == 0 && result.requests.in_flight == 0)
            || terms.slo.is_met(&result),
        reached: Reached::of(&result),
        requests: result.measured(),
    }
}
