//! Parts of replicas that fail.

use clap::Args;

use super::flags::PrefillPool;
use crate::cli::CliError;
use crate::cli::simulate::values;
use crate::cluster::{Deployment, Misfit, NicFault, Order, Part, PartFault, nics_of};
use crate::cost::StepProgram;
use crate::hardware::{Chip, Ports};
use crate::serving::{Speculating, Speculation};
use crate::units::SimSpan;

/// Parts that fail.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Fleet")]
pub(in crate::cli::simulate::run) struct PartFlags {
    /// A part of replica N fails at a time, and returns after another if one is given: a chip,
    /// which takes its replica down; an HBM stack, without which the replica starts anew with less
    /// bandwidth and KV; a share of a chip's scale-up link; a NIC, or some: hand-overs begin anew
    /// over the others: `0:stack@10min+5min`, `1:link=0.5@90s`, `0:chip@5min`, `2:nic=4@1min+5min`
    #[arg(long, value_name = "N:PART@TIME[+TIME]", num_args = 1.., value_parser = part_outage)]
    part_fault: Vec<PartOutage>,
    /// How long a replica takes to start anew without a part, or with it again
    /// [default: its weights over the host link]
    #[arg(long, value_name = "TIME", value_parser = values::span)]
    restart: Option<SimSpan>,
}

impl PartFlags {
    /// How long replicas take to start anew, if that is given.
    pub(super) const fn restart(&self) -> Option<SimSpan> {
        self.restart
    }

    /// When parts fail.
    pub(super) fn times(&self) -> impl Iterator<Item = SimSpan> {
        self.part_fault.iter().map(|fault| fault.at)
    }

    /// Whether any part fails.
    pub(super) fn is_on(&self) -> bool {
        !self.part_fault.is_empty()
    }

    /// Refuses parts of replicas that there are not, and two in one.
    pub(super) fn check(&self, size: usize, has_rates: bool) -> Result<(), CliError> {
        let refuse = |flag, value: String, problem: String, remedy: &str| {
            Err(CliError::Flag { flag, value, problem, remedy: remedy.into() })
        };
        if self.part_fault.is_empty() && self.restart.is_some() && !has_rates {
            let problem = "no part fails, and whole replicas return when --outage says".into();
            let remedy = "give --part-fault or --part-faults, or leave it out";
            return refuse("--restart", "is set".into(), problem, remedy);
        }
        let mut seen = Vec::new();
        for fault in &self.part_fault {
            let value = fault.replica.to_string();
            if fault.replica >= size {
                let problem = format!("replicas are numbered 0 to {}", size - 1);
                return refuse("--part-fault", value, problem, "name one of these");
            }
            if seen.contains(&fault.replica) {
                let problem = "two parts of one replica fail".into();
                return refuse("--part-fault", value, problem, "let one part of each replica fail");
            }
            seen.push(fault.replica);
        }
        Ok(())
    }

    /// Replicas that lose a chip, when, and for how long.
    pub(super) fn chips(&self) -> impl Iterator<Item = (usize, SimSpan, Option<SimSpan>)> {
        let whole = self.part_fault.iter().filter(|fault| fault.part.is_none());
        whole.map(|fault| (fault.replica, fault.at, fault.down))
    }

    /// What replicas become whose parts fail; those from number `serving.1` on prefill.
    pub(in crate::cli::simulate::run) fn lessers(
        &self,
        (whole, serving): ((&Order, &Deployment), usize),
        prefill: Option<&PrefillPool>,
    ) -> Result<Vec<Lesser>, CliError> {
        let parts = self.part_fault.iter().filter_map(|fault| Some((fault, fault.part?)));
        let lesser = parts.filter_map(|(fault, part)| {
            let of = prefill.filter(|_| fault.replica >= serving).map_or(whole, PrefillPool::whole);
            // Within a domain no step needs NICs.
            let is_needed = !matches!(part, Part::Nics(_)) || spans_domains(of.0);
            is_needed.then(|| fault.lesser(part, of, self.restart))
        });
        lesser.collect()
    }

    /// NICs that fail, of replicas that hand KV over through them if `is_handed` says so.
    pub(in crate::cli::simulate::run) fn nics(
        &self,
        (whole, serving): ((&Order, &Deployment), usize),
        prefill: Option<&PrefillPool>,
        is_handed: bool,
    ) -> Result<Vec<NicFault>, CliError> {
        let faults = self.part_fault.iter().filter_map(|fault| match fault.part {
            Some(Part::Nics(count)) => Some((fault, count)),
            _ => None,
        });
        let fault = |(fault, count): (&PartOutage, u32)| {
            let pool = prefill.filter(|_| fault.replica >= serving);
            let (order, _) = pool.map_or(whole, PrefillPool::whole);
            let (of, is_restart) = (nics_of(order.chip, order.plan.gpus()), spans_domains(order));
            let refuse = |problem: String, remedy: &str| CliError::Flag {
                flag: "--part-fault",
                value: format!("{}:nic={count}", fault.replica),
                problem,
                remedy: remedy.into(),
            };
            if count > of {
                let (plan, chip) = (order.plan, &order.chip.name);
                let problem = format!("{plan} of {chip} has no more than {of} of them");
                return Err(refuse(problem, "give as many, or fewer"));
            }
            if !is_handed && !is_restart {
                let problem = "nothing passes over its NICs: its chips share a domain, and no KV \
                               is handed over a network";
                return Err(refuse(problem.into(), "name a link, or give --handoff-bandwidth"));
            }
            let PartOutage { replica: member, at, down, .. } = *fault;
            Ok(NicFault { member, at, down, count, of, is_drawn: false, is_restart })
        };
        faults.map(fault).collect()
    }
}

