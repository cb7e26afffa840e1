//! `memwall run`: one simulation in depth.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::crew::Crew;
use super::doubts::{doubts, overload};
use super::fleet::FleetFlags;
use super::formats::ToolFormat;
use crate::cli::files::Staged;
use crate::cli::simulate::common::CommonFlags;
use crate::cli::simulate::explain::band_run;
use crate::cli::simulate::scenario::Scenario;
use crate::cli::simulate::values;
use crate::cli::simulate::work::{LONGEST_PAUSE, Work};
use crate::cli::specs::catalog;
use crate::cli::{CliError, Exit, Shell};
use crate::cluster::{
    Deployment, FleetFigures, Load, Order, Progress, RunResult, at_rate, simulate,
};
use crate::des::Streams;
use crate::model::Plan;
use crate::report::{Bench, RunDocument, fill_run, render_run, requests_csv, to_json};
use crate::units::{PerSec, SimSpan};
use crate::workload::Task;

const EXAMPLES: &str = "\
Examples:
  memwall run --chip h100-sxm --tp 8 --model llama-3.1-70b --concurrency 64
  memwall run --chip gb300 --tp 4 --trace sessions/ --out results/
  memwall run --chip b200-sxm --workload chat --rate 20 --duration 10min --json
  memwall run routing --routing round-robin
  memwall run scenario.toml";

/// When the simulation of generated work stops if nothing else is said.
const DURATION: SimSpan = SimSpan::from_ms(7_200_000);

