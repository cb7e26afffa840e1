//! A deployment with what serving techniques put around it.

use super::best::{Terms, first_guess};
use super::station::{GoesOn, Station};
use super::trial::run_closed;
use crate::cluster::deploy::{Deployment, Order, Wire};
use crate::cluster::fleet::{Fleet, Policy, Prefilling, Routing};
use crate::cluster::run::{
    Account, News, RunPlan, RunResult, Service, at_rate, simulate, simulate_while,
};
use crate::cost::StepProgram;
use crate::des::Streams;
use crate::model::Plan;
use crate::serving::{Extent, Outcome, Replica, Request, Speculating, Speculation, TooLong};
use crate::units::{PerSec, Seconds, SimSpan, SimTime};

/// How requests find their replica: there are few, and each is worth its cache.
const ROUTING: Routing =
    Routing { policy: Policy::KvAware, refresh: SimSpan::ZERO, overlap_weight: 1 };

/// Replicas of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pools {
    /// That prefill prompts for the others.
    pub prefill: u32,
    /// That decode.
    pub decode: u32,
}

impl Pools {
    /// Those that are tried.
    pub const ALL: [Self; 5] =
        [Self::of(1, 1), Self::of(1, 2), Self::of(2, 1), Self::of(1, 3), Self::of(3, 1)];

    const fn of(prefill: u32, decode: u32) -> Self {
        Self { prefill, decode }
    }

    /// The two splits of at most four replicas whose ratio of prefill to decode is nearest to
    /// `ratio`, the nearer first.
    pub fn near(ratio: f64) -> [Self; 2] {
        let off = |pools: &Self| {
            let own = f64::from(pools.prefill) / f64::from(pools.decode);
            libm::log(own / ratio.max(f64::MIN_POSITIVE)).abs()
        };
        let mut all = Self::ALL;
        all.sort_by(|a, b| off(a).total_cmp(&off(b)));
        [all[0], all[1]]
    }
}

/// A replica, or a fleet that is split in two, of one deployment.
pub struct Setup {
    /// What each replica is.
    pub deployment: Deployment,
    /// How it drafts tokens, if it does.
    pub speculation: Option<Speculation>,
    /// Whether it finds prefixes of prompts in its cache.
    pub keeps_prefixes: bool,
    /// Pools that prefill and decode apart, and how KV passes from one to the other.
    pub split: Option<(Pools, Prefilling)>,
    /// What each replica is that prefills for others, if not what those are.
    pub prefill: Option<Deployment>,
    /// How requests find their replica, where there are several.
    pub routing: Routing,
}

/// What a task takes of a replica, by phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phases {
    /// Steps that prefill, as far as prompts take them.
    pub prefill: Seconds,
    /// Decoding.
    pub decode: Seconds,
}

type Pricing<'a> = Speculating<&'a StepProgram>;

impl Setup {
    /// The deployment by itself.
    pub fn plain(deployment: Deployment) -> Self {
        Self {
            deployment,
            speculation: None,
            keeps_prefixes: true,
            split: None,
            prefill: None,
            routing: ROUTING,
        }
    }

    /// The same setup split into `pools`, between which KV passes over `wire`; `order` is what was
    /// deployed.
    pub fn split_into(self, pools: Pools, wire: &Wire, order: &Order) -> Self {
        let prefilling = Prefilling::of(order, wire, self.routing);
        Self { split: Some((pools, prefilling)), ..self }
    }

    /// The same setup, whose prompts are prefilled by replicas of another deployment.
    pub fn prefilled_by(self, deployment: Deployment) -> Self {
        Self { prefill: Some(deployment), ..self }
    }

    /// The time that it spends on prefill over that on decode, with as many tasks in flight as its
    /// cache has room for; 1 if it does neither.
    pub fn prefill_ratio(&self, terms: &Terms) -> f64 {
        let most = terms.pool.underway().len() as u32;
        let found = self.phases(first_guess(self, terms).min(most), terms);
        found.map_or(1.0, |Phases { prefill, decode }| prefill.get() / decode.get())
    }

    /// What a task takes of it with `clients` tasks in flight; none if nothing is decoded.
    pub fn phases(&self, clients: u32, terms: &Terms) -> Option<Phases> {
        let result = run_closed(self, clients, terms.bracket, terms);
        let (all, decode) = (result.meter.busy().total(), result.meter.decode().total());
        let tasks = result.tasks_per_hour() * result.window.seconds().get() / 3600.0;
        let of_task = |time: Seconds| Seconds::new(time.get() / tasks);
        let is_known = decode.get() > 0.0 && tasks > 0.0;
        is_known.then(|| Phases {
            prefill: of_task(all.saturating_sub(decode)),
            decode: of_task(decode),
        })
    }

    /// Replicas that decode, or serve, and those that prefill for them.
    fn counts(&self) -> [u32; 2] {
        self.split.map_or([1, 0], |(pools, _)| [pools.decode, pools.prefill])
    }

    /// What the replicas are that prefill for others.
    fn prefilling(&self) -> &Deployment {
        self.prefill.as_ref().unwrap_or(&self.deployment)
    }

