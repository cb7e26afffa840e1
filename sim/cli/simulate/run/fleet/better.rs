//! The flags that put a better model behind the first one.

use std::borrow::Cow;

use clap::Args;

use crate::cli::CliError;
use crate::cluster::{Cascade, Deployment, Fleet, Order, Routing};
use crate::cost::StepProgram;
use crate::des::Streams;
use crate::model::Plan;
use crate::serving::{Engine, Speculating};
use crate::units::SimSpan;
use crate::workload::{Task, escalating};

/// A better model, for tasks that the first one does not complete.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Model routing")]
pub(in crate::cli::simulate::run) struct BetterFlags {
    /// A better model, on replicas of its own: tasks that --model does not complete are done again
    /// by it, from their beginning
    #[arg(long, value_name = "M", requires = "escalate")]
    escalate_to: Option<String>,
    /// Share of tasks that --model does not complete, from 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    escalate: Option<f64>,
    /// The chip of the better model [default: --chip]
    #[arg(long, value_name = "C")]
    escalate_chip: Option<String>,
    /// Its parallel plan [default: that of the others]
    #[arg(long, value_name = "PLAN")]
    escalate_plan: Option<Plan>,
    /// Its replicas [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    escalate_replicas: Option<u32>,
}

/// A share that may be none.
fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share: &f64| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "give a share from 0 to 1".into())
}

/// The replicas of the better model, as ordered and deployed.
pub(in crate::cli::simulate::run) struct BetterPool<'a> {
    pub(in crate::cli::simulate::run) order: Order<'a>,
    pub(in crate::cli::simulate::run) deployment: Deployment,
    /// Share of tasks that it does again.
    pub(in crate::cli::simulate::run) rate: f64,
    replicas: u32,
}

impl BetterFlags {
    /// The names of the better model, and of its chip if that is not the replicas' own.
    pub(in crate::cli::simulate::run) fn names(&self) -> Option<(&str, Option<&str>)> {
        Some((self.escalate_to.as_deref()?, self.escalate_chip.as_deref()))
    }

    /// Refuses what does not go together.
    pub(in crate::cli::simulate::run) fn check(&self, is_open_loop: bool) -> Result<(), CliError> {
        let refuse = |flag, problem: &str, remedy: &str| {
            let (value, problem, remedy) = ("is set".into(), problem.into(), remedy.into());
            Err(CliError::Flag { flag, value, problem, remedy })
        };
        let only = [
            ("--escalate", self.escalate.is_some()),
            ("--escalate-chip", self.escalate_chip.is_some()),
            ("--escalate-plan", self.escalate_plan.is_some()),
            ("--escalate-replicas", self.escalate_replicas.is_some()),
        ];
        if self.escalate_to.is_none()
            && let Some((flag, _)) = only.into_iter().find(|(_, is_set)| *is_set)
        {
            let remedy = "give --escalate-to, or leave it out";
            return refuse(flag, "there is no better model", remedy);
        }
        if self.escalate_to.is_some() && is_open_loop {
            let problem = "what the better model does again has no recorded times";
            return refuse("--escalate-to", problem, "leave --open-loop or it out");
        }
        Ok(())
    }

    /// Refuses a share of successes besides: what the first model fails is what goes on.
    pub(in crate::cli::simulate::run) fn check_success(&self, share: f64) -> Result<(), CliError> {
        if self.escalate_to.is_none() || share >= 1.0 {
            return Ok(());
        }
        Err(CliError::Flag {
            flag: "--success",
            value: share.to_string(),
            problem: "what the first model fails at goes on to the better one already".into(),
            remedy: "leave it out; --escalate is the share that fails".into(),
        })
    }

    /// The pool of the better model, ordered as `order` but for its plan.
    pub(in crate::cli::simulate::run) fn pool<'a>(
        &self,
        mut order: Order<'a>,
    ) -> Result<BetterPool<'a>, CliError> {
        order.plan = self.escalate_plan.unwrap_or(order.plan);
        let deployment = order.deploy()?;
        let (rate, replicas) = (self.escalate.unwrap_or(0.0), self.escalate_replicas.unwrap_or(1));
        Ok(BetterPool { order, deployment, rate, replicas })
    }
}

/// Programs of all replicas of a run.
type Priced<'a> = Speculating<&'a StepProgram>;

impl BetterPool<'_> {
    /// `first`, and behind it the replicas of the better model, spread over alike.
    pub(in crate::cli::simulate::run) fn behind<'a>(
        &'a self,
        first: Fleet<Priced<'a>>,
        routing: Routing,
        (engine, ttl): (Engine, Option<SimSpan>),
    ) -> Cascade<Priced<'a>> {
        let replica = || self.deployment.speculating_replica(ttl, None).with_engine(engine);
        Cascade::new(first, Fleet::new((0..self.replicas).map(|_| replica()).collect(), routing))
    }

    /// Replicas.
    pub(in crate::cli::simulate::run) fn replicas(&self) -> usize {
        self.replicas as usize
    }

    /// `tasks`, of which the share that is handed on is done again.
    pub(in crate::cli::simulate::run) fn hand_on<'t>(
        &self,
        tasks: impl Iterator<Item = Cow<'t, Task>> + 't,
        seed: u64,
    ) -> impl Iterator<Item = Cow<'t, Task>> + 't {
        escalating(tasks, self.rate, Streams::new(seed))
    }

    /// The shorter of the two models' windows, in tokens, if it does anything.
    pub(in crate::cli::simulate::run) fn window(&self, first: u32) -> u32 {
        if self.rate > 0.0 { first.min(self.order.model.context) } else { first }
    }
}
