//! What a run is to run on, and the run itself.

use super::command::Run;
use super::fleet::PrefillPool;
use super::tiers::Stores;
use super::timeline::Watch;
use crate::cli::CliError;
use crate::cli::simulate::work::Work;
use crate::cluster::{Deployment, FleetFigures, Order, RunResult};
use crate::hardware::{Catalog, Chip};
use crate::report::{RunDocument, Used, Wire, fill_oracle, fill_run, fill_tiers};

/// The replicas of a run.
pub(in crate::cli::simulate) struct Crew<'a> {
    /// What was ordered.
    order: &'a Order<'a>,
    /// What it became.
    deployment: &'a Deployment,
    /// The pool that prefills for it, and what carries its KV.
    prefill: Option<(PrefillPool<'a>, Wire)>,
    /// What lies below the HBM of those that prefill.
    stores: Option<Stores>,
}

impl<'a> Crew<'a> {
    /// The replicas of `order` and `deployment`, and those that prefill for them.
    pub(in crate::cli::simulate) fn of(
        run: &Run,
        prefill_chip: Option<&'a Chip>,
        (order, deployment): (&'a Order<'a>, &'a Deployment),
        catalog: impl FnOnce() -> Result<Catalog, CliError>,
    ) -> Result<Self, CliError> {
        let prefill = if run.fleet.has_prefill() {
            let chip = prefill_chip.unwrap_or(order.chip);
            let page_tokens = order.limits.page_tokens;
            let ordered = run.order(chip, order.model, order.plan, page_tokens)?;
            let pool = run.fleet.prefill_pool(ordered, order)?;
            let wire = run.fleet.wire(order, &pool.order)?;
            Some((pool, wire))
        } else {
            None
        };
        let tiers = &run.fleet.tiers;
        // Without stores the catalogue is not read: that would take most of a short run's time.
        let stores = match &prefill {
            _ if !tiers.is_on() => None,
            Some((pool, _)) => tiers.stores(&catalog()?, &pool.order, &pool.deployment)?,
            None => tiers.stores(&catalog()?, order, deployment)?,
        };
        Ok(Self { order, deployment, prefill, stores })
    }
}

impl Run {
    /// The name of the chip that prefills, if that is not the replicas' own.
    pub(in crate::cli::simulate) fn prefill_chip(&self) -> Option<&str> {
        self.fleet.prefill_chip()
    }

    /// Simulates; a fleet has figures of its own.
    pub(in crate::cli::simulate) fn measure(
        &self,
        crew: &Crew,
        work: &Work,
        watch: &mut Watch,
    ) -> Result<(RunResult, Option<FleetFigures>), CliError> {
        if self.fleet.is_on() {
            let (result, figures) = self.measure_fleet(crew, work, watch)?;
            return Ok((result, Some(figures)));
        }
        let window = crew.order.model.context;
        Ok((self.work_through(crew.deployment, work, window, watch)?, None))
    }

    fn measure_fleet(
        &self,
        crew: &Crew,
        work: &Work,
        watch: &mut Watch,
    ) -> Result<(RunResult, FleetFigures), CliError> {
        let ttl = self.common.ttl;
        let serving = (crew.order, crew.deployment);
        let prefill = crew.prefill.as_ref().map(|(pool, wire)| (pool, wire));
        let engine = self.common.engine.into();
        let speculation = self.fleet.speculation(crew.order.model)?;
        let how = (engine, ttl, self.common.seed);
        let mut fleet =
            self.fleet.build(serving, prefill, how, (speculation.as_ref(), crew.stores.as_ref()));
        let (plan, window) = (self.plan_of(work), crew.order.model.context);
        let Some(clients) = self.steady_clients(work) else {
            let tasks = self.task_list(work, window)?;
            let result = watch.simulate(&mut fleet, tasks, plan);
            return Ok((result, fleet.figures()));
        };
        let pool = work.pool(self.common.seed, window, clients)?;
        // Tasks are numbered from 1 in a run.
        pool.warm(clients, ttl, |client, content| fleet.warm(u64::from(client) + 1, content));
        let result = watch.simulate(&mut fleet, pool.loop_of(clients), plan);
        let result = RunResult { calls_per_task: pool.calls_per_task(), ..result };
        Ok((result, fleet.figures()))
    }

    /// What each replica is called, in order of their numbers.
    pub(super) fn names(&self, crew: &Crew) -> Vec<String> {
        let title = |number: usize, role: &str, order: &Order| {
            format!("replica {number}, {role}: {} {}", order.chip.name, order.plan)
        };
        let (serving, prefilling) = self.fleet.counts();
        let role = if prefilling > 0 { "decodes" } else { "serves" };
        let mut names: Vec<String> =
            (0..serving).map(|number| title(number, role, crew.order)).collect();
        if let Some((pool, _)) = &crew.prefill {
            let numbers = serving..serving + prefilling;
            names.extend(numbers.map(|number| title(number, "prefills", &pool.order)));
        }
        names
    }

    /// The figures of what was measured, without names and warnings.
    pub(super) fn fill(
        &self,
        crew: &Crew,
        result: &RunResult,
        figures: Option<&FleetFigures>,
    ) -> RunDocument {
        let Crew { order, deployment, .. } = *crew;
        let Some(figures) = figures else { return fill_run(order, deployment, result) };
        let prefill = crew.prefill.as_ref().map(|(pool, wire)| (pool, wire));
        let mut document = self.fleet.document((order, deployment), prefill, (result, figures));
        fill_oracle(&mut document, figures);
        if let (Some((tiering, sources)), Some(measured)) = (&crew.stores, &figures.tiers) {
            fill_tiers(&mut document, (tiering, sources), measured);
        }
        document
    }
}

impl Crew<'_> {
    /// Its replicas by kind, and what they did.
    pub(in crate::cli::simulate) fn used<'a>(
        &'a self,
        result: &'a RunResult,
        figures: Option<&'a FleetFigures>,
    ) -> Vec<Used<'a>> {
        let Some(figures) = figures else {
            return vec![Used { order: self.order, replicas: 1, meter: &result.meter }];
        };
        let prefilling = self.prefill.iter().map(|(pool, _)| &pool.order);
        let orders = std::iter::once(self.order).chain(prefilling);
        let used = orders.zip(&figures.pools).map(|(order, pool)| Used {
            order,
            replicas: pool.replicas,
            meter: &pool.meter,
        });
        used.collect()
    }

    /// What was ordered.
    pub(super) fn order(&self) -> &Order<'_> {
        self.order
    }

    /// What it became.
    pub(super) fn deployment(&self) -> &Deployment {
        self.deployment
    }
}
