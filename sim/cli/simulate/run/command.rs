//! `memwall run`: one simulation in depth.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::crew::Crew;
use super::flags::{MechanismFlags, PolicyFlags, StepFlags, UserFlags};
use super::fleet::FleetFlags;
use super::load::PercentilesName;
use super::output::{ToolFormat, doubts, overload, unfinished};
use super::timeline::{Recording, TimelineFlags, Watch};
use crate::cli::files::{Staged, keep, prepare};
use crate::cli::money::{BasisFlags, share};
use crate::cli::simulate::common::CommonFlags;
use crate::cli::simulate::explain::band_run;
use crate::cli::simulate::scenario::Scenario;
use crate::cli::simulate::values;
use crate::cli::simulate::work::Work;
use crate::cli::specs::{catalog, chip_named};
use crate::cli::{CliError, Exit, Shell};
use crate::cluster::{FleetFigures, Load, Order, Progress, RunResult};
use crate::economics::Basis;
use crate::model::Plan;
use crate::report::{Bench, Paid, RunDocument, Used, fill_run, fill_task, render_run};
use crate::units::SimSpan;
use crate::workload::StreamEnd;

const EXAMPLES: &str = "\
Examples:
  memwall run --chip h100-sxm --tp 8 --model llama-3.1-70b --concurrency 64
  memwall run --chip gb300 --tp 4 --trace sessions/ --out results/
  memwall run --chip b200-sxm --workload chat --rate 20 --duration 10min --json
  memwall run routing --routing round-robin
  memwall run scenario.toml";

/// Flags of `run`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Run {
    /// A TOML file whose keys are these flags (`chip = "h100-sxm"`, `max-seqs = 128`), or a shipped
    /// scenario: cache-ttl, compaction, context-parallel, deadlines, disaggregated, engines,
    /// expert-copies, failures, host-cores, kv-offload, kv-pool, kv-precision, model-routing,
    /// overlap-scheduling, oversubscribed, part-failures, part-rates, per-user, pipeline,
    /// power-cap, prefetch, prefill-delay, prefill-on-older-chips, priorities, rank-skew, routing,
    /// speculative, sub-agents, two-batch, wide-ep-rack; flags win
    #[arg(value_name = "SCENARIO.toml")]
    scenario: Option<PathBuf>,
    /// The chip: a name of `memwall chips list`
    #[arg(long, value_name = "C", default_value = "h100-sxm")]
    pub(in crate::cli::simulate) chip: String,
    /// Tensor parallelism: chips of the replica
    #[arg(long, value_name = "N", conflicts_with = "plan")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(Plan::MOST_GPUS)))]
    pub(in crate::cli::simulate) tp: Option<u32>,
    /// The parallel plan: `tp8`, `tp4-pp2`, `tp8-cp4` (four groups share every context),
    /// `tp1-ep8-dp8`; `tp1-ep32-dp32-re1` with a copy of a popular expert on each rank [default:
    /// tp1]
    #[arg(long, value_name = "PLAN")]
    pub(in crate::cli::simulate) plan: Option<Plan>,
    /// What is simulated, and how
    #[command(flatten)]
    pub(in crate::cli::simulate) common: CommonFlags,
    /// How steps are filled, and at which clocks they run
    #[command(flatten)]
    pub(super) steps: StepFlags,
    /// How steps run
    #[command(flatten)]
    pub(super) mechanisms: MechanismFlags,
    /// Who is served first
    #[command(flatten)]
    pub(super) policies: PolicyFlags,
    /// The fleet
    #[command(flatten)]
    pub(super) fleet: FleetFlags,
    /// Who sends tasks
    #[command(flatten)]
    pub(super) users: UserFlags,
    /// Tasks in flight; each that ends is replaced at once
    /// [default: 32 for generated work; traces start tasks when they were recorded]
    #[arg(long, value_name = "N", conflicts_with = "rate")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub(super) concurrency: Option<u32>,
    /// Tasks that start per second, as a Poisson process
    #[arg(long, value_name = "R", value_parser = values::rate)]
    pub(super) rate: Option<f64>,
    /// Send every recorded call at its recorded time, even if the one before it has not ended
    #[arg(long, conflicts_with_all = ["concurrency", "rate"])]
    pub(super) open_loop: bool,
    /// Stop after this much simulated time [default: 2h for generated work]
    #[arg(long, value_name = "TIME", value_parser = values::span)]
    pub(super) duration: Option<SimSpan>,
    /// Simulate at most this many tasks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) tasks: Option<u64>,
    /// Measure nothing before this much simulated time
    /// [default: 1h for closed loops of generated work without --duration]
    #[arg(long, value_name = "TIME", value_parser = values::span)]
    pub(super) warmup: Option<SimSpan>,
    /// How percentiles are found: from every sample (exact), or in bounded memory, to within 0.05 %
    /// (sketch)
    #[arg(long, value_enum, value_name = "HOW", default_value_t = PercentilesName::Exact)]
    pub(super) percentiles: PercentilesName,
    /// Keep summary.json, requests.csv and timeline.json.gz in this folder
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// The timeline
    #[command(flatten)]
    pub(super) show: TimelineFlags,
    /// Print the result as another tool would
    #[arg(long, value_enum, value_name = "TOOL", conflicts_with = "json")]
    format: Option<ToolFormat>,
    /// Say how far each figure may be off, and why: a band that holds it with 80 % probability
    #[arg(long, visible_alias = "explain-band")]
    pub(in crate::cli::simulate) explain: bool,
    /// Put wall-clock figures into the result
    #[arg(long)]
    timing: bool,
    /// Share of tasks in which the model succeeds: a completed task pays for those that fail
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = share)]
    pub(in crate::cli::simulate) success: f64,
    /// Say what share of tasks is done within this time of its start
    #[arg(long, value_name = "TIME", value_parser = values::span)]
    pub(in crate::cli::simulate) deadline: Option<SimSpan>,
    /// How chips are paid for
    #[command(flatten)]
    pub(in crate::cli::simulate) money: BasisFlags,
}

