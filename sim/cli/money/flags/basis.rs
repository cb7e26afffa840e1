//! How chips are paid for, and beside which API price.

use clap::Args;

use super::prices::PriceFlags;
use crate::cli::CliError;
use crate::economics::{ApiPrice, Basis, Ownership};
use crate::units::UsdPerHour;

/// Prices of hardware.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Prices")]
pub(in crate::cli) struct BasisFlags {
    /// Rent of a GPU for an hour, in dollars [default: the middle of the spec's range]
    #[arg(long, value_name = "USD", value_parser = positive, conflicts_with = "capex")]
    usd_per_gpu_hour: Option<f64>,
    /// Buy the chips at the spec's price instead of renting them, and pay for their power
    #[arg(long)]
    capex: bool,
    /// With --capex: what the rest of the machine adds, as a share of the chips' price
    #[arg(long, value_name = "SHARE", default_value_t = 0.4, value_parser = positive)]
    server_share: f64,
    /// With --capex: years until the machine is worth nothing
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = positive)]
    years: f64,
    /// With --capex: share of the hours in which it is used
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, value_parser = share)]
    utilisation: f64,
    /// With --capex: dollars for a kilowatt-hour
    #[arg(long, value_name = "USD", default_value_t = 0.08, value_parser = positive)]
    usd_per_kwh: f64,
    /// With --capex: facility power over IT power
    #[arg(long, value_name = "RATIO", default_value_t = 1.22, value_parser = pue)]
    pue: f64,
    /// Show what this model's API charges for the same tokens (`claude-opus-4-8`)
    #[arg(long, value_name = "MODEL")]
    api: Option<String>,
    #[command(flatten)]
    prices: PriceFlags,
}

fn pue(text: &str) -> Result<f64, String> {
    positive(text).ok().filter(|pue| *pue >= 1.0).ok_or_else(|| "give a number from 1 on".into())
}

pub(in crate::cli) fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| "give a number more than 0".into())
}

pub(in crate::cli) fn share(text: &str) -> Result<f64, String> {
    positive(text).ok().filter(|share| *share <= 1.0).ok_or_else(|| "give more than 0, to 1".into())
}

impl BasisFlags {
    /// How an hour of a chip is priced.
    pub(in crate::cli) fn basis(&self) -> Basis {
        if !self.capex {
            return Basis::Rental(self.usd_per_gpu_hour.map(UsdPerHour::new));
        }
        Basis::Owned(Ownership {
            server_share: self.server_share,
            years: self.years,
            utilisation: self.utilisation,
            usd_per_kwh: self.usd_per_kwh,
            pue: self.pue,
        })
    }

    /// The API price to show beside it.
    pub(in crate::cli) fn api(&self) -> Result<Option<ApiPrice>, CliError> {
        let Some(model) = &self.api else { return Ok(None) };
        Ok(Some(self.prices.read()?.named(model)?.clone()))
    }
}
