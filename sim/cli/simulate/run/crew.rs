//! What a run is to run on, and the run itself.

use std::borrow::Cow;

use super::command::Run;
use super::fleet::{BetterPool, Forms, Lesser, PrefillPool, Stores};
use super::timeline::Watch;
use crate::cli::models::model_named;
use crate::cli::simulate::work::Work;
use crate::cli::specs::chip_named;
use crate::cli::{CliError, Shell};
use crate::cluster::{Deployment, Fleet, FleetFigures, NicFault, Order, RunResult};
use crate::cost::StepProgram;
use crate::hardware::{Catalog, Chip};
use crate::model::Model;
use crate::report::{
    RunDocument, Used, Wire, fill_escalation, fill_oracle, fill_parts, fill_run, fill_tiers,
};
use crate::serving::Speculating;

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
    /// The better model behind all of these.
    better: Option<BetterPool<'a>>,
    /// What replicas become whose parts fail.
    lessers: Vec<Lesser>,
    /// NICs that fail meanwhile.
    nics: Vec<NicFault>,
    /// The same where parts fail by rates, of both pools.
    forms: Option<[Option<Forms>; 2]>,
}

/// What a run names besides its chip and its model.
#[derive(Clone, Copy, Default)]
pub(in crate::cli::simulate) struct Others<'a> {
    /// The chip that prefills, if that is not the replicas' own.
    pub(in crate::cli::simulate) prefill: Option<&'a Chip>,
    /// The better model.
    pub(in crate::cli::simulate) better: Option<&'a Model>,
    /// Its chip, if that is not the replicas' own.
    pub(in crate::cli::simulate) better_chip: Option<&'a Chip>,
}

/// The same, found.
pub(super) struct Named {
    prefill: Option<Chip>,
    better: Option<Model>,
    better_chip: Option<Chip>,
}

impl Named {
    pub(super) fn others(&self) -> Others<'_> {
        let (prefill, better_chip) = (self.prefill.as_ref(), self.better_chip.as_ref());
        Others { prefill, better: self.better.as_ref(), better_chip }
    }
}

