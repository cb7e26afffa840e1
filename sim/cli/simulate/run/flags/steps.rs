//! The flags of `run`, `wall` and `plan` for how steps are filled, and at which clocks they run.

use std::fmt;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use crate::cli::CliError;
use crate::cli::simulate::values;
use crate::cluster::{Order, Ways};
use crate::cost::{Calibration, EngineProfile, Envelope, TimeModel};
use crate::economics::PowerModel;
use crate::hardware::{Catalog, Chip};
use crate::serving::{Limits, PrefillDelay, Rules};
use crate::units::{Watts, significant};

/// Power, and what a step takes of prompts.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Steps")]
pub(in crate::cli) struct StepFlags {
    /// Most that a chip may draw, averaged over a step (`500W`), also as a share of its TDP
    /// (`70%`), or a rack's chips together (`130kW/72`): cores run at lower clocks where a step
    /// would draw more, and the chip is provisioned with less [default: no limit]
    #[arg(long, value_name = "WATTS[/CHIPS]|SHARE%")]
    power_cap: Option<Cap>,
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

/// What a chip may draw.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cap {
    Watts(Watts),
    /// Of its TDP.
    Share(f64),
}

impl Cap {
    /// In watts; none if it is a share of what is not known.
    fn of(self, chip: &Chip) -> Option<Watts> {
        match self {
            Self::Watts(watts) => Some(watts),
            Self::Share(share) => Some(chip.power.tdp? * share),
        }
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Watts(watts) => write!(f, "{watts}"),
            Self::Share(share) => write!(f, "{} % of its TDP", significant(share * 100.0, 3)),
        }
    }
}

impl FromStr for Cap {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(share) = text.strip_suffix('%') {
            let share = share.trim().parse().ok().filter(|share| *share > 0.0 && *share <= 100.0);
            let share: f64 = share.ok_or_else(|| {
                format!("`{text}` is no share of a TDP; write `70%`, at most `100%`")
            })?;
            return Ok(Self::Share(share / 100.0));
        }
        let (watts, chips) = text.split_once('/').unwrap_or((text, "1"));
        let chips: u32 = chips.parse().ok().filter(|chips| *chips > 0).ok_or_else(|| {
            format!("`{chips}` is not a number of chips; write `500W` or `130kW/72`")
        })?;
        let watts: Watts = watts.parse().map_err(|error| format!("{error}"))?;
        if watts.is_zero() {
            return Err("give more than nothing: a chip without power answers nothing".into());
        }
        Ok(Self::Watts(watts * (1.0 / f64::from(chips))))
    }
}

impl StepFlags {
    /// Whether steps are accounted for clock by clock.
    pub(in crate::cli::simulate) fn is_capped(&self) -> bool {
        self.power_cap.is_some()
    }

    /// What they ask for, in words; none if nothing.
    pub(in crate::cli) fn words(&self) -> Option<String> {
        let full = self.overlap_scheduling == Some(OverlapScheduling::Full);
        let fill = self.prefill_fill.map_or_else(String::new, |share| {
            format!(" or until {} % of a step's tokens are there", significant(share * 100.0, 3))
        });
        let said = [
            self.power_cap.map(|cap| format!("a chip draws at most {cap}")),
            self.prefill_delay.map(|steps| format!("prompts wait up to {steps} steps{fill}")),
            self.longest_chunk.map(|most| format!("at most {most} tokens of a prompt in a step")),
            full.then(|| "all scheduling beside the kernels".to_owned()),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// `chip` provisioned for what it may draw.
    pub(in crate::cli::simulate) fn provisioned(&self, mut chip: Chip) -> Chip {
        if let Some(cap) = self.power_cap.and_then(|cap| cap.of(&chip)) {
            chip.power = chip.power.capped(cap);
        }
        chip
    }

    /// All chips of `catalog` provisioned so.
    pub(in crate::cli) fn provision(&self, catalog: Catalog) -> Catalog {
        if self.is_capped() { catalog.altered(|chip| self.provisioned(chip)) } else { catalog }
    }

    /// `order` with all that they ask for; `explain` says whether it is to get bands.
    pub(in crate::cli::simulate) fn order<'a>(
        &self,
        order: &Order<'a>,
        explain: bool,
    ) -> Result<Order<'a>, CliError> {
        let order = self.capped(order)?;
        self.check_overlap(&order, explain)?;
        let fill_ppm = (self.prefill_fill.unwrap_or(1.0) * 1e6).round() as u32;
        let delay = self.prefill_delay.map(|steps| PrefillDelay { steps, fill_ppm });
        let rules = Rules { delay, longest_chunk: self.longest_chunk, ..order.limits.rules };
        let limits = Limits { rules, ..order.limits };
        let stretch = match self.overlap_scheduling {
            Some(OverlapScheduling::Full) => order.stretch.scheduling_beside(),
            _ => order.stretch,
        };
        Ok(Order { limits, stretch, ..order })
    }

