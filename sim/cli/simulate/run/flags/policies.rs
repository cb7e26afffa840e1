//! The flags of `run` for who is served first.

use clap::{Args, ValueEnum};

use crate::cli::CliError;
use crate::cli::simulate::values;
use crate::cluster::Classes;
use crate::cost::EngineProfile;
use crate::serving::Scheduling;

/// Who is less urgent than others, and what comes of it.
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
    #[arg(long, value_name = "SHARE", value_parser = background)]
    background: Option<f64>,
    /// Sub-agents are less urgent than main agents, and shown apart
    #[arg(long)]
    sub_agents_last: bool,
}

/// A share of tasks; none is no flag.
fn background(text: &str) -> Result<f64, String> {
    values::share(text).map_err(|problem| format!("{problem}; for none leave the flag out"))
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

    /// What is less urgent than the rest.
    pub(in crate::cli::simulate::run) fn classes(&self, seed: u64) -> Classes {
        let background_ppm = (self.background.unwrap_or(0.0) * 1e6).round() as u32;
        Classes { background_ppm, sub_agents: self.sub_agents_last, seed }
    }

    /// Who is served first.
    pub(in crate::cli::simulate::run) fn scheduling(&self) -> Scheduling {
        match self.scheduling {
            Some(SchedulingName::Preemptive) => Scheduling::Preemptive,
            Some(SchedulingName::Priority) => Scheduling::Priority,
            Some(SchedulingName::Fcfs) | None => Scheduling::Fcfs,
        }
    }
}
