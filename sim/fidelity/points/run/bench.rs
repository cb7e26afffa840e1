//! A scenario's replica, deployed once and loaded as each row says.

use super::arrivals::{serve, serve_within, tasks};
use super::doubt::{Deviations, deviations};
use super::server::Server;
use crate::cluster::{Load, MemoryBudget, RunPlan, RunResult, Service, Summary, simulate};
use crate::cost::{Batch, Calibration, Division, Pricing, StepProgram, Stretch, TimeModel};
use crate::fidelity::bands::Doubt;
use crate::fidelity::points::layout::Reader;
use crate::fidelity::points::point::{Family, Metric, Statistic};
use crate::fidelity::points::scenario::{Checkpoint, Drive, Policy, Scenario};
use crate::hardware::{Chip, Format};
use crate::model::{LayerFormats, Model, Plan, Precision, Weights, compile, forward, stages};
use crate::serving::{Admission, Batching, Limits, Outcome, Replica, Rules};
use crate::units::{Bytes, Seconds, SimSpan};

/// Tokens in a KV page; engines have 16 to 64.
const PAGE_TOKENS: u32 = 32;

/// A replica's step program, and what it was compiled from.
pub struct Bench {
    pub(super) chip: Chip,
    pub(super) model: Model,
    pub(super) precision: Precision,
    pub(super) pricing: Pricing,
    pub(super) program: StepProgram,
    /// A replica that prefills for it, if others do.
    pub(super) prefill: Option<Box<Self>>,
    doubt: Doubt,
}

/// What predictions are made with.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Where names resolve.
    pub reader: Reader<'a>,
    /// The time model.
    pub cost: TimeModel,
    /// Its constants.
    pub calibration: &'a Calibration,
}

/// What a run of a scenario gave.
#[derive(Clone, Debug)]
pub struct Prediction {
    ttft: Option<Summary>,
    tpot: Option<Summary>,
    output_tok_s: f64,
    total_tok_s: f64,
    end_to_end_ms: f64,
    gpus: u32,
    deviations: Deviations,
}

/// A figure, and how uncertain its causes make it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicted {
    /// The figure.
    pub value: f64,
    /// The standard deviation of its logarithm, as far as it is explained.
    pub deviation: f64,
}