/// Flags of `run`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Run {
    /// A TOML file whose keys are these flags (`chip = "h100-sxm"`, `max-seqs = 128`), or a shipped
    /// scenario: disaggregated, failures, host-cores, prefill-on-older-chips, routing, speculative;
    /// flags win
    #[arg(value_name = "SCENARIO.toml")]
    scenario: Option<PathBuf>,
    /// The chip: a name of `memwall chips list`
    #[arg(long, value_name = "C", default_value = "h100-sxm")]
    pub(in crate::cli::simulate) chip: String,
    /// Tensor parallelism: chips of the replica
    #[arg(long, value_name = "N", conflicts_with = "plan")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(Plan::MOST_GPUS)))]
    pub(in crate::cli::simulate) tp: Option<u32>,
    /// The parallel plan (`tp8`, `tp4-pp2`, `tp1-ep8-dp8`) [default: tp1]
    #[arg(long, value_name = "PLAN")]
    pub(in crate::cli::simulate) plan: Option<Plan>,
    /// What is simulated, and how
    #[command(flatten)]
    pub(in crate::cli::simulate) common: CommonFlags,
    /// The fleet
    #[command(flatten)]
    pub(super) fleet: FleetFlags,
    /// Tasks in flight; each that ends is replaced at once
    /// [default: 32 for generated work; traces start tasks when they were recorded]
    #[arg(long, value_name = "N", conflicts_with = "rate")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    concurrency: Option<u32>,
    /// Tasks that start per second, as a Poisson process
    #[arg(long, value_name = "R", value_parser = values::rate)]
    rate: Option<f64>,
    /// Send every recorded call at its recorded time, even if the one before it has not ended
    #[arg(long, conflicts_with_all = ["concurrency", "rate"])]
    open_loop: bool,
    /// Stop after this much simulated time [default: 2h for generated work]
    #[arg(long, value_name = "TIME", value_parser = values::span)]
    duration: Option<SimSpan>,
    /// Simulate at most this many tasks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    tasks: Option<u64>,
    /// Measure nothing before this much simulated time
    /// [default: 1h for closed loops of generated work without --duration]
    #[arg(long, value_name = "TIME", value_parser = values::span)]
    warmup: Option<SimSpan>,
    /// Keep summary.json and requests.csv in this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the result as another tool would
    #[arg(long, value_enum, value_name = "TOOL", conflicts_with = "json")]
    format: Option<ToolFormat>,
    /// Say how far each figure may be off, and why: a band that holds it with 80 % probability
    #[arg(long)]
    pub(in crate::cli::simulate) explain: bool,
    /// Put wall-clock figures into the result
    #[arg(long)]
    timing: bool,
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
        let catalog = catalog(shell)?;
        let chip = catalog.chip(&self.chip)?;
        let model = self.common.model(shell)?;
        let work = self.common.work.read(shell)?;
        let work =
            if self.steady_clients(&work).is_some() { work.with_longest_pause() } else { work };
        self.check(&work)?;
        let plan = self.plan.unwrap_or(Plan::tp(self.tp.unwrap_or(1)));
        let order = self.common.order(chip, &model, plan, work.page_tokens());
        let deployment = order.deploy()?;
        let crew = Crew::of(self, &catalog, (&order, &deployment))?;
        if let Some(folder) = &self.out {
            prepare(folder)?;
        }
        let started = Instant::now();
        let (result, figures) = self.drive(&crew, &work, shell)?;
        let mut document = self.document(&crew, &result, figures.as_ref(), &work);
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
        if let Some(folder) = &self.out {
            keep(folder, &document, &result, shell)?;
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
        let is_done = !result.outcomes.is_empty() && !result.is_cut_off;
        Ok(if is_done { Exit::Done } else { Exit::Failed })
    }

    /// Flags that only the work shows to be at odds.
    pub(in crate::cli::simulate) fn check(&self, work: &Work) -> Result<(), CliError> {
        self.fleet.check(self.explain, self.open_loop)?;
        if self.open_loop && matches!(work, Work::Generated(_)) {
            return Err(CliError::Flag {
                flag: "--open-loop",
                value: "is set".into(),
                problem: "generated work has no recorded times".into(),
                remedy: "give a --trace, or a --rate".into(),
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

    /// The tasks, at their rate if one was given, at most as many as asked for.
    pub(super) fn task_list(
        &self,
        work: &Work,
        window: u32,
    ) -> Result<Box<dyn Iterator<Item = Task>>, CliError> {
        let tasks: Box<dyn Iterator<Item = Task>> =
            match (work.generated(self.common.seed, window)?, work) {
                (Some(tasks), _) => Box::new(tasks),
                (None, Work::Recorded { tasks, .. }) => Box::new(tasks.clone().into_iter()),
                (None, Work::Generated(_)) => unreachable!("generated work generates"),
            };
        let tasks: Box<dyn Iterator<Item = Task>> = match self.rate {
            Some(rate) => {
                Box::new(at_rate(tasks, PerSec::new(rate), Streams::new(self.common.seed)))
            }
            None => tasks,
        };
        Ok(Box::new(tasks.take(self.tasks.map_or(usize::MAX, |tasks| tasks as usize))))
    }

    fn drive(
        &self,
        crew: &Crew,
        work: &Work,
        shell: &Shell,
    ) -> Result<(RunResult, Option<FleetFigures>), CliError> {
        let horizon = self.horizon(work);
        let total = horizon.map_or(0, |span| span.as_ps() / 1_000_000_000_000);
        let bar = match horizon {
            Some(_) => shell.progress("simulating seconds", total),
            None => shell.spinner("simulating"),
        };
        let mut shown = 0;
        let mut watch = |progress: Progress| {
            let now = progress.now.since_start().as_ps() / 1_000_000_000_000;
            bar.advance(now - shown);
            shown = now;
        };
        self.measure(crew, work, &mut watch)
    }

    /// The run's document for another order.
    pub(in crate::cli::simulate) fn again(
        &self,
        order: &Order,
        work: &Work,
    ) -> Option<RunDocument> {
        let deployment = order.deploy().ok()?;
        let result = self.work_through(&deployment, work, order.model.context, &mut |_| {}).ok()?;
        Some(fill_run(order, &deployment, &result))
    }

    pub(in crate::cli::simulate) fn work_through(
        &self,
        deployment: &Deployment,
        work: &Work,
        window: u32,
        watch: &mut dyn FnMut(Progress),
    ) -> Result<RunResult, CliError> {
        let plan = self.plan_of(work);
        let engine = self.common.engine.into();
        let mut replica = deployment.replica(self.common.ttl).with_engine(engine);
        let Some(clients) = self.steady_clients(work) else {
            let tasks = self.task_list(work, window)?;
            return Ok(simulate(replica, tasks, plan, watch));
        };
        let pool = work.pool(self.common.seed, window, clients)?;
        let tasks = pool.enter(&mut replica, clients, self.common.ttl);
        let result = simulate(replica, tasks, plan, watch);
        Ok(RunResult { calls_per_task: pool.calls_per_task(), ..result })
    }

    /// The clients of a closed loop of generated work, which is entered in its steady state; not if
    /// a number of tasks is to be done from beginning to end.
    pub(in crate::cli::simulate) fn steady_clients(&self, work: &Work) -> Option<u32> {
        match (self.load(work), work) {
            (Load::Closed { concurrency }, Work::Generated(_)) if self.tasks.is_none() => {
                Some(concurrency)
            }
            _ => None,
        }
    }

    /// Loops in their steady state warm up as long as a person may pause.
    pub(super) fn warmup(&self, work: &Work) -> SimSpan {
        let steady = self.steady_clients(work).filter(|_| self.duration.is_none());
        self.warmup.unwrap_or(if steady.is_some() { LONGEST_PAUSE } else { SimSpan::ZERO })
    }

    /// Generated work has no end of its own.
    pub(super) fn horizon(&self, work: &Work) -> Option<SimSpan> {
        let is_endless = matches!(work, Work::Generated(_)) && self.tasks.is_none();
        self.duration.or(is_endless.then_some(DURATION))
    }

    pub(super) fn load(&self, work: &Work) -> Load {
        match (self.concurrency, self.rate, work) {
            (Some(concurrency), ..) => Load::Closed { concurrency },
            (None, None, Work::Generated(_)) => Load::Closed { concurrency: 32 },
            (None, None, Work::Recorded { .. }) if self.open_loop => Load::Timestamps,
            (None, ..) => Load::Arrivals,
        }
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

/// The files that are kept.
const KEPT: [&str; 2] = ["summary.json", "requests.csv"];

/// Makes the folder, and sure that the result can be kept there before it is computed.
fn prepare(folder: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(folder)
        .map_err(|source| CliError::Create { path: folder.into(), source })?;
    KEPT.iter().try_for_each(|name| Staged::probe(&folder.join(name)))
}

/// Writes the result's files, all or none.
fn keep(
    folder: &Path,
    document: &RunDocument,
    result: &RunResult,
    shell: &Shell,
) -> Result<(), CliError> {
    let mut staged = Staged::default();
    let [summary, requests] = KEPT.map(|name| folder.join(name));
    staged.add(&summary, to_json(document).as_bytes())?;
    staged.add(&requests, requests_csv(&result.outcomes).as_bytes())?;
    staged.commit()?;
    shell.inform(format!("{} are in {}", KEPT.join(" and "), folder.display()));
    Ok(())
}
