//! The flags of `run` for ways of running a step that are off unless asked for.

use clap::{Args, ValueEnum};

use crate::cli::CliError;
use crate::cli::simulate::run::command::Run;
use crate::cluster::{Order, Ways};
use crate::cost::EngineProfile;
use crate::economics::PowerModel;
use crate::hardware::{Chip, Ports, Wiring};
use crate::model::{Model, Plan};
use crate::serving::{Balance, Limits};
use crate::units::Watts;

/// Power caps, overlap, links.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Steps")]
pub(in crate::cli::simulate::run) struct MechanismFlags {
    /// Most that a chip may draw, averaged over a step (`500W`), or a rack's chips together
    /// (`130kW/72`): cores run at lower clocks where a step would draw more [default: no limit]
    #[arg(long, value_name = "WATTS[/CHIPS]", value_parser = cap)]
    power_cap: Option<Watts>,
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

/// Watts of a chip, or of so many.
fn cap(text: &str) -> Result<Watts, String> {
    let (watts, chips) = text.split_once('/').unwrap_or((text, "1"));
    let chips: u32 =
        chips.parse().ok().filter(|chips| *chips > 0).ok_or_else(|| {
            format!("`{chips}` is not a number of chips; write `500W` or `130kW/72`")
        })?;
    let watts: Watts = watts.parse().map_err(|error| format!("{error}"))?;
    if watts.is_zero() {
        return Err("give more than nothing: a chip without power answers nothing".into());
    }
    Ok(watts * (1.0 / f64::from(chips)))
}

impl MechanismFlags {
    /// Whether steps are accounted for clock by clock.
    pub(in crate::cli::simulate::run) fn is_capped(&self) -> bool {
        self.power_cap.is_some()
    }

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
    fn ways(&self, order: &Order, other_has_groups: bool) -> Result<Ways, CliError> {
        let refuse = |cap: Watts, problem: String, remedy: &str| CliError::Flag {
            flag: "--power-cap",
            value: cap.to_string(),
            problem,
            remedy: remedy.into(),
        };
        let power = self.power_cap.map(|cap| {
            let chip = order.chip;
            let engine = chip.engine_for(order.model.main_format(order.precision));
            let envelope = PowerModel::embedded().envelope(chip, engine, cap).ok_or_else(|| {
                let problem = format!("what {} draws by its work is not known", chip.name);
                refuse(
                    cap,
                    problem,
                    "take a chip with a TDP, HBM and a dense peak, or leave it out",
                )
            })?;
            if cap <= envelope.floor() {
                let problem = format!(
                    "{} draws {} idle and with all pins busy, whatever its cores do",
                    chip.name,
                    envelope.floor()
                );
                return Err(refuse(cap, problem, "give more than that"));
            }
            Ok(envelope)
        });
        let overlap = self.overlap == Some(OverlapName::TwoBatch);
        // In a fleet of two pools only one may have groups.
        let balance = self.dp_balance.of(order.pricing.engine);
        let balance = balance.filter(|_| order.plan.dp > 1 || !other_has_groups);
        Ok(Ways { power: power.transpose()?, overlap, balance })
    }
}

impl Run {
    /// `chip` between links as they are asked for.
    pub(in crate::cli::simulate) fn wired(&self, chip: Chip) -> Result<Chip, CliError> {
        self.mechanisms.wired(chip)
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
        let limits = Limits { rules: self.policies.rules(), ..order.limits };
        let serving = self.parallel_plan();
        let mut plans = [Some(serving), self.fleet.prefill_plan(serving)].into_iter().flatten();
        let ways = self.mechanisms.ways(&order, plans.any(|plan| plan.dp > 1))?;
        let order = Order { ways, limits, stretch: self.policies.stretch(), ..order };
        self.policies.check_overlap(&order, self.explain)?;
        Ok(order)
    }
}
