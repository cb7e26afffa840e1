//! The flags of `run` that make a fleet of a replica.

use clap::Args;

use super::acceptance::Drafting;
use super::better::{BetterFlags, BetterPool};
use super::parts::{Lesser, Outage, PartFlags, outage};
use super::rates::RateFlags;
use super::tiers::{Stores, TierFlags};
use crate::cli::CliError;
use crate::cli::simulate::values;
use crate::cluster::{
    self, Deployment, Faults, Fleet, FleetFigures, HostCores, NoNetwork, Order, Policy, Prefilling,
    Routing, RunResult,
};
use crate::cost::StepProgram;
use crate::des::Streams;
use crate::model::{Model, Plan};
use crate::report::{Pool, RunDocument, Wire, fill_fleet};
use crate::serving::{Engine, Speculating, Speculation};
use crate::units::{BytesPerSec, SimSpan, significant};

/// Replicas, routing, disaggregation, failures, tools.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Fleet")]
pub(in crate::cli::simulate::run) struct FleetFlags {
    /// Replicas that serve requests, or decode them if others prefill
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=4096))]
    replicas: u32,
    /// How requests are spread over them: round-robin, least-loaded, prefix-affinity, kv-aware,
    /// session-affinity
    #[arg(long, value_name = "POLICY", default_value_t = Policy::RoundRobin)]
    routing: Policy,
    /// Replicas tell routers their load and cached content only this often; round-robin and
    /// session-affinity ask for neither [default: at once]
    #[arg(long, value_name = "TIME", value_parser = values::span)]
    view_refresh: Option<SimSpan>,
    /// What a prompt token to compute counts for kv-aware, a prompt token under way being one
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=1000))]
    overlap_weight: u32,
    /// Replicas that prefill prompts and hand their KV to the others
    #[arg(long, value_name = "N", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=4096))]
    prefill_replicas: u32,
    /// Their chip [default: --chip]
    #[arg(long, value_name = "C")]
    prefill_chip: Option<String>,
    /// Their parallel plan [default: that of the others]
    #[arg(long, value_name = "PLAN")]
    prefill_plan: Option<Plan>,
    /// How prompts are spread over them [default: --routing]
    #[arg(long, value_name = "POLICY")]
    prefill_routing: Option<Policy>,
    /// Prompts with no more tokens to compute than this are prefilled where they are decoded
    #[arg(long, value_name = "TOKENS", default_value_t = 0)]
    local_below: u32,
    /// Bandwidth of one chip for KV that is handed over
    /// [default: the scale-up link if all chips share one domain, else the network]
    #[arg(long, value_name = "RATE", value_parser = values::bandwidth)]
    handoff_bandwidth: Option<BytesPerSec>,
    /// Time before the first byte of a hand-over flows [default: none]
    #[arg(long, value_name = "TIME", value_parser = values::span)]
    handoff_latency: Option<SimSpan>,
    /// Each replica fails after this long on average, at exponential times
    #[arg(long, value_name = "TIME", value_parser = values::uptime)]
    fail_every: Option<SimSpan>,
    /// A failed replica is down for this long on average
    #[arg(long, value_name = "TIME", value_parser = values::span, default_value = "10min")]
    pub(super) repair: SimSpan,
    /// Replica N (from 0, those that prefill last) fails at a time, and returns after another if
    /// one is given: `2@10min`, `0@90s+5min`
    #[arg(long, value_name = "N@TIME[+TIME]", num_args = 1.., value_parser = outage)]
    outage: Vec<Outage>,
    /// Parts of replicas
    #[command(flatten)]
    pub(in crate::cli::simulate::run) parts: PartFlags,
    /// Their rates
    #[command(flatten)]
    pub(super) rates: RateFlags,
    /// Tools of agents queue for this many host cores [default: cores without number]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    host_cores: Option<u32>,
    /// Draft tokens a step, which the model verifies at once (MTP, EAGLE) [default: none]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(super) draft_tokens: Option<u32>,
    /// Tokens gained a step on average with 1, 2, … draft tokens: `1.8,2.4,2.8`
    /// [default: as measured, for the models that were]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    acceptance: Vec<f64>,
    /// Time of drafting a token over that of a plain decode step [default: 1 / layers]
    #[arg(long, value_name = "SHARE", value_parser = values::share)]
    draft_share: Option<f64>,
    /// Draft fewer tokens, or none, where batches are so large that it does not pay
    #[arg(long)]
    pub(super) adaptive_depth: bool,
    /// Share of a tool call's time for which it needs its core
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = values::share)]
    tool_cpu_share: f64,
    /// Say what share of prompt tokens a cache of the same size would find that knows the future
    #[arg(long)]
    kv_oracle: bool,
    /// The better model
    #[command(flatten)]
    pub(in crate::cli::simulate::run) better: BetterFlags,
    /// What lies below HBM
    #[command(flatten)]
    pub(in crate::cli::simulate::run) tiers: TierFlags,
}

