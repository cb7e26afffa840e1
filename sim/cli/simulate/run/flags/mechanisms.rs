//! The flags of `run` for ways of running a step that are off unless asked for.

use clap::{Args, ValueEnum};

use crate::cli::CliError;
use crate::cli::simulate::run::command::Run;
use crate::cluster::{Order, Ways};
use crate::cost::EngineProfile;
use crate::hardware::{Chip, Ports, Wiring};
use crate::model::{Model, Plan};
use crate::serving::{Balance, Limits, Rules};

/// Overlap, ranks, links.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Steps")]
pub(in crate::cli::simulate::run) struct MechanismFlags {
    /// Hide communication: one half of a step computes while the other exchanges tokens with the
    /// ranks of their experts (two-batch) [default: none]
    #[arg(long, value_enum, value_name = "HOW")]
    overlap: Option<OverlapName>,
    /// Attention-DP: groups of ranks with sequences, pages and limits of their own, which wait for
    /// the slowest in every step, and how requests are spread over them; the step's limits and the
    /// KV room are shared out evenly; in fleets within each replica whose plan has attention-DP
    #[arg(long, value_enum, value_name = "HOW", default_value_t = BalanceName::Perfect)]
    dp_balance: BalanceName,
    /// NICs of a domain, each of the bandwidth that the specs give a chip [default: one per chip]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1 << 16))]
    nics: Option<u32>,
    /// What the NICs below a leaf switch can send, over what the leaf can send to the spine
    /// [default: 1]
    #[arg(long, value_name = "RATIO", value_parser = ratio)]
    oversubscription: Option<f64>,
    /// How the chips of a domain are linked, on which collectives are priced: `switched`, a `mesh`
    /// of all with each other, a torus `4x4x4` [default: as `memwall chips links` says]
    #[arg(long, value_name = "WIRING")]
    wiring: Option<Wiring>,
}

/// At least 1.
fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok().filter(|ratio| (1.0..=1e6).contains(ratio));
    ratio.ok_or_else(|| format!("`{text}` is no ratio; write 4 for 4:1, 1 for none"))
}

/// What hides communication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OverlapName {
    /// Two halves of a step, by turns.
    TwoBatch,
}

/// How groups of ranks are balanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum BalanceName {
    /// They share all sequences, pages and limits, and none waits for another.
    Perfect,
    /// As the engine ships: least-loaded with vllm and trtllm, round-robin with sglang.
    Shipped,
    /// In turns.
    RoundRobin,
    /// Where fewest run and wait, one that waits counting four times.
    LeastLoaded,
    /// Where most of the prompt is in the cache.
    Prefix,
}

impl BalanceName {
    fn of(self, engine: EngineProfile) -> Option<Balance> {
        match self {
            Self::Perfect => None,
            Self::Shipped => Some(Balance::shipped(engine)),
            Self::RoundRobin => Some(Balance::RoundRobin),
            Self::LeastLoaded => Some(Balance::LeastLoaded),
            Self::Prefix => Some(Balance::Prefix),
        }
    }
}

impl MechanismFlags {
    /// Whether groups of ranks have sequences of their own.
    pub(in crate::cli::simulate::run) fn has_ranks(&self) -> bool {
        self.dp_balance != BalanceName::Perfect
    }

    /// `chip` between links as they are asked for.
    fn wired(&self, mut chip: Chip) -> Result<Chip, CliError> {
        if let Some(wiring) = self.wiring {
            let domain = Ports::of(&chip).domain;
            if let Some(chips) = wiring.chips().filter(|chips| *chips != domain) {
                return Err(CliError::Flag {
                    flag: "--wiring",
                    value: wiring.to_string(),
                    problem: format!(
                        "a torus of {chips} chips, but a domain of {} has {domain}",
                        chip.name
                    ),
                    remedy: format!("give dimensions whose product is {domain}"),
                });
            }
            chip.fabric.wiring = wiring;
        }
        chip.fabric.nics = self.nics.or(chip.fabric.nics);
        chip.fabric.oversubscription = self.oversubscription.or(chip.fabric.oversubscription);
        Ok(chip)
    }

    /// What they ask of the chips of `order`, beside another pool or none.
    fn ways(&self, order: &Order, other_has_groups: bool) -> Ways {
        let overlap = self.overlap == Some(OverlapName::TwoBatch);
        // In a fleet of two pools only one may have groups.
        let balance = self.dp_balance.of(order.pricing.engine);
        let balance = balance.filter(|_| order.plan.dp > 1 || !other_has_groups);
        Ways { overlap, balance, ..Ways::default() }
    }
}

impl Run {
    /// `chip` between links as they are asked for, with the power that it may draw.
    pub(in crate::cli::simulate) fn wired(&self, chip: Chip) -> Result<Chip, CliError> {
        Ok(self.steps.provisioned(self.mechanisms.wired(chip)?))
    }

    /// The order for `model` on `chip` as `plan`, with what is asked for beyond the usual.
    pub(in crate::cli::simulate) fn order<'a>(
        &self,
        chip: &'a Chip,
        model: &'a Model,
        plan: Plan,
        page_tokens: u32,
    ) -> Result<Order<'a>, CliError> {
        let order = self.common.order(chip, model, plan, page_tokens);
        let serving = self.parallel_plan();
        let mut plans = [Some(serving), self.fleet.prefill_plan(serving)].into_iter().flatten();
        let ways = self.mechanisms.ways(&order, plans.any(|plan| plan.dp > 1));
        let rules = Rules { scheduling: self.policies.scheduling(), ..order.limits.rules };
        let order = Order { ways, limits: Limits { rules, ..order.limits }, ..order };
        self.steps.order(&order, self.explain)
    }
}