    /// `order` with its chips under the cap.
    pub(in crate::cli::simulate) fn capped<'a>(
        &self,
        order: &Order<'a>,
    ) -> Result<Order<'a>, CliError> {
        let power = self.power_cap.map(|cap| envelope(cap, order)).transpose()?;
        Ok(Order { ways: Ways { power, ..order.ways }, ..*order })
    }

    /// Refuses to hide what is not there, or to show what was not measured.
    fn check_overlap(&self, order: &Order, explain: bool) -> Result<(), CliError> {
        let refuse = |value: &str, problem: String, remedy: &str| {
            let (flag, value, remedy) = ("--overlap-scheduling", value.into(), remedy.into());
            Err(CliError::Flag { flag, value, problem, remedy })
        };
        let engine = order.pricing.engine;
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
            Some(OverlapScheduling::Full) if has_scheduling(engine) => return Ok(()),
            Some(OverlapScheduling::Full) => {
                format!("of {engine}'s host times, as it ships, only gaps between kernels are left")
            }
        };
        refuse("full", problem, "leave it out")
    }
}

/// Whether any of the engine's host time is scheduling.
fn has_scheduling(engine: EngineProfile) -> bool {
    let terms = Calibration::embedded().host(engine);
    [terms.step, terms.sequence, terms.rank].iter().any(|term| !term.is_zero())
}

/// What the chip of `order` may draw, and what its work draws.
fn envelope(cap: Cap, order: &Order) -> Result<Envelope, CliError> {
    let chip = order.chip;
    let engine = chip.engine_for(order.model.main_format(order.precision));
    let known = |cap| PowerModel::embedded().envelope(chip, engine, cap);
    cap.of(chip).and_then(known).ok_or_else(|| CliError::Flag {
        flag: "--power-cap",
        value: cap.to_string(),
        problem: format!("what {} draws by its work is not known", chip.name),
        remedy: "take a chip with a TDP, HBM and a dense peak, or leave it out".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Power;

    #[test]
    fn caps_are_watts_of_a_chip_of_several_or_a_share() {
        let cap = |text: &str| text.parse::<Cap>();
        let chip = Catalog::embedded().chip("h100-sxm").unwrap().clone();
        for (text, watts) in [("500W", 500.0), ("72kW/72", 1000.0), ("70%", 490.0)] {
            let found = cap(text).unwrap().of(&chip).unwrap();
            assert!((found.get() - watts).abs() < 1e-9, "{text}: {found}");
        }
        for wrong in ["0W", "130kW/0", "fast", "0%", "101%", "-5%", "x%", "nan%"] {
            assert!(cap(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn chips_are_provisioned_with_what_a_cap_leaves_of_their_limit() {
        let chip = Catalog::embedded().chip("h100-sxm").unwrap().clone();
        let under = |text: &str| {
            let flags =
                StepFlags { power_cap: Some(text.parse().unwrap()), ..StepFlags::default() };
            flags.provisioned(chip.clone()).power
        };
        assert_eq!(under("700W"), chip.power);
        assert_eq!(under("1kW"), chip.power);
        let (own, less) = (chip.power, under("500W"));
        let of = |figure: fn(&Power) -> Option<Watts>| {
            [&own, &less].map(|power| figure(power).expect("it is known").get())
        };
        let (it, facility) = (of(|power| power.it), of(|power| power.facility));
        assert!((it[0] - it[1] - 200.0).abs() < 1e-9, "{it:?}");
        assert!((facility[1] / facility[0] - it[1] / it[0]).abs() < 1e-12, "{facility:?}");
        assert_eq!(less.tdp, own.tdp);
    }
}
