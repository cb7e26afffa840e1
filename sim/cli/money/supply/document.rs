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
    /// What the scenario takes single techniques to gain.
    pub(super) claimed_gains: Vec<ClaimedGain>,
    /// What they gain in ablations.
    pub(super) measured_gains: Vec<Study>,
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

/// A technique's gain as a factor, from where to where.
#[derive(Debug, Serialize)]
pub(super) struct ClaimedGain {
    pub(super) name: String,
    pub(super) range: [f64; 2],
}

/// An ablation on a chip.
#[derive(Debug, Serialize)]
pub(super) struct Study {
    /// What runs it; null for one from a file.
    pub(super) command: Option<String>,
    /// The version of memwall that it was run with; null for one from a file.
    pub(super) memwall: Option<String>,
    pub(super) model: String,
    pub(super) workload: String,
    pub(super) chip: String,
    /// All its techniques together.
    pub(super) together: Option<f64>,
    pub(super) techniques: Vec<MeasuredGain>,
}

/// A technique of an ablation; factors of output tokens/s per GPU.
#[derive(Debug, Serialize)]
pub(super) struct MeasuredGain {
    pub(super) name: String,
    /// What scenarios call it; null if they do not.
    pub(super) called: Option<String>,
    pub(super) alone: Option<f64>,
    pub(super) last: Option<f64>,
    pub(super) shapley: Option<f64>,
}
