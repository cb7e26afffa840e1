//! A run, looked at from inside.

use super::best::{Drive, Terms};
use crate::cluster::deploy::{Misfit, Order};
use crate::cluster::life::{Attributed, CallLife, HbmTime, Log, OF_KV, Watched, lives};
use crate::cluster::run::{Load, RunResult, at_rate, simulate};
use crate::des::Streams;
use crate::serving::Replica;
use crate::units::SimTime;

/// A run that was watched.
#[derive(Clone, Debug)]
pub struct Inside {
    /// The calls that were answered or under way in its window, as far as they lie within.
    pub lives: Vec<CallLife>,
    /// Calls of a whole task on average.
    pub calls_per_task: f64,
    /// What HBM bandwidth took of all steps.
    pub hbm: HbmTime,
    /// What it would have taken of the decodes of each step alone.
    pub decode_hbm: HbmTime,
    /// The run; its account of work is not of operations and bytes.
    pub result: RunResult,
}

impl Inside {
    /// Agents at work at a time, on average: in a call, or in the pause before one. At least as
    /// many as tasks in flight, of which some have sub-agents.
    pub fn agents(&self) -> f64 {
        let seconds: f64 = self.lives.iter().map(|life| life.total().get()).sum();
        let window = self.result.window.seconds().get();
        if window > 0.0 { seconds / window } else { 0.0 }
    }

    /// Seconds between the completions of two tasks, at the rate at which calls were answered;
    /// `None` if none was.
    pub fn seconds_per_task(&self) -> Option<f64> {
        let tasks = self.result.measured() as f64 / self.calls_per_task;
        (tasks > 0.0).then(|| self.result.window.seconds().get() / tasks)
    }
}

/// Runs the work on `order` once more as the trial that confirmed its load, and watches it: with
/// `concurrency` tasks in flight, or at the rate of `terms`.
pub fn look_inside(
    order: &Order,
    concurrency: Option<u32>,
    terms: &Terms,
) -> Result<Inside, Misfit> {
    let (deployment, on_kv) = (order.deploy()?, order.program_of(&OF_KV)?);
    let pricer = Attributed::new(&deployment.program, &on_kv);
    let mut replica = Replica::new(pricer, deployment.limits, deployment.pages, terms.ttl)
        .with_engine(terms.engine);
    let mut log = Log::default();
    let pool = terms.pool;
    let (result, lives) = match (concurrency, terms.drive) {
        (None, Drive::Rate(rate)) => {
            let tasks = at_rate(pool.fresh(0), rate, Streams::new(terms.seed));
            let plan = terms.confirm.plan(Load::Arrivals);
            let result = simulate(Watched::new(replica, &mut log), tasks, plan, &mut |_| {});
            (result, lives(&log, |_| 0))
        }
        (concurrency, _) => {
            let concurrency = concurrency.unwrap_or(1);
            pool.warm(concurrency, terms.ttl, |_, content| replica.warm(SimTime::ZERO, content));
            let plan = terms.confirm.plan(Load::Closed { concurrency });
            let watched = Watched::new(replica, &mut log);
            let result = simulate(watched, pool.loop_of(concurrency), plan, &mut |_| {});
            // Tasks are numbered from 1; the first of them were begun before the run.
            let entered = &pool.underway()[..concurrency as usize];
            let before = |task: u64| entered.get(task as usize - 1).map_or(0, |of| of.answered);
            (result, lives(&log, before))
        }
    };
    let meter = &result.meter;
    Ok(Inside {
        lives,
        calls_per_task: pool.calls_per_task(),
        hbm: HbmTime::of(meter.work()),
        decode_hbm: HbmTime::of(meter.decode_work()),
        result,
    })
}