impl<'a> Crew<'a> {
    /// The replicas of `order` and `deployment`, and those that prefill for them.
    pub(in crate::cli::simulate) fn of(
        run: &Run,
        others: Others<'a>,
        (order, deployment): (&'a Order<'a>, &'a Deployment),
        catalog: impl FnOnce() -> Result<Catalog, CliError>,
    ) -> Result<Self, CliError> {
        let page_tokens = order.limits.page_tokens;
        let prefill = if let Some(plan) = run.fleet.prefill_plan(order.plan) {
            let chip = others.prefill.unwrap_or(order.chip);
            let ordered = run.order(chip, order.model, plan, page_tokens)?;
            let pool = PrefillPool::of(ordered, order)?;
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
        let better = others.better.map(|model| {
            let chip = others.better_chip.unwrap_or(order.chip);
            let order = run.common.order(chip, model, order.plan, page_tokens);
            run.fleet.better.pool(run.steps.capped(&order)?)
        });
        let pool = prefill.as_ref().map(|(pool, _)| pool);
        let (serving, _) = run.fleet.counts();
        let lessers = run.fleet.parts.lessers(((order, deployment), serving), pool)?;
        let is_handed = prefill.as_ref().is_some_and(|(_, wire)| wire.has_nics());
        let nics = run.fleet.parts.nics(((order, deployment), serving), pool, is_handed)?;
        let forms = run.fleet.forms((order, deployment), pool, is_handed)?;
        let better = better.transpose()?;
        Ok(Self { order, deployment, prefill, stores, better, lessers, nics, forms })
    }
}

impl Run {
    /// The name of the chip that prefills, if that is not the replicas' own.
    pub(in crate::cli::simulate) fn prefill_chip(&self) -> Option<&str> {
        self.fleet.prefill_chip()
    }

    /// What it names besides its chip and its model.
    pub(super) fn named(&self, shell: &Shell) -> Result<Named, CliError> {
        let named = |name: &str| self.wired(chip_named(name, shell)?);
        let chip = |name: Option<&str>| name.map(named).transpose();
        let (better, better_chip) = self.better();
        Ok(Named {
            prefill: chip(self.prefill_chip())?,
            better: better.map(|name| model_named(name, shell)).transpose()?,
            better_chip: chip(better_chip)?,
        })
    }

    /// The names of the better model, and of its chip if that is not the replicas' own.
    pub(in crate::cli::simulate) fn better(&self) -> (Option<&str>, Option<&str>) {
        let names = self.fleet.better.names();
        (names.map(|(model, _)| model), names.and_then(|(_, chip)| chip))
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
        let more = (speculation.as_ref(), crew.stores.as_ref(), crew.lessers.as_slice());
        let mut fleet = self.fleet.build(serving, prefill, how, more);
        if crew.prefill.is_some() {
            let nics = crew.nics.iter().copied().map(Some);
            fleet = nics.fold(fleet, Fleet::with_nic_fault);
        }
        if let (Some(forms), Some(horizon)) = (&crew.forms, self.horizon(work)) {
            let second = crew.prefill.as_ref().map(|(pool, _)| &pool.deployment);
            let parts = (forms, [Some(crew.deployment), second]);
            let when = (horizon, self.common.seed);
            fleet = self.fleet.breaking(fleet, parts, speculation.as_ref(), when);
        }
        if let Some(better) = &crew.better {
            let window = crew.order.model.context;
            return self.measure_cascade(fleet, (better, window), work, watch);
        }
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

    /// A fleet with a better model behind it, to which tasks are handed on.
    fn measure_cascade<'a>(
        &self,
        mut fleet: Fleet<Speculating<&'a StepProgram>>,
        (better, window): (&'a BetterPool<'a>, u32),
        work: &Work,
        watch: &mut Watch,
    ) -> Result<(RunResult, FleetFigures), CliError> {
        let (seed, ttl) = (self.common.seed, self.common.ttl);
        let (plan, how) = (self.plan_of(work), (self.common.engine.into(), ttl));
        let routing = self.fleet.routing();
        let window = better.window(window);
        let Some(clients) = self.steady_clients(work) else {
            let tasks = self.task_list(work, window)?.map(Cow::Owned);
            let mut cascade = better.behind(fleet, routing, how);
            let result = watch.simulate(&mut cascade, better.hand_on(tasks, seed), plan);
            return Ok((result, cascade.figures()));
        };
        let pool = work.pool(seed, window, clients)?;
        pool.warm(clients, ttl, |client, content| fleet.warm(u64::from(client) + 1, content));
        let mut cascade = better.behind(fleet, routing, how);
        let tasks = better.hand_on(pool.loop_of(clients), seed);
        let result = watch.simulate(&mut cascade, tasks, plan);
        let calls_per_task = pool.calls_per_task() * (1.0 + better.rate);
        Ok((RunResult { calls_per_task, ..result }, cascade.figures()))
    }

    /// What each replica is called, in order of their numbers.
    pub(super) fn names(&self, crew: &Crew) -> Vec<String> {
        if !self.fleet.is_on() && crew.deployment.balance.is_some() {
            return ranks(crew.order).collect();
        }
        let (serving, prefilling) = self.fleet.counts();
        let role = if prefilling > 0 { "decodes" } else { "serves" };
        let mut names: Vec<String> =
            (0..serving).flat_map(|number| titles(number, role, crew.order)).collect();
        if let Some((pool, _)) = &crew.prefill {
            let numbers = serving..serving + prefilling;
            names.extend(numbers.flat_map(|number| titles(number, "prefills", &pool.order)));
        }
        if let Some(better) = &crew.better {
            let first = serving + prefilling;
            let model = &better.order.model.name;
            let numbers = first..first + better.replicas();
            names.extend(numbers.flat_map(|number| titles(number, model, &better.order)));
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
        let pools = (prefill, crew.better.as_ref());
        let mut document = self.fleet.document((order, deployment), pools, (result, figures));
        if let Some(better) = &crew.better {
            fill_escalation(&mut document, &better.order, better.rate, result);
        }
        fill_oracle(&mut document, figures);
        if crew.forms.is_some() {
            fill_parts(&mut document, figures);
        }
        if let (Some((tiering, sources)), Some(measured)) = (&crew.stores, &figures.tiers) {
            fill_tiers(&mut document, (tiering, sources), measured);
        }
        document
    }
}

/// What the groups of a replica of `order` are called.
fn ranks(order: &Order) -> impl Iterator<Item = String> {
    let Order { chip, plan, .. } = *order;
    let each = plan.gpus() / plan.dp;
    (0..plan.dp).map(move |rank| format!("rank {rank}: {each} × {}", chip.name))
}

/// What a replica of a fleet is called, or each of its groups of ranks if these have sequences of
/// their own.
fn titles(number: usize, role: &str, order: &Order) -> Vec<String> {
    let replica = format!("replica {number}, {role}");
    match order.ways.balance {
        None => vec![format!("{replica}: {} {}", order.chip.name, order.plan)],
        Some(_) => ranks(order).map(|rank| format!("{replica}, {rank}")).collect(),
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
        let better = self.better.iter().map(|better| &better.order);
        let orders = std::iter::once(self.order).chain(prefilling).chain(better);
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
