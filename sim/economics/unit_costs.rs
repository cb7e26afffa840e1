//! What one chip yields, and what that costs.

use crate::hardware::Chip;
use crate::units::{Joules, PerSec, Seconds, Usd, UsdPerHour};

/// What one chip yields on a workload.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Yield {
    /// Output tokens per second per chip.
    pub output_tokens: PerSec,
    /// Tasks per hour per chip.
    pub tasks_per_hour: f64,
}

/// The middle of the range for which `chip` rents.
pub fn rental_rate(chip: &Chip) -> Option<UsdPerHour> {
    chip.price.rental.map(|(low, high)| (low + high) / 2.0)
}

impl Yield {
    /// Energy of all IT equipment per output token, at provisioned power: an upper bound.
    pub fn it_energy_per_output_token(&self, chip: &Chip) -> Option<Joules> {
        let power = chip.power.it?;
        (!self.output_tokens.is_zero())
            .then(|| power * Seconds::new(1.0 / self.output_tokens.get()))
    }

    /// Output tokens per second per megawatt at the utility meter, at provisioned power.
    pub fn output_tokens_per_facility_mw(&self, chip: &Chip) -> Option<PerSec> {
        let facility = chip.power.facility.filter(|power| !power.is_zero())?;
        Some(self.output_tokens * (1e6 / facility.get()))
    }

    /// Rent of the chips a task occupies.
    pub fn rent_per_task(&self, chip: &Chip) -> Option<Usd> {
        let rate = rental_rate(chip)?;
        (self.tasks_per_hour > 0.0).then(|| Usd::new(rate.get() / self.tasks_per_hour))
    }

    /// Rent per million output tokens.
    pub fn rent_per_million_output_tokens(&self, chip: &Chip) -> Option<Usd> {
        let rate = rental_rate(chip)?;
        let million_per_hour = self.output_tokens.get() * 3600.0 / 1e6;
        (million_per_hour > 0.0).then(|| Usd::new(rate.get() / million_per_hour))
    }
}
