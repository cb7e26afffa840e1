//! Work through one replica, whose ranks share every sequence or have their own.

use std::borrow::Borrow;

use super::command::Run;
use super::timeline::Watch;
use crate::cli::CliError;
use crate::cli::simulate::work::{Streamed, Work};
use crate::cluster::{Deployment, RunPlan, RunResult, Traced};
use crate::cost::StepProgram;
use crate::serving::{Convoy, Extent, Replica};
use crate::units::{SimSpan, SimTime};
use crate::workload::{StreamEnd, Task};

impl Run {
    /// Replays a trace while it is read.
    pub(super) fn stream_through(
        &self,
        deployment: &Deployment,
        stream: &mut Streamed,
        window: u32,
        watch: &mut Watch,
    ) -> Result<RunResult, StreamEnd> {
        let mut tasks = stream.tasks(window)?;
        let plan = self.run_plan(self.recorded_load(), self.duration, SimSpan::ZERO);
        let result = self.serve(deployment, self.paced(&mut tasks), plan, watch);
        stream.tally = tasks.finish()?;
        Ok(result)
    }

    /// Answers `tasks`.
    fn serve<T: Borrow<Task>>(
        &self,
        deployment: &Deployment,
        tasks: impl Iterator<Item = T>,
        plan: RunPlan,
        watch: &mut Watch,
    ) -> RunResult {
        match self.convoy(deployment) {
            Some(convoy) => watch.simulate(convoy, tasks, plan),
            None => watch.simulate(self.replica(deployment), tasks, plan),
        }
    }

    pub(in crate::cli::simulate) fn work_through(
        &self,
        deployment: &Deployment,
        work: &Work,
        window: u32,
        watch: &mut Watch,
    ) -> Result<RunResult, CliError> {
        let Some(clients) = self.steady_clients(work) else {
            let tasks = self.task_list(work, window)?;
            return Ok(self.serve(deployment, tasks, self.plan_of(work), watch));
        };
        let of = (work, window, clients);
        if let Some(convoy) = self.convoy(deployment) {
            // Clients are dealt out to ranks, as round robin would.
            let warm = |convoy: &mut Convoy<_>, client: u32, content: &[Extent]| {
                convoy.warm(u64::from(client), content);
            };
            return self.enter(convoy, warm, of, watch);
        }
        let warm = |replica: &mut Replica<_>, _, content: &[Extent]| {
            replica.warm(SimTime::ZERO, content);
        };
        self.enter(self.replica(deployment), warm, of, watch)
    }

    /// Answers a closed loop in its steady state.
    fn enter<V: Traced>(
        &self,
        mut service: V,
        warm: impl Fn(&mut V, u32, &[Extent]),
        (work, window, clients): (&Work, u32, u32),
        watch: &mut Watch,
    ) -> Result<RunResult, CliError> {
        let pool = work.pool(self.common.seed, window, clients)?;
        let ttl = self.common.ttl;
        pool.warm(clients, ttl, |client, content| warm(&mut service, client, content));
        let result = watch.simulate(service, pool.loop_of(clients), self.plan_of(work));
        Ok(RunResult { calls_per_task: pool.calls_per_task(), ..result })
    }

    fn replica<'a>(&self, deployment: &'a Deployment) -> Replica<&'a StepProgram> {
        let replica = deployment.replica(self.common.ttl);
        replica.with_engine(self.common.engine.into()).with_percentiles(self.percentiles.into())
    }

    fn convoy<'a>(&self, deployment: &'a Deployment) -> Option<Convoy<&'a StepProgram>> {
        let convoy = deployment.convoy(self.common.ttl)?;
        Some(convoy.with(self.common.engine.into(), self.percentiles.into()))
    }
}