/// The pool that prefills, as ordered and deployed.
pub(in crate::cli::simulate::run) struct PrefillPool<'a> {
    pub(in crate::cli::simulate::run) order: Order<'a>,
    pub(in crate::cli::simulate::run) deployment: Deployment,
}

impl<'a> PrefillPool<'a> {
    /// What its replicas are while no part fails.
    pub(super) const fn whole(&self) -> (&Order<'a>, &Deployment) {
        (&self.order, &self.deployment)
    }

    /// The pool of `order`, which prefills for the replicas of `serving`.
    pub(in crate::cli::simulate::run) fn of(
        mut order: Order<'a>,
        serving: &Order,
    ) -> Result<Self, CliError> {
        // What is handed over is not converted on its way.
        order.precision.kv = serving.precision.kv;
        let deployment = order.deploy()?;
        Ok(Self { order, deployment })
    }
}

impl FleetFlags {
    /// Replicas that serve or decode, and those that prefill for them.
    pub(in crate::cli::simulate::run) fn counts(&self) -> (usize, usize) {
        (self.replicas as usize, self.prefill_replicas as usize)
    }

    /// Whether there is more than one replica and nothing about it.
    pub(in crate::cli::simulate::run) fn is_on(&self) -> bool {
        self.replicas > 1
            || self.prefill_replicas > 0
            || self.fail_every.is_some()
            || !self.outage.is_empty()
            || self.parts.is_on()
            || self.rates.is_on()
            || self.host_cores.is_some()
            || self.draft_tokens.is_some()
            || self.tiers.is_on()
            || self.kv_oracle
            || self.better.names().is_some()
    }

