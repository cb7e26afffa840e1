//! A model on chips: the plan, its step program, its memory, or why it does not fit.

use super::MemoryBudget;
use crate::cluster::tiers::Tiering;
use crate::cost::{
    Calibration, CostError, Division, Envelope, Layout, OpFamily, Pricing, StepProgram, Stretch,
};
use crate::hardware::Chip;
use crate::model::{Model, Op, Plan, PlanError, Precision, compile, forward, stages};
use crate::serving::{
    Balance, Convoy, Engine, Limits, Percentiles, Replica, Speculating, Speculation, Worker,
};
use crate::units::{Bytes, SimSpan, Watts};

/// What is to be deployed.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// On which chip.
    pub chip: &'a Chip,
    /// Which model.
    pub model: &'a Model,
    /// Spread how.
    pub plan: Plan,
    /// In which number formats.
    pub precision: Precision,
    /// With which batch limits; `state_pages` and `groups` are filled in here.
    pub limits: Limits,
    /// Priced how.
    pub pricing: Pricing,
    /// KV bytes on each rank, if not all that is left.
    pub kv: Option<Bytes>,
    /// What-if on the prices.
    pub stretch: Stretch,
    /// The longest sequence that must fit, in tokens.
    pub longest: u32,
    /// What is off unless asked for.
    pub ways: Ways,
}

/// Ways of running a step that are off unless asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ways {
    /// What a chip may draw, if that is bounded.
    pub power: Option<Envelope>,
    /// Whether one half of a step computes while the other exchanges tokens with their experts.
    pub overlap: bool,
    /// How requests are spread over groups of ranks with sequences, pages and limits of their own;
    /// if none, all share them, and are perfectly balanced.
    pub balance: Option<Balance>,
}

/// A replica's plan that fits.
pub struct Deployment {
    /// Prices its steps.
    pub program: StepProgram,
    /// One rank's memory.
    pub memory: MemoryBudget,
    /// KV pages of the replica.
    pub pages: u64,
    /// Its batch limits.
    pub limits: Limits,
    /// Its plan.
    pub plan: Plan,
    /// How requests are spread over groups of ranks, if those have sequences of their own.
    pub balance: Option<Balance>,
    /// Stores below the HBM of its replicas, where the ladder knows of any.
    pub below: Option<Tiering>,
}

/// Why a model cannot be deployed so. Messages end with the nearest plan that fits, if one does.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Misfit {
    #[error("{0}; choose a chip whose memory and peaks are known, or give the figures in a file")]
    Chip(String),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Cost(#[from] CostError),
    #[error(
        "--power-cap {cap}: {chip} draws {floor} idle and with all pins busy, whatever its cores \
         do; give more than that, {share:.0} % of its TDP"
    )]
    Power { chip: String, cap: Watts, floor: Watts, share: f64 },
    #[error(
        "two batches cannot overlap as {plan} of {model}: {why}; drop the overlap, or take a plan \
         like tp1-ep8-dp8, where tokens are sent to the ranks of their experts"
    )]
    Overlap { model: String, plan: Plan, why: &'static str },
    #[error(
        "ranks cannot have sequences of their own (--dp-balance) as {plan} of {model}: {why}; \
         {remedy}, or leave --dp-balance out"
    )]
    Balance { model: String, plan: Plan, why: &'static str, remedy: &'static str },
    #[error(
        "{chip} holds {usable} per chip, but {model} as {plan} needs {weights} for weights, \
         {activations} for activations and {reserve} in reserve; {nearest}"
    )]
    Weights {
        chip: String,
        model: String,
        plan: Plan,
        usable: Bytes,
        weights: Bytes,
        activations: Bytes,
        reserve: Bytes,
        nearest: Nearest,
    },
    #[error(
        "{kv} for KV on each chip was asked for, but {model} as {plan} on {chip} leaves {left}; \
         ask for less or {nearest}"
    )]
    Kv { chip: String, model: String, plan: Plan, kv: Bytes, left: Bytes, nearest: Nearest },
    #[error(
        "{model} as {plan} on {chip} leaves KV for {room} tokens, less than one sequence of \
         {longest}; {nearest}"
    )]
    Context { chip: String, model: String, plan: Plan, room: u64, longest: u32, nearest: Nearest },
}

/// Plans of more chips are not thought of.
const MOST_CHIPS: u32 = 256;

/// The nearest plan that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearest(Option<Box<Plan>>);

impl std::fmt::Display for Nearest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(plan) => write!(f, "{plan} fits"),
            None => f.write_str(
                "no plan of up to 256 chips fits; use fewer bits per weight or smaller steps",
            ),
        }
    }
}