impl Run {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        match &self.scenario {
            Some(path) => Scenario::read(path)?.under_flags(shell.words())?.simulate(shell),
            None => self.simulate(shell),
        }
    }

    fn simulate(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let chip = self.wired(chip_named(&self.chip, shell)?)?;
        let model = self.common.model(shell)?;
        // Bands replay the work many times over; a timeline is begun but once.
        let work = if self.explain || self.is_recorded() {
            self.common.work.read(shell)?
        } else {
            self.common.work.read_once(shell)?
        };
        let mut work =
            if self.steady_clients(&work).is_some() { work.with_longest_pause() } else { work };
        self.check(&work)?;
        let plan = self.parallel_plan();
        let order = self.order(&chip, &model, plan, work.page_tokens())?;
        let deployment = order.deploy()?;
        let named = self.named(shell)?;
        let crew = Crew::of(self, named.others(), (&order, &deployment), || catalog(shell))?;
        let api = self.money.api()?;
        if let Some(folder) = &self.out {
            prepare(folder)?;
        }
        let mut staged = Staged::default();
        let mut recording = self.record(&self.names(&crew), &work, &mut staged)?;
        let started = Instant::now();
        let (result, figures) = self.drive(&crew, &mut work, recording.as_mut(), shell)?;
        let mut document = self.document(&crew, &result, figures.as_ref(), &work);
        let basis = self.money.basis();
        let paid = Paid { api: api.as_ref(), ..self.paid(&basis) };
        fill_task(&mut document, &crew.used(&result, figures.as_ref()), &result, &paid);
        if self.timing {
            let wall_s = started.elapsed().as_secs_f64();
            document.sim.wall_s = Some(wall_s);
            document.sim.requests_per_wall_s = Some(result.requests.completed as f64 / wall_s);
        }
        if self.explain {
            band_run(&mut document, &order, &deployment.program, shell, |order| {
                self.again(order, &work)
            });
        }
        for warning in &document.warnings {
            shell.warn(warning);
        }
        if let Some(recording) = recording {
            recording.close(&document, shell)?;
        }
        if let Some(folder) = &self.out {
            keep(folder, &document, &result, &mut staged)?;
        }
        staged.commit()?;
        if let Some(folder) = &self.out {
            shell.inform(format!("summary.json and requests.csv are in {}", folder.display()));
        }
        if let Some(format) = self.format {
            shell.text(format.render(&Bench {
                document: &document,
                outcomes: &result.outcomes,
                plan,
                concurrency: match self.load(&work) {
                    Load::Closed { concurrency } => Some(concurrency),
                    _ => None,
                },
                rate: self.rate,
            }))?;
        } else if shell.json() {
            shell.json_document(&document)?;
        } else {
            shell.text(render_run(&document, shell.width()))?;
        }
        let Some(reason) = unfinished(&result) else { return Ok(Exit::Done) };
        shell.fail(reason);
        Ok(Exit::Failed)
    }

    /// The parallel plan of what serves.
    pub(super) fn parallel_plan(&self) -> Plan {
        self.plan.unwrap_or(Plan::tp(self.tp.unwrap_or(1)))
    }

    /// Flags that only the work shows to be at odds.
    pub(in crate::cli::simulate) fn check(&self, work: &Work) -> Result<(), CliError> {
        self.fleet.check(self.explain, self.open_loop)?;
        self.fleet.check_drafts(self.steps.is_capped(), self.mechanisms.has_ranks())?;
        self.fleet.check_rates(self.horizon(work))?;
        self.users.check(matches!(self.load(work), Load::Arrivals | Load::PerUser(_)))?;
        self.fleet.better.check_success(self.success)?;
        let keeps_requests = self.percentiles == PercentilesName::Exact;
        let engine = self.common.engine_profile();
        self.policies.check(keeps_requests, engine, work.has_sub_agents())?;
        if self.open_loop && matches!(work, Work::Generated(_)) {
            return Err(CliError::Flag {
                flag: "--open-loop",
                value: "is set".into(),
                problem: "generated work has no recorded times".into(),
                remedy: "give a --trace, or a --rate".into(),
            });
        }
        if let Work::Recorded { trace, .. } = work
            && self.open_loop
            && trace.is_untimed()
        {
            return Err(CliError::Flag {
                flag: "--open-loop",
                value: "is set".into(),
                problem: format!("{} has no times, only what calls wait for", trace.kind),
                remedy: "leave it out".into(),
            });
        }
        let lists = [
            ("--out", self.out.is_some()),
            ("--format", self.format.is_some()),
            ("--deadline", self.deadline.is_some()),
        ];
        if self.percentiles == PercentilesName::Sketch
            && let Some((flag, _)) = lists.into_iter().find(|(_, is_given)| *is_given)
        {
            return Err(CliError::Flag {
                flag: "--percentiles",
                value: "sketch".into(),
                problem: format!("does not keep the requests and tasks that {flag} needs"),
                remedy: "leave one of them out; --json gives the summary".into(),
            });
        }
        let (Some(warmup), Some(horizon)) = (self.warmup, self.horizon(work)) else {
            return Ok(());
        };
        if warmup < horizon {
            return Ok(());
        }
        Err(CliError::Flag {
            flag: "--warmup",
            value: format!("{} s", warmup.seconds().get()),
            problem: format!("the run stops after {} s", horizon.seconds().get()),
            remedy: "give a longer --duration or a shorter --warmup".into(),
        })
    }

    fn drive(
        &self,
        crew: &Crew,
        work: &mut Work,
        recording: Option<&mut Recording>,
        shell: &Shell,
    ) -> Result<(RunResult, Option<FleetFigures>), CliError> {
        let horizon = self.horizon(work);
        let total = horizon.map_or(0, |span| span.as_ps() / 1_000_000_000_000);
        let bar = match horizon {
            Some(_) => shell.progress("simulating seconds", total),
            None => shell.spinner("simulating"),
        };
        let mut shown = 0;
        let mut progress = |progress: Progress| {
            let now = progress.now.since_start().as_ps() / 1_000_000_000_000;
            bar.advance(now - shown);
            shown = now;
        };
        let mut watch = Watch::new(&mut progress).with_recording(recording);
        let window = crew.order().model.context;
        if let Work::Streamed { stream, .. } = &mut *work {
            if self.fleet.is_on() {
                *work = self.common.work.read(shell)?;
                return self.measure(crew, work, &mut watch);
            }
            match self.stream_through(crew.deployment(), stream, window, &mut watch) {
                Ok(result) => return Ok((result, None)),
                Err(StreamEnd::Broken(error)) => return Err(error.into()),
                Err(StreamEnd::Conversations) => *work = self.common.work.read(shell)?,
            }
        }
        self.measure(crew, work, &mut watch)
    }

    /// How tasks are paid for on `basis`, and what is asked of them.
    pub(in crate::cli::simulate) fn paid<'a>(&self, basis: &'a Basis) -> Paid<'a> {
        let ttl = self.common.ttl;
        Paid { basis, api: None, success: self.success, deadline: self.deadline, ttl }
    }

    /// The run's document for another order.
    pub(in crate::cli::simulate) fn again(
        &self,
        order: &Order,
        work: &Work,
    ) -> Option<RunDocument> {
        let deployment = order.deploy().ok()?;
        let mut nobody = |_| {};
        let watch = &mut Watch::new(&mut nobody);
        let result = self.work_through(&deployment, work, order.model.context, watch).ok()?;
        let mut document = fill_run(order, &deployment, &result);
        let basis = self.money.basis();
        let paid = self.paid(&basis);
        let used = Used { order, replicas: 1, meter: &result.meter };
        fill_task(&mut document, &[used], &result, &paid);
        Some(document)
    }

    pub(in crate::cli::simulate) fn document(
        &self,
        crew: &Crew,
        result: &RunResult,
        figures: Option<&FleetFigures>,
        work: &Work,
    ) -> RunDocument {
        let order = crew.order();
        let mut warnings = work.warnings(&order.model.name, order.model.context);
        warnings.extend(doubts(result));
        warnings.extend(self.fleet.late(result.ended.since_start()));
        if !matches!(self.load(work), Load::Closed { .. }) {
            warnings.extend(overload(result));
        }
        RunDocument {
            workload: work.name().to_owned(),
            seed: self.common.seed,
            warnings,
            ..self.fill(crew, result, figures)
        }
    }
}
