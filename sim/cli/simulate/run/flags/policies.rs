//! The flags of `run` for who is served first, and when.

use clap::{Args, ValueEnum};

use crate::cli::CliError;
use crate::cli::simulate::values;
use crate::cluster::{Classes, Order};
use crate::cost::{Calibration, EngineProfile, Stretch, TimeModel};
use crate::serving::{PrefillDelay, Rules, Scheduling};

/// What a scheduler does only if it is told to.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Scheduling")]
pub(in crate::cli::simulate::run) struct PolicyFlags {
    /// Who is admitted first and gives way last when pages run out: whoever came first (fcfs), or
    /// the more urgent, then the earlier (priority: vLLM 0.12's --scheduling-policy priority); or
    /// the same, and who waits takes the places of the less urgent (preemptive: SGLang 0.5's
    /// --enable-priority-scheduling)
    /// [default: fcfs, as vLLM 0.12, SGLang 0.5 and TensorRT-LLM 1.1 ship]
    #[arg(long, value_enum, value_name = "RULE")]
    scheduling: Option<SchedulingName>,
    /// This share of tasks, drawn by a random stream of its own, runs in the background: less
    /// urgent than the others, and shown apart
    #[arg(long, value_name = "SHARE", value_parser = values::share)]
    background: Option<f64>,
    /// Sub-agents are less urgent than main agents, and shown apart
    #[arg(long)]
    sub_agents_last: bool,
    /// Prompts wait for company for at most so many steps in which answers are written
    /// (TensorRT-LLM 1.1's `batch_wait_timeout_iters`) [default: none, as all three ship]
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u32).range(1..=1 << 16))]
    prefill_delay: Option<u32>,
    /// Or until this share of a step's tokens is there (its `batch_wait_max_tokens_ratio`)
    /// [default: 1]
    #[arg(long, value_name = "SHARE", value_parser = values::share, requires = "prefill_delay")]
    prefill_fill: Option<f64>,
    /// Most tokens of one prompt in a step (vLLM 0.12's --long-prefill-token-threshold)
    /// [default: the step's own limit, as all three ship]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    longest_chunk: Option<u32>,
    /// Host time of a step: as fitted, which is what the engines' own overlap scheduling leaves
    /// (shipped), or what would be left if all scheduling passed beside the kernels (full); of
    /// vLLM's little is left to hide, of SGLang's nothing
    /// [default: shipped]
    #[arg(long, value_enum, value_name = "HOW")]
    overlap_scheduling: Option<OverlapScheduling>,
}

/// What of the host's time is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OverlapScheduling {
    /// As the engines that were measured did it.
    Shipped,
    /// All but gaps between kernels.
    Full,
    /// Nothing.
    #[value(hide = true)]
    Off,
}

/// Who is served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SchedulingName {
    /// Whoever came first.
    Fcfs,
    /// The more urgent.
    Priority,
    /// The same, at the cost of the less urgent that run.
    Preemptive,
}

impl PolicyFlags {
    /// Refuses priorities where there are none, or nobody would see them.
    pub(in crate::cli::simulate::run) fn check(
        &self,
        keeps_requests: bool,
        engine: EngineProfile,
        has_sub_agents: bool,
    ) -> Result<(), CliError> {
        let refuse = |flag, value: String, problem: &str, remedy: &str| {
            let (problem, remedy) = (problem.into(), remedy.into());
            Err(CliError::Flag { flag, value, problem, remedy })
        };
        if self.sub_agents_last && !has_sub_agents {
            let remedy = "leave it out, or take a --workload whose agents start some";
            return refuse("--sub-agents-last", "is set".into(), "the work has none", remedy);
        }
        let has_classes = self.background.is_some() || self.sub_agents_last;
        if let Some(name) = self.scheduling.filter(|name| *name != SchedulingName::Fcfs) {
            let is_preemptive = name == SchedulingName::Preemptive;
            let name = if is_preemptive { "preemptive" } else { "priority" };
            if !has_classes {
                let problem = "all requests are equally urgent";
                let remedy = "give --background or --sub-agents-last";
                return refuse("--scheduling", name.into(), problem, remedy);
            }
            if is_preemptive && engine == EngineProfile::Trtllm {
                let problem = "TensorRT-LLM admits nobody before there is room for the whole \
                               answer, and guarantees that nobody is preempted";
                let remedy = "take priority, or another --engine-profile";
                return refuse("--scheduling", name.into(), problem, remedy);
            }
        }
        if has_classes && !keeps_requests {
            let problem = "does not keep the requests that are to be shown apart by urgency";
            let remedy = "leave out --background and --sub-agents-last, or --percentiles";
            return refuse("--percentiles", "sketch".into(), problem, remedy);
        }
        Ok(())
    }

    /// Refuses to hide what is not there, or to show what was not measured.
    pub(in crate::cli::simulate::run) fn check_overlap(
        &self,
        order: &Order,
        explain: bool,
    ) -> Result<(), CliError> {
        let refuse = |value: &str, problem: String, remedy: &str| {
            let (flag, value, remedy) = ("--overlap-scheduling", value.into(), remedy.into());
            Err(CliError::Flag { flag, value, problem, remedy })
        };
        let engine = order.pricing.engine;
        let terms = Calibration::embedded().host(engine);
        let problem = match self.overlap_scheduling {
            None | Some(OverlapScheduling::Shipped) => return Ok(()),
            Some(OverlapScheduling::Off) => {
                let problem = format!(
                    "{engine}'s host times were fitted to servers as they ship; what scheduling \
                     takes where nothing hides it was not measured"
                );
                return refuse("off", problem, "take shipped or full");
            }
            Some(OverlapScheduling::Full) if order.pricing.model == TimeModel::Roofline => {
                "the roofline has no host".to_owned()
            }
            Some(OverlapScheduling::Full) if order.plan.pp > 1 || order.ways.overlap => {
                "steps in several parts have a scheduler of their own".to_owned()
            }
            Some(OverlapScheduling::Full) if explain => {
                "bands know the host as it was fitted".to_owned()
            }
            Some(OverlapScheduling::Full) => {
                let scheduling = [terms.step, terms.sequence, terms.rank];
                if scheduling.iter().any(|term| !term.is_zero()) {
                    return Ok(());
                }
                format!("of {engine}'s host times, as it ships, only gaps between kernels are left")
            }
        };
        refuse("full", problem, "leave it out")
    }

    /// The what-if on the host's times.
    pub(in crate::cli::simulate::run) fn stretch(&self) -> Stretch {
        match self.overlap_scheduling {
            Some(OverlapScheduling::Full) => Stretch::NONE.scheduling_beside(),
            _ => Stretch::NONE,
        }
    }

    /// What is less urgent than the rest.
    pub(in crate::cli::simulate::run) fn classes(&self, seed: u64) -> Classes {
        let background_ppm = (self.background.unwrap_or(0.0) * 1e6).round() as u32;
        Classes { background_ppm, sub_agents: self.sub_agents_last, seed }
    }

    /// What the engine is told.
    pub(in crate::cli::simulate::run) fn rules(&self) -> Rules {
        let scheduling = match self.scheduling {
            Some(SchedulingName::Preemptive) => Scheduling::Preemptive,
            Some(SchedulingName::Priority) => Scheduling::Priority,
            Some(SchedulingName::Fcfs) | None => Scheduling::Fcfs,
        };
        let fill_ppm = (self.prefill_fill.unwrap_or(1.0) * 1e6).round() as u32;
        let delay = self.prefill_delay.map(|steps| PrefillDelay { steps, fill_ppm });
        Rules { scheduling, delay, longest_chunk: self.longest_chunk }
    }
}