impl Order<'_> {
    /// Checks that it fits and compiles its step program.
    pub fn deploy(&self) -> Result<Deployment, Misfit> {
        let memory = self.fit()?;
        let program = self.compile(|_| true)?;
        let kv = self.kv.unwrap_or(memory.kv);
        Ok(Deployment {
            program,
            memory,
            pages: memory.pages(kv, self.plan.dp),
            limits: Limits {
                state_pages: memory.state_pages(),
                groups: self.plan.dp,
                // A step of a pipeline has a micro-batch for each of its stages, and every part of
                // its contexts has its own tokens.
                max_batched_tokens: self.step_tokens().saturating_mul(self.plan.pp),
                ..self.limits
            },
            plan: self.plan,
            balance: self.ways.balance,
            below: None,
        })
    }

    /// Its step program, whether it fits or not.
    pub fn program(&self) -> Result<StepProgram, Misfit> {
        self.check_overlap()?;
        self.check_balance()?;
        self.compile(|_| true)
    }

    /// The step program of its operators of some families alone, at full clocks: what they draw by
    /// themselves does not tell the clock of a whole step. Whether it fits is not asked.
    pub fn program_of(&self, families: &[OpFamily]) -> Result<StepProgram, Misfit> {
        let order = Self { ways: Ways { power: None, ..self.ways }, ..*self };
        order.compile(|op| families.contains(&OpFamily::of(&op.kind)))
    }

    /// The step program of the operators to `keep`.
    fn compile(&self, keep: impl Fn(&Op) -> bool) -> Result<StepProgram, Misfit> {
        let mut ops = compile(&forward(self.model, &self.plan, &self.precision)?);
        ops.retain(&keep);
        let mut of_stages;
        let division = if self.ways.overlap {
            Division::Halves
        } else if self.ways.balance.is_some() {
            Division::Groups
        } else if self.plan.pp > 1 {
            of_stages = stages(self.model, &self.plan, &self.precision)?;
            for ops in &mut of_stages {
                ops.retain(&keep);
            }
            Division::Stages { stages: &of_stages, tokens: self.step_tokens() }
        } else {
            Division::Whole
        };
        let (stretch, power) = (self.stretch, self.ways.power);
        let layout = Layout { ops: &ops, division, stretch, power };
        let how = (Calibration::embedded(), self.pricing);
        Ok(StepProgram::compile_layout(&layout, self.chip, how)?)
    }

    /// The memory budget, or what does not fit.
    fn fit(&self) -> Result<MemoryBudget, Misfit> {
        let (chip, model) = (self.chip.name.clone(), self.model.name.clone());
        self.chip.simulable().map_err(Misfit::Chip)?;
        self.model.check_plan(&self.plan)?;
        self.check_power()?;
        self.check_overlap()?;
        self.check_balance()?;
        let (plan, memory) = (self.plan, self.memory());
        if !memory.missing().is_zero() || memory.kv.is_zero() {
            let MemoryBudget { usable, weights, activations, reserve, .. } = memory;
            let nearest = self.nearest();
            return Err(Misfit::Weights {
                chip,
                model,
                plan,
                usable,
                weights,
                activations,
                reserve,
                nearest,
            });
        }
        let kv = self.kv.unwrap_or(memory.kv);
        if kv > memory.kv {
            let (left, nearest) = (memory.kv, self.nearest());
            return Err(Misfit::Kv { chip, model, plan, kv, left, nearest });
        }
        let room = self.room(&memory);
        if room < u64::from(self.longest) {
            let (longest, nearest) = (self.longest, self.nearest());
            return Err(Misfit::Context { chip, model, plan, room, longest, nearest });
        }
        Ok(memory)
    }

    /// Lower clocks leave what idling and memory draw.
    fn check_power(&self) -> Result<(), Misfit> {
        let Some(power) = self.ways.power.filter(|power| power.cap <= power.floor()) else {
            return Ok(());
        };
        let (cap, floor) = (power.cap, power.floor());
        let share = libm::ceil(100.0 * (floor / power.limit));
        Err(Misfit::Power { chip: self.chip.name.clone(), cap, floor, share })
    }

    /// Two halves need tokens that are on their way while others compute.
    fn check_overlap(&self) -> Result<(), Misfit> {
        let Plan { pp, ep, cp, .. } = self.plan;
        let why = match () {
            () if !self.ways.overlap => return Ok(()),
            () if !self.model.has_routed_experts() => "the model has no routed experts",
            () if cp > 1 => "groups that share contexts (cp) pass keys on meanwhile",
            () if self.plan.groups() == 1 || ep == 1 => {
                "every rank has every token already, none is dispatched"
            }
            () if pp > 1 => "micro-batches of pipeline stages overlap in their own way",
            () => return Ok(()),
        };
        Err(Misfit::Overlap { model: self.model.name.clone(), plan: self.plan, why })
    }

    /// Groups of ranks that wait for each other must be there, and make steps in one piece.
    fn check_balance(&self) -> Result<(), Misfit> {
        const PLAN: &str = "take a plan like tp1-ep8-dp8";
        let Ways { power, overlap, balance } = self.ways;
        let (why, remedy) = match () {
            () if balance.is_none() => return Ok(()),
            () if self.plan.dp == 1 => {
                ("without attention-DP (dp) they share every sequence", PLAN)
            }
            () if self.plan.pp > 1 => ("pipeline stages (pp) divide the steps of all alike", PLAN),
            () if overlap => ("two batches are halves of equal ranks", "drop --overlap"),
            () if power.is_some() => ("a cap asks what equal ranks draw", "drop --power-cap"),
            () if !self.limits.divide_among(self.plan.dp) => (
                "their limits of sequences and of tokens a step do not divide evenly",
                "give --max-seqs and --max-batched-tokens that are multiples of dp",
            ),
            () if self.stretch.schedules_beside() => (
                "each group has a scheduler of its own, whose time is not known to hide",
                "drop --overlap-scheduling",
            ),
            () => return Ok(()),
        };
        let (model, plan) = (self.model.name.clone(), self.plan);
        Err(Misfit::Balance { model, plan, why, remedy })
    }

    /// Most tokens of a step, or of a micro-batch: the limit is that of what a group computes.
    const fn step_tokens(&self) -> u32 {
        self.limits.max_batched_tokens.saturating_mul(self.plan.cp)
    }

    fn memory(&self) -> MemoryBudget {
        let on = (self.chip, self.pricing.engine);
        MemoryBudget::of(on, self.model, &self.plan, &self.precision, &self.limits)
    }

    /// Tokens of a single sequence that fit.
    fn room(&self, memory: &MemoryBudget) -> u64 {
        // A sequence lives in one group of an attention-DP plan.
        let pages = memory.pages(self.kv.unwrap_or(memory.kv), 1);
        let pages = pages.saturating_sub(u64::from(memory.state_pages()));
        pages.saturating_mul(u64::from(self.limits.page_tokens))
    }

    /// The smallest larger `tp` of the domain that fits, or the fewest chips that do.
    fn nearest(&self) -> Nearest {
        let domain = self.chip.scale_up.as_ref().map_or(1, |link| link.domain);
        let mut larger = (self.plan.tp + 1..=domain).map(|tp| Plan { tp, ..self.plan });
        let mut anywhere = self.plans_across();
        anywhere.sort_by_key(|plan| (plan.gpus(), plan.pp, plan.dp, plan.tp));
        let fits = |plan: &Plan| self.holds(*plan);
        Nearest(larger.find(fits).or_else(|| anywhere.into_iter().find(fits)).map(Box::new))
    }

    /// Plans of more chips than this order's, across domains where need be.
    fn plans_across(&self) -> Vec<Plan> {
        const STAGES: [u32; 6] = [1, 2, 3, 4, 8, 16];
        const RANKS: [u32; 5] = [1, 2, 4, 8, 16];
        const GROUPS: [u32; 4] = [8, 16, 32, 64];
        let staged = RANKS.iter().flat_map(|&tp| STAGES.map(|pp| Plan { pp, ..Plan::tp(tp) }));
        let wide = RANKS
            .iter()
            .flat_map(|&tp| GROUPS.map(|groups| Plan { ep: groups, dp: groups, ..Plan::tp(tp) }));
        let larger = |plan: &Plan| plan.gpus() > self.plan.gpus() && plan.gpus() <= MOST_CHIPS;
        staged.chain(wide).filter(larger).collect()
    }

    /// Whether the model fits as `plan`.
    fn holds(&self, plan: Plan) -> bool {
        let order = Self { plan, ..*self };
        let memory = order.memory();
        self.model.check_plan(&plan).is_ok()
            && memory.missing().is_zero()
            && self.kv.is_none_or(|kv| kv <= memory.kv)
            && order.room(&memory) >= u64::from(self.longest)
    }
}