impl Bench {
    /// Compiles the replica of `scenario`, or says why it cannot be deployed.
    pub fn new(scenario: &Scenario, terms: Terms) -> Result<Self, String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let Terms { reader, cost, calibration } = terms;
        let chip = reader.chips.chip(&scenario.chip).map_err(|error| text(&error))?.clone();
        chip.simulable()?;
        let model = reader.models.model(&scenario.model).map_err(|error| text(&error))?;
        let (model, weights) = served(model, scenario.checkpoint);
        let precision = Precision { weights, kv: scenario.kv };
        let graph = forward(&model, &scenario.plan, &precision).map_err(|error| text(&error))?;
        let pricing = Pricing { model: cost, engine: scenario.engine };
        let stages = stages(&model, &scenario.plan, &precision).map_err(|error| text(&error))?;
        let Plan { dp, cp, .. } = scenario.plan;
        let tokens = scenario.policy.tokens.saturating_mul(dp).saturating_mul(cp);
        let division = Division::Stages { stages: &stages, tokens };
        let how = (calibration, pricing);
        let program =
            StepProgram::compile_divided(&compile(&graph), division, &chip, how, Stretch::NONE)
                .map_err(|error| text(&error))?;
        let doubt = Doubt::about(&chip, &program, calibration);
        let prefill = scenario.prefilled_by().map(|pool| Self::new(&pool, terms)).transpose()?;
        let prefill = prefill.map(Box::new);
        Ok(Self { chip, model, precision, pricing, program, prefill, doubt })
    }

    /// Runs `scenario`, or says why its load cannot be put on this replica.
    pub fn run(&self, scenario: &Scenario) -> Result<Prediction, String> {
        let (limits, pages) = self.room(scenario)?;
        let replica = || Replica::new(self.server(scenario), limits, pages, None);
        let result = match scenario.drive {
            Drive::Arrivals { rate, requests } => {
                serve(replica(), scenario.lengths, (rate, requests), &mut |_| true)
            }
            Drive::Within { ttft_ms, tpot_ms } => {
                let start = self.first_guess(scenario);
                serve_within(replica, scenario.lengths, (ttft_ms, tpot_ms), start)
                    .ok_or("it misses the service level at any rate")?
            }
            Drive::Pools { decoding, prefilling, .. } => {
                let decoding = (decoding, limits, pages);
                closed(self.fleet(scenario, decoding, prefilling)?, scenario)
            }
            _ => closed(replica(), scenario),
        };
        if result.requests.rejected > 0 || result.outcomes.is_empty() {
            return Err("requests are too long for the replica's KV cache".into());
        }
        let flight = in_flight(scenario.drive, &result);
        let deviations = deviations(self, scenario, flight, &self.doubt);
        Ok(Prediction::of(&result, scenario, deviations))
    }

    /// The limits and KV pages of a replica, or why no request of `scenario` fits into them.
    pub(super) fn room(&self, scenario: &Scenario) -> Result<(Limits, u64), String> {
        let limits = limits(scenario);
        let plan = &scenario.plan;
        let on = (&self.chip, scenario.engine);
        // A rank has the tokens of its own group.
        let own = Limits {
            max_batched_tokens: limits.max_batched_tokens / plan.dp,
            max_seqs: limits.max_seqs.div_ceil(plan.dp),
            ..limits
        };
        let memory = MemoryBudget::of(on, &self.model, plan, &self.precision, &own);
        let limits = Limits {
            state_pages: memory.state_pages(),
            groups: plan.dp,
            max_batched_tokens: limits.max_batched_tokens.saturating_mul(plan.pp * plan.cp),
            ..limits
        };
        let pages = memory.pages(memory.kv, plan.dp);
        let (_, longest) = scenario.lengths.longest();
        let needed = u64::from(limits.pages(longest));
        if !memory.missing().is_zero() || pages / u64::from(plan.dp) < needed {
            let kv = if memory.missing().is_zero() { memory.kv } else { Bytes::ZERO };
            return Err(format!(
                "{} as {plan} on {} leaves {kv} for KV, too little for {longest} tokens",
                self.model.name, scenario.chip
            ));
        }
        Ok((limits, pages))
    }

    /// Requests in a thousand seconds of steady decoding with half of the sequences.
    fn first_guess(&self, scenario: &Scenario) -> u32 {
        let flight = scenario.policy.sequences.div_ceil(2);
        let step = self.program.price(&self.steady_decode(scenario, flight)).total.get();
        let answer = step * f64::from(scenario.lengths.middle().1);
        (f64::from(flight) / answer * 1e3).max(1.0) as u32
    }

    /// The program behind the scenario's scheduler: a request that comes at any time waits half of
    /// the decode steps between two looks.
    pub(super) fn server(&self, scenario: &Scenario) -> Server<'_> {
        let steps = 0.5 * f64::from(scenario.policy.look - 1);
        let wait = if steps > 0.0 {
            let decode = self.steady_decode(scenario, scenario.drive.in_flight());
            self.program.price(&decode).total * steps
        } else {
            Seconds::ZERO
        };
        Server { program: &self.program, wait }
    }

    /// The step in which `flight` sequences are evenly spread over their answers.
    pub(super) fn steady_decode(&self, scenario: &Scenario, flight: u32) -> Batch {
        let (input, output) = scenario.lengths.middle();
        let mut batch = Batch { logits: flight, ..Batch::default() };
        for i in 0..flight {
            let share = (f64::from(i) + 0.5) / f64::from(flight);
            let context = f64::from(input) + share * f64::from(output);
            batch.decode.add(context as u32, self.program.clips());
        }
        batch
    }
}

impl Prediction {
    fn of(result: &RunResult, scenario: &Scenario, deviations: Deviations) -> Self {
        let replicas = f64::from(scenario.replicas);
        Self {
            ttft: result.ttft(),
            tpot: result.tpot(),
            output_tok_s: result.output_tok_s() * replicas,
            total_tok_s: result.total_tok_s() * replicas,
            end_to_end_ms: result.window.as_ms(),
            gpus: scenario.gpus,
            deviations,
        }
    }

