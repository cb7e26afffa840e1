//! A fleet in its busiest hour.

use std::borrow::Cow;

use super::best::Terms;
use super::setup::Setup;
use super::station::Station;
use super::trial::{Patience, TrialLength};
use crate::cluster::run::{Load, RunResult, at_rate, simulate_while};
use crate::des::Streams;
use crate::serving::{Extent, Outcome};
use crate::units::{PerSec, SimSpan};
use crate::workload::Task;

/// What meets a fleet: as many tasks arrive on average as end, so that their number in flight
/// wavers about its mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Tasks that start per second, at random.
    pub rate: PerSec,
    /// Tasks that are underway when it begins.
    pub underway: u32,
    /// How long it is; no more than its requests are measured.
    pub length: TrialLength,
}

/// Runs so many of `setup` as one fleet; stops early if the service level cannot be met any more.
pub fn at_peak(setup: &Setup, times: u32, peak: Peak, terms: &Terms) -> RunResult {
    let mut fleet = setup.fleet(times, terms);
    let underway = peak.underway.min(terms.pool.underway().len() as u32);
    // Tasks are numbered from 1 in a run.
    let warm = |client: u32, content: &[Extent]| fleet.warm(u64::from(client) + 1, content);
    terms.pool.warm(underway, terms.ttl, warm);
    let together = setup.slots().saturating_mul(times);
    let mut patience = Patience::new(terms.slo, peak.length.requests, together);
    let goes_on = &mut |outcome: &Outcome| patience.lasts(outcome);
    let plan = peak.length.plan(Load::Arrivals);
    let result =
        simulate_while(&mut fleet, tasks(peak, underway, terms), plan, &mut |_| {}, goes_on);
    // Tasks that were underway are remnants; a whole task has more calls.
    RunResult { calls_per_task: terms.pool.calls_per_task(), ..result }
}

/// Those that are underway, then those that arrive.
fn tasks<'a>(
    peak: Peak,
    underway: u32,
    terms: &'a Terms,
) -> impl Iterator<Item = Cow<'a, Task>> + use<'a> {
    let entered = terms.pool.underway()[..underway as usize].iter();
    let entered = entered.map(|entered| {
        let task = &entered.task;
        if task.start == SimSpan::ZERO {
            Cow::Borrowed(task)
        } else {
            Cow::Owned(Task { start: SimSpan::ZERO, ..task.clone() })
        }
    });
    let fresh = at_rate(terms.pool.fresh(underway), peak.rate, Streams::new(terms.seed));
    entered.chain(fresh.map(Cow::Owned))
}