impl Deployment {
    /// An idle replica whose unpinned KV is forgotten after `ttl`.
    pub fn replica(&self, ttl: Option<SimSpan>) -> Replica<&StepProgram> {
        Replica::new(&self.program, self.limits, self.pages, ttl)
    }

    /// The same, whose groups of ranks have sequences of their own, if they do.
    pub fn convoy(&self, ttl: Option<SimSpan>) -> Option<Convoy<&StepProgram>> {
        let balance = self.balance?;
        Some(Convoy::new(&self.program, self.limits, self.pages, ttl, balance))
    }

    /// A replica of a fleet, driven by `engine`, whose groups of ranks have sequences of their own
    /// if they do; it decodes speculatively if `speculation` says how.
    pub fn worker(
        &self,
        (ttl, engine): (Option<SimSpan>, Engine),
        speculation: Option<Speculation>,
    ) -> Worker<Speculating<&StepProgram>> {
        let Some(balance) = self.balance else {
            return self.speculating_replica(ttl, speculation).with_engine(engine).into();
        };
        let pricer = Speculating::new(&self.program, speculation);
        let convoy = Convoy::new(pricer, self.limits, self.pages, ttl, balance);
        convoy.with(engine, Percentiles::Exact).into()
    }

    /// An idle replica that decodes speculatively if `speculation` says how.
    pub fn speculating_replica(
        &self,
        ttl: Option<SimSpan>,
        speculation: Option<Speculation>,
    ) -> Replica<Speculating<&StepProgram>> {
        let pricer = Speculating::new(&self.program, speculation);
        Replica::new(pricer, self.limits, self.pages, ttl)
    }

    /// KV capacity of the replica, in tokens.
    pub fn kv_tokens(&self) -> u64 {
        self.pages.saturating_mul(u64::from(self.limits.page_tokens))
    }
}