/// Whether steps of `order` pass over NICs.
pub(super) fn spans_domains(order: &Order) -> bool {
    order.plan.gpus() > Ports::of(order.chip).domain
}

/// A replica that fails at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub(super) replica: usize,
    pub(super) at: SimSpan,
    pub(super) down: Option<SimSpan>,
}

/// `2@10min`, `0@90s+5min`.
pub(super) fn outage(text: &str) -> Result<Outage, String> {
    let form = || format!("write `2@10min` or `0@90s+5min`, not `{text}`");
    let (replica, times) = text.split_once('@').ok_or_else(form)?;
    let replica = replica.parse().map_err(|_| form())?;
    let (at, down) = match times.split_once('+') {
        Some((at, down)) => (at, Some(values::span(down)?)),
        None => (times, None),
    };
    Ok(Outage { replica, at: values::span(at)?, down })
}

/// A part that fails at a time.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::simulate::run) struct PartOutage {
    pub(super) replica: usize,
    pub(super) at: SimSpan,
    pub(super) down: Option<SimSpan>,
    /// Which; none for a chip, which takes its replica down.
    pub(super) part: Option<Part>,
}

/// `0:stack@10min+5min`, `1:link=0.5@90s`, `0:chip@5min`, `2:nic=4@1min+5min`.
pub(super) fn part_outage(text: &str) -> Result<PartOutage, String> {
    let form = || {
        format!(
            "write `0:stack@10min+5min`, `1:link=0.5@90s`, `0:chip@5min` or `2:nic=4@1min`, not \
             `{text}`"
        )
    };
    let (replica, rest) = text.split_once(':').ok_or_else(form)?;
    let (part, times) = rest.split_once('@').ok_or_else(form)?;
    let replica = replica.parse().map_err(|_| form())?;
    let part = match part.split_once('=') {
        None if part == "chip" => None,
        None if part == "stack" => Some(Part::Stack),
        None if part == "nic" => Some(Part::Nics(1)),
        Some(("nic", count)) => {
            let count = count.parse().ok().filter(|count| (1..=1 << 16).contains(count));
            Some(Part::Nics(count.ok_or_else(form)?))
        }
        Some(("link", share)) => {
            let share: f64 = share.parse().map_err(|_| form())?;
            if !(share > 0.0 && share < 1.0) {
                return Err(format!(
                    "{share} of a link is no part of it; give more than 0 and less than 1"
                ));
            }
            Some(Part::Link(share))
        }
        _ => return Err(form()),
    };
    let (at, down) = match times.split_once('+') {
        Some((at, down)) => (at, Some(values::span(down)?)),
        None => (times, None),
    };
    Ok(PartOutage { replica, at: values::span(at)?, down, part })
}

/// A replica that lacks a part, deployed.
pub(in crate::cli::simulate::run) struct Lesser {
    pub(super) outage: PartOutage,
    pub(super) restart: SimSpan,
    pub(super) deployment: Deployment,
}

impl PartOutage {
    /// The replicas of `order` and `whole`, without the part.
    pub(super) fn lesser(
        self,
        part: Part,
        (order, whole): (&Order, &Deployment),
        restart: Option<SimSpan>,
    ) -> Result<Lesser, CliError> {
        let refuse = |value: String, problem: &str, remedy: &str| CliError::Flag {
            flag: "--part-fault",
            value,
            problem: problem.into(),
            remedy: remedy.into(),
        };
        let name = &order.chip.name;
        let chip: Chip = part.taken_from(order.chip).map_err(|problem| {
            refuse(name.clone(), problem, "name another part, or another chip")
        })?;
        let deployment = Order { chip: &chip, ..*order }.deploy().map_err(|misfit| {
            let problem = format!("without the part nothing runs ({})", reason(&misfit));
            refuse(name.clone(), &problem, "spread the model over more chips, or use fewer bits")
        })?;
        let restart = restart_of(order, whole, restart)?;
        Ok(Lesser { outage: self, restart, deployment })
    }
}

impl Lesser {
    /// The fault, for a replica that is `whole` else.
    pub(super) fn of<'a>(
        &'a self,
        whole: &'a Deployment,
        speculation: Option<&Speculation>,
    ) -> PartFault<Speculating<&'a StepProgram>> {
        let form = |deployment: &'a Deployment| {
            let pricer = Speculating::new(&deployment.program, speculation.cloned());
            (pricer, deployment.pages)
        };
        let PartOutage { replica: member, at, down, .. } = self.outage;
        let (lesser, whole) = (form(&self.deployment), form(whole));
        PartFault { member, at, down, restart: self.restart, lesser, whole }
    }
}

/// How long a replica takes to start anew, if not as `given`: its weights over the host link.
pub(super) fn restart_of(
    order: &Order,
    whole: &Deployment,
    given: Option<SimSpan>,
) -> Result<SimSpan, CliError> {
    let loading = || {
        let link = order.chip.host_link.filter(|link| link.get() > 0.0)?;
        Some(SimSpan::from_seconds(whole.memory.weights / link))
    };
    given.or_else(loading).ok_or_else(|| CliError::Flag {
        flag: "--chip",
        value: order.chip.name.clone(),
        problem: "its host link, which weights are loaded over, is not known".into(),
        remedy: "give --restart".into(),
    })
}

/// What does not fit, without advice on plans.
pub(super) fn reason(misfit: &Misfit) -> String {
    let text = misfit.to_string();
    text.split("; ").next().unwrap_or_default().to_owned()
}