    /// The predicted `metric`, if the run has it.
    pub fn value(&self, metric: &Metric) -> Option<Predicted> {
        let of = |summary: &Summary| match metric.statistic {
            Statistic::Mean => summary.mean,
            Statistic::P50 => summary.p50,
            Statistic::P99 => summary.p99,
        };
        let value = match metric.family {
            Family::Ttft => of(self.ttft.as_ref()?),
            Family::Tpot => of(self.tpot.as_ref()?),
            Family::Output => self.output_tok_s,
            Family::Total => self.total_tok_s,
            Family::EndToEnd => self.end_to_end_ms,
        };
        let share = if metric.is_per_gpu { 1.0 / f64::from(self.gpus) } else { 1.0 };
        let Deviations { first, rate } = self.deviations;
        let deviation = if metric.family == Family::Ttft { first } else { rate };
        let predicted = Predicted { value: value * share, deviation };
        (value.is_finite() && value > 0.0).then_some(predicted)
    }
}

/// The model with its layers in the formats that were served, and how to read them.
fn served(mut model: Model, checkpoint: Checkpoint) -> (Model, Weights) {
    let (format, shared) = match checkpoint {
        Checkpoint::Native => return (model, Weights::Checkpoint),
        Checkpoint::All(format) => return (model, Weights::All(format)),
        Checkpoint::FeedForward(format) => (format, format),
        Checkpoint::Experts(format) => (format, Format::Bf16),
    };
    for layer in &mut model.layers {
        let formats = LayerFormats::all(format);
        layer.formats = LayerFormats { mixer: Format::Bf16, shared, ..formats };
    }
    (model, Weights::Checkpoint)
}

/// The limits of the whole replica: every group of an attention-DP plan has its own budget.
fn limits(scenario: &Scenario) -> Limits {
    let Policy { tokens, sequences, delay, .. } = scenario.policy;
    let groups = scenario.plan.dp;
    Limits {
        max_batched_tokens: tokens.saturating_mul(groups),
        max_seqs: match scenario.drive {
            Drive::Offline(_) | Drive::Static(_) => sequences,
            _ => sequences.saturating_mul(groups),
        },
        admission: Admission::shipped(scenario.engine),
        batching: Batching::shipped(scenario.engine),
        rules: Rules { delay, ..Rules::default() },
        page_tokens: PAGE_TOKENS,
        state_pages: 0,
        groups: 1,
    }
}

/// Runs as many requests as the drive keeps in flight, one after another.
fn closed(server: impl Service, scenario: &Scenario) -> RunResult {
    let plan = RunPlan::whole(Load::Closed { concurrency: scenario.drive.in_flight() });
    let requests = requests(scenario.drive.in_flight(), scenario.drive);
    simulate(server, tasks(scenario.lengths, requests), plan, &mut |_| {})
}

/// Requests of a whole run of `flight` at a time.
///
/// A closed loop sends ten times its concurrency, as the benchmark clients do; loops of many
/// send fewer rounds, which moves no mean by as much as a per cent.
const fn requests(flight: u32, drive: Drive) -> u32 {
    match drive {
        Drive::Closed(_) | Drive::Pools { .. } if flight <= 256 => 10 * flight,
        Drive::Closed(_) | Drive::Pools { .. } => 4 * flight,
        _ => flight,
    }
}

/// Requests at one replica, at least one: as many as the drive keeps in flight, or as were written
/// there on average.
fn in_flight(drive: Drive, result: &RunResult) -> u32 {
    let there = |span: fn(&Outcome) -> SimSpan, replicas: u32| {
        let spans = result.outcomes.iter().map(|outcome| span(outcome).as_ms()).sum::<f64>();
        (spans / result.window.as_ms() / f64::from(replicas)).round().max(1.0) as u32
    };
    match drive {
        Drive::Arrivals { .. } | Drive::Within { .. } => there(Outcome::e2e, 1),
        Drive::Pools { decoding, .. } => there(|one| one.end.since(one.first_token), decoding),
        _ => drive.in_flight().max(1),
    }
}
