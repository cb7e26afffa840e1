//! The document of `memwall supply`.

use serde::Serialize;

use crate::planning::SupplyOutcome;

/// A scenario's outcome.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    pub(super) scenario: String,
    pub(super) description: String,
    /// The year against which multiples count.
    pub(super) reference: u16,
    /// Keys of figures that nobody published, chosen so that published results come out.
    pub(super) fitted: Vec<String>,
    /// The work whose simulated tokens and tasks are counted; null without simulation.
    pub(super) workload: Option<String>,
    pub(super) model: Option<String>,
    /// What each chip yields on it.
    pub(super) simulated: Vec<ChipRates>,
    #[serde(flatten)]
    pub(super) outcome: SupplyOutcome,
    /// Measured gains beside the scenario's; null without --ablate.
    pub(super) measured_gains: Option<Vec<MeasuredGain>>,
    pub(super) warnings: Vec<String>,
}

/// A chip's simulated point.
#[derive(Debug, Serialize)]
pub(super) struct ChipRates {
    pub(super) chip: String,
    pub(super) parallel: Option<String>,
    pub(super) output_tok_s_per_gpu: Option<f64>,
    pub(super) tasks_per_hour_per_gpu: Option<f64>,
    pub(super) reason: Option<String>,
}

/// A technique of a `memwall.ablate` document.
#[derive(Debug, Serialize)]
pub(super) struct MeasuredGain {
    pub(super) name: String,
    pub(super) alone: Option<f64>,
    pub(super) last: Option<f64>,
    pub(super) shapley: Option<f64>,
}