    /// Refuses what does not go together.
    pub(in crate::cli::simulate::run) fn check(
        &self,
        is_explained: bool,
        is_open_loop: bool,
    ) -> Result<(), CliError> {
        let refuse = |flag, value: &str, problem: &str, remedy: &str| {
            let (value, problem, remedy) = (value.into(), problem.into(), remedy.into());
            Err(CliError::Flag { flag, value, problem, remedy })
        };
        let prefill_only = [
            ("--prefill-chip", self.prefill_chip.is_some()),
            ("--prefill-plan", self.prefill_plan.is_some()),
            ("--prefill-routing", self.prefill_routing.is_some()),
            ("--local-below", self.local_below > 0),
            ("--handoff-bandwidth", self.handoff_bandwidth.is_some()),
            ("--handoff-latency", self.handoff_latency.is_some()),
        ];
        if self.prefill_replicas == 0
            && let Some((flag, _)) = prefill_only.into_iter().find(|(_, is_set)| *is_set)
        {
            let problem = format!("no replica prefills for others, but {flag} is set");
            let remedy = format!("give 1 or more, or leave {flag} out, of the scenario as well");
            return refuse("--prefill-replicas", "0", &problem, &remedy);
        }
        let draft_only = [
            ("--acceptance", !self.acceptance.is_empty()),
            ("--draft-share", self.draft_share.is_some()),
            ("--adaptive-depth", self.adaptive_depth),
        ];
        if self.draft_tokens.is_none()
            && let Some((flag, _)) = draft_only.into_iter().find(|(_, is_set)| *is_set)
        {
            let problem = "no token is drafted";
            return refuse(flag, "is set", problem, "give --draft-tokens, or leave it out");
        }
        self.tiers.check(is_explained, is_open_loop)?;
        self.better.check(is_open_loop)?;
        let size = (self.replicas + self.prefill_replicas) as usize;
        if let Some(outage) = self.outage.iter().find(|outage| outage.replica >= size) {
            let (value, problem) =
                (outage.replica.to_string(), format!("replicas are numbered 0 to {}", size - 1));
            return refuse("--outage", &value, &problem, "name one of these");
        }
        self.parts.check(size, self.rates.is_on())?;
        let other_faults = [
            ("--fail-every", self.fail_every.is_some()),
            ("--outage", !self.outage.is_empty()),
            ("--part-fault", self.parts.is_on()),
        ];
        if self.rates.is_on()
            && let Some((flag, _)) = other_faults.into_iter().find(|(_, is_set)| *is_set)
        {
            let problem = "replicas fail by --part-faults already";
            return refuse(flag, "is set", problem, "leave one of the two out");
        }
        if self.is_on() && is_explained {
            let problem = "bands of fleets are not computed";
            return refuse("--explain", "is set", problem, "leave it out, or give one replica");
        }
        if self.host_cores.is_some() && is_open_loop {
            let problem = "recorded times hold what tools waited for already";
            return refuse("--host-cores", "is set", problem, "leave --open-loop or it out");
        }
        Ok(())
    }

    /// Faults of a schedule that come after the end of a run.
    pub(in crate::cli::simulate::run) fn late(&self, ended: SimSpan) -> Option<String> {
        let times = self.outage.iter().map(|outage| outage.at).chain(self.parts.times());
        let late = times.filter(|at| *at > ended).count();
        (late > 0).then(|| {
            format!(
                "{late} of the faults that were asked for come after the run's end at {} s, and \
                 are not in it; give a longer --duration or earlier times",
                significant(ended.seconds().get(), 4)
            )
        })
    }

    /// Whether a pool of its own prefills.
    pub(in crate::cli::simulate::run) fn has_prefill(&self) -> bool {
        self.prefill_replicas > 0
    }

    /// The name of the chip that prefills, if that is not the replicas' own.
    pub(in crate::cli::simulate::run) fn prefill_chip(&self) -> Option<&str> {
        self.prefill_chip.as_deref().filter(|_| self.has_prefill())
    }

    /// The plan of those that prefill for replicas of `serving`, if any do.
    pub(in crate::cli::simulate::run) fn prefill_plan(&self, serving: Plan) -> Option<Plan> {
        self.has_prefill().then(|| self.prefill_plan.unwrap_or(serving))
    }

    /// What carries KV from one pool to the other.
    pub(in crate::cli::simulate::run) fn wire(
        &self,
        serving: &Order,
        prefill: &Order,
    ) -> Result<Wire, CliError> {
        let pools = ((prefill, self.prefill_replicas), (serving, self.replicas));
        let found = cluster::Wire::between(pools.0, pools.1, self.handoff_bandwidth);
        let cluster::Wire { name, send, receive } =
            found.map_err(|NoNetwork(chip)| CliError::Flag {
                flag: "--chip",
                value: chip,
                problem: "the bandwidth of its network is not public".into(),
                remedy: "give --handoff-bandwidth".into(),
            })?;
        Ok(Wire { name, gb_s: [send, receive].map(|rate| rate.get() / 1e9) })
    }

    /// How tokens are drafted for `model`.
    pub(in crate::cli::simulate::run) fn speculation(
        &self,
        model: &Model,
    ) -> Result<Option<Speculation>, CliError> {
        let Some(depth) = self.draft_tokens else { return Ok(None) };
        let drafting = Drafting {
            depth,
            acceptance: &self.acceptance,
            share: self.draft_share,
            is_adaptive: self.adaptive_depth,
        };
        drafting.speculation(model).map(Some)
    }

