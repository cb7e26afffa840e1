//! The flags of `run` for who is served first.

use clap::{Args, ValueEnum};

use crate::cli::CliError;
use crate::cli::simulate::values;
use crate::cluster::Classes;
use crate::serving::{Rules, Scheduling};

/// What a scheduler does only if it is told to.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Scheduling")]
pub(super) struct PolicyFlags {
    /// Who is admitted first and gives way last when pages run out: whoever came first (fcfs), or
    /// the more urgent, then the earlier (priority; the rule of vLLM 0.12's --scheduling-policy
    /// priority) [default: fcfs, as vLLM 0.12, SGLang 0.5 and TensorRT-LLM 1.1 ship]
    #[arg(long, value_enum, value_name = "RULE")]
    scheduling: Option<SchedulingName>,
    /// This share of tasks, drawn by a random stream of its own, runs in the background: less urgent
    /// than the others, and shown apart
    #[arg(long, value_name = "SHARE", value_parser = values::share)]
    background: Option<f64>,
    /// Sub-agents are less urgent than main agents, and shown apart
    #[arg(long)]
    sub_agents_last: bool,
}

/// Who is served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SchedulingName {
    /// Whoever came first.
    Fcfs,
    /// The more urgent.
    Priority,
}

impl PolicyFlags {
    /// Refuses priorities where there are none, or nobody would see them.
    pub(super) fn check(&self, keeps_requests: bool) -> Result<(), CliError> {
        let refuse = |flag, value: String, problem: &str, remedy: &str| {
            let (problem, remedy) = (problem.into(), remedy.into());
            Err(CliError::Flag { flag, value, problem, remedy })
        };
        let has_classes = self.background.is_some() || self.sub_agents_last;
        if self.scheduling == Some(SchedulingName::Priority) && !has_classes {
            let problem = "all requests are equally urgent";
            let remedy = "give --background or --sub-agents-last";
            return refuse("--scheduling", "priority".into(), problem, remedy);
        }
        if has_classes && !keeps_requests {
            let problem = "does not keep the requests that are to be shown apart by urgency";
            let remedy = "leave out --background and --sub-agents-last, or --percentiles";
            return refuse("--percentiles", "sketch".into(), problem, remedy);
        }
        Ok(())
    }

    /// What is less urgent than the rest.
    pub(super) fn classes(&self, seed: u64) -> Classes {
        let background_ppm = (self.background.unwrap_or(0.0) * 1e6).round() as u32;
        Classes { background_ppm, sub_agents: self.sub_agents_last, seed }
    }

    /// What the engine is told.
    pub(super) fn rules(&self) -> Rules {
        let scheduling = match self.scheduling {
            Some(SchedulingName::Priority) => Scheduling::Priority,
            Some(SchedulingName::Fcfs) | None => Scheduling::Fcfs,
        };
        Rules { scheduling }
    }
}