    fn replica<'a>(&self, deployment: &'a Deployment, terms: &Terms) -> Replica<Pricing<'a>> {
        let replica = deployment.speculating_replica(terms.ttl, self.speculation.clone());
        replica.with_engine(terms.engine)
    }

    /// Whether its replicas are a fleet already, by themselves.
    fn is_fleet(&self) -> bool {
        self.split.is_some() || self.deployment.below.is_some()
    }

    /// The replicas of so many of it behind one router, or one for each kind of pool.
    pub(super) fn fleet(&self, times: u32, terms: &Terms) -> Fleet<Pricing<'_>> {
        let pool = |deployment, count| {
            (0..count * times).map(|_| self.replica(deployment, terms)).collect()
        };
        let [decode, prefill] = self.counts();
        let mut fleet = Fleet::new(pool(&self.deployment, decode), self.routing);
        if let Some((_, prefilling)) = self.split {
            fleet = fleet.with_prefill(pool(self.prefilling(), prefill), prefilling);
        }
        // Stores lie below those that prefill.
        match &self.prefilling().below {
            Some(tiering) => fleet.with_tiers(tiering.clone()),
            None => fleet,
        }
    }

    fn closed(
        &self,
        service: impl Service,
        clients: u32,
        (plan, terms, goes_on): (RunPlan, &Terms, GoesOn),
    ) -> RunResult {
        let service = Remembering { service, keeps_prefixes: self.keeps_prefixes };
        simulate_while(service, terms.pool.loop_of(clients), plan, &mut |_| {}, goes_on)
    }

    fn open(&self, service: impl Service, rate: PerSec, plan: RunPlan, terms: &Terms) -> RunResult {
        let service = Remembering { service, keeps_prefixes: self.keeps_prefixes };
        let tasks = at_rate(terms.pool.fresh(0), rate, Streams::new(terms.seed));
        simulate(service, tasks, plan, &mut |_| {})
    }
}

impl Station for Setup {
    fn plan(&self) -> Plan {
        self.deployment.plan
    }

    fn gpus(&self) -> u32 {
        let [decode, prefill] = self.counts();
        self.deployment.plan.gpus() * decode + self.prefilling().plan.gpus() * prefill
    }

    fn slots(&self) -> u32 {
        self.deployment.limits.max_seqs * self.counts()[0]
    }

    fn kv_tokens(&self) -> u64 {
        self.deployment.kv_tokens() * u64::from(self.counts()[0])
    }

    fn run_closed(&self, clients: u32, plan: RunPlan, terms: &Terms, goes_on: GoesOn) -> RunResult {
        let warmed = if self.keeps_prefixes { clients } else { 0 };
        if self.is_fleet() {
            let mut fleet = self.fleet(1, terms);
            // Tasks are numbered from 1 in a run.
            let warm = |client: u32, content: &[Extent]| {
                fleet.warm(u64::from(client) + 1, content);
            };
            terms.pool.warm(warmed, terms.ttl, warm);
            return self.closed(fleet, clients, (plan, terms, goes_on));
        }
        let mut replica = self.replica(&self.deployment, terms);
        let warm = |_, content: &[Extent]| replica.warm(SimTime::ZERO, content);
        terms.pool.warm(warmed, terms.ttl, warm);
        self.closed(replica, clients, (plan, terms, goes_on))
    }

    fn run_open(&self, rate: PerSec, plan: RunPlan, terms: &Terms) -> RunResult {
        if self.is_fleet() {
            return self.open(self.fleet(1, terms), rate, plan, terms);
        }
        self.open(self.replica(&self.deployment, terms), rate, plan, terms)
    }
}

/// A service that may not be told what its requests have in common.
struct Remembering<V> {
    service: V,
    keeps_prefixes: bool,
}

impl<V: Service> Service for Remembering<V> {
    fn dispatch(&self) -> SimSpan {
        self.service.dispatch()
    }

    fn reading(&self, prompt: u32) -> SimSpan {
        self.service.reading(prompt)
    }

    fn copied(&mut self, content: &[Extent]) -> Vec<Extent> {
        self.service.copied(if self.keeps_prefixes { content } else { &[] })
    }

    fn submit(&mut self, now: SimTime, request: Request, session: u64) -> Result<(), TooLong> {
        self.service.submit(now, request, session)
    }

    fn tool(&mut self, now: SimTime, span: SimSpan) -> SimSpan {
        self.service.tool(now, span)
    }

    fn hear(&mut self, now: SimTime, news: News) {
        self.service.hear(now, news);
    }

    fn awaits(&mut self, now: SimTime, sent: SimTime, next: (&[Extent], u32), session: u64) {
        if self.keeps_prefixes {
            self.service.awaits(now, sent, next, session);
        }
    }

    fn next_time(&self) -> Option<SimTime> {
        self.service.next_time()
    }

    fn advance(&mut self, now: SimTime, done: &mut Vec<Outcome>) {
        self.service.advance(now, done);
    }

    fn reset(&mut self, now: SimTime) {
        self.service.reset(now);
    }

    fn close(&mut self, now: SimTime) -> Account {
        self.service.close(now)
    }
}