    /// The idle fleet.
    pub(in crate::cli::simulate::run) fn build<'a>(
        &self,
        serving: (&Order, &'a Deployment),
        prefill: Option<(&'a PrefillPool<'a>, &Wire)>,
        (engine, ttl, seed): (Engine, Option<SimSpan>, u64),
        (speculation, stores, lessers): (Option<&Speculation>, Option<&Stores>, &'a [Lesser]),
    ) -> Fleet<Speculating<&'a StepProgram>> {
        let pool = |deployment: &'a Deployment, count| {
            let replica = |_| deployment.worker((ttl, engine), speculation.cloned());
            (0..count).map(replica).collect::<Vec<_>>()
        };
        let (order, deployment) = serving;
        let routing = self.routing();
        let mut fleet = Fleet::new(pool(deployment, self.replicas), routing);
        if let Some((prefill, wire)) = prefill {
            let [send, receive] = wire.gb_s.map(|rate| BytesPerSec::new(rate * 1e9));
            let wire = cluster::Wire { name: wire.name.clone(), send, receive };
            let routing = Routing { policy: self.prefill_policy(), ..routing };
            let prefilling = Prefilling {
                local_below: self.local_below,
                latency: self.handoff_latency.unwrap_or(SimSpan::ZERO),
                ..Prefilling::of(order, &wire, routing)
            };
            fleet =
                fleet.with_prefill(pool(&prefill.deployment, self.prefill_replicas), prefilling);
        }
        if let Some(between) = self.fail_every {
            let streams = Streams::new(seed);
            fleet = fleet.with_faults(Faults { between, repair: self.repair, streams });
        }
        for outage in &self.outage {
            fleet = fleet.with_outage(outage.replica, outage.at, outage.down);
        }
        for (replica, at, down) in self.parts.chips() {
            fleet = fleet.with_outage(replica, at, down);
        }
        for lesser in lessers {
            let whole = match prefill {
                Some((pool, _)) if lesser.outage.replica >= self.replicas as usize => {
                    &pool.deployment
                }
                _ => deployment,
            };
            fleet = fleet.with_part_fault(lesser.of(whole, speculation));
        }
        if let Some(cores) = self.host_cores {
            fleet = fleet.with_cores(HostCores::new(cores, self.tool_cpu_share));
        }
        if self.kv_oracle {
            fleet = fleet.with_oracle();
        }
        if let Some((tiering, _)) = stores {
            fleet = fleet.with_tiers(tiering.clone());
        }
        fleet
    }

    /// How requests are spread.
    pub(in crate::cli::simulate::run) fn routing(&self) -> Routing {
        let refresh = self.view_refresh.unwrap_or(SimSpan::ZERO);
        Routing { policy: self.routing, refresh, overlap_weight: self.overlap_weight }
    }

    fn prefill_policy(&self) -> Policy {
        self.prefill_routing.unwrap_or(self.routing)
    }

    /// The document of a run of the fleet.
    pub(in crate::cli::simulate::run) fn document(
        &self,
        serving: (&Order, &Deployment),
        (prefill, better): (Option<(&PrefillPool, &Wire)>, Option<&BetterPool>),
        (result, figures): (&RunResult, &FleetFigures),
    ) -> RunDocument {
        let (order, deployment) = serving;
        let role = if prefill.is_some() { "decode" } else { "serve" };
        let mut pools = vec![Pool { role, order, deployment, routing: self.routing.name() }];
        let mut wire = Wire::default();
        if let Some((prefill, found)) = prefill {
            let routing = self.prefill_policy().name();
            let PrefillPool { order, deployment } = prefill;
            pools.push(Pool { role: "prefill", order, deployment, routing });
            wire = found.clone();
        }
        pools.extend(better.map(|BetterPool { order, deployment, .. }| Pool {
            role: "better",
            order,
            deployment,
            routing: self.routing.name(),
        }));
        fill_fleet(&pools, result, figures, &wire)
    }
}
