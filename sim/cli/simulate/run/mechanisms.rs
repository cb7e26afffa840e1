//! The flags of `run` for ways of running a step that are off unless asked for.

use clap::{Args, ValueEnum};

use super::command::Run;
use crate::cli::CliError;
use crate::cluster::{Order, Ways};
use crate::economics::PowerModel;
use crate::hardware::Chip;
use crate::model::{Model, Plan};
use crate::units::Watts;

/// Power caps, overlap.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Steps")]
pub(super) struct MechanismFlags {
    /// Most that a chip may draw, averaged over a step (`500W`), or a rack's chips together
    /// (`130kW/72`): cores run at lower clocks where a step would draw more [default: no limit]
    #[arg(long, value_name = "WATTS[/CHIPS]", value_parser = cap)]
    power_cap: Option<Watts>,
    /// Hide communication: one half of a step computes while the other exchanges tokens with the
    /// ranks of their experts (two-batch) [default: none]
    #[arg(long, value_enum, value_name = "HOW")]
    overlap: Option<OverlapName>,
}

/// What hides communication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OverlapName {
    /// Two halves of a step, by turns.
    TwoBatch,
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
    pub(super) fn is_capped(&self) -> bool {
        self.power_cap.is_some()
    }

    /// What they ask of the chips of `order`.
    fn ways(&self, order: &Order) -> Result<Ways, CliError> {
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
        Ok(Ways { power: power.transpose()?, overlap })
    }
}

impl Run {
    /// The order for `model` on `chip` as `plan`, with what is asked for beyond the usual.
    pub(in crate::cli::simulate) fn order<'a>(
        &self,
        chip: &'a Chip,
        model: &'a Model,
        plan: Plan,
        page_tokens: u32,
    ) -> Result<Order<'a>, CliError> {
        let order = self.common.order(chip, model, plan, page_tokens);
        Ok(Order { ways: self.mechanisms.ways(&order)?, ..order })
    }
}
