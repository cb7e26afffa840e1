//! The document of `memwall ablate`.

use serde::Serialize;

use crate::report::Slo;

/// What techniques gain on chips. Gains are ratios of output tokens/s per GPU; an `_error` is the
/// standard error of a gain over that gain, from repeat to repeat; null with one.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    pub(super) schema: &'static str,
    pub(super) model: String,
    pub(super) workload: String,
    pub(super) cost: String,
    pub(super) engine_profile: String,
    pub(super) seed: u64,
    /// Seeds from `seed` on, each with work of its own for all configurations.
    pub(super) repeats: u32,
    /// `best_load`, or `concurrency`.
    pub(super) measure: &'static str,
    /// Tasks in flight on a replica of `plan`, if that was asked for.
    pub(super) concurrency: Option<u32>,
    pub(super) slo: Slo,
    pub(super) chips: Vec<ChipGains>,
    pub(super) techniques: Vec<TechniqueGains>,
    pub(super) interactions: Vec<Interaction>,
    /// Techniques of the default set that are not possible here.
    pub(super) left_out: Vec<LeftOut>,
    pub(super) configurations: Vec<Configuration>,
    /// What was taken for granted, with its source.
    pub(super) assumptions: Vec<String>,
    pub(super) warnings: Vec<String>,
}

/// All techniques of one chip.
#[derive(Debug, Serialize)]
pub(super) struct ChipGains {
    pub(super) chip: String,
    pub(super) title: String,
    /// With none but the needed ones.
    pub(super) none_output_tok_s_per_gpu: Option<f64>,
    /// With all but the hopeless ones.
    pub(super) all_output_tok_s_per_gpu: Option<f64>,
    /// The combination that yields most.
    pub(super) best_output_tok_s_per_gpu: Option<f64>,
    pub(super) best_with: Vec<String>,
    /// All over none.
    pub(super) joint: Option<f64>,
    pub(super) joint_error: Option<f64>,
    /// What the gains would come to if each were what it is alone, or last.
    pub(super) product_alone: Option<f64>,
    pub(super) product_last: Option<f64>,
    /// Orders of the techniques over which Shapley values are means.
    pub(super) orders: f64,
    /// Techniques without which nothing runs: they are on throughout.
    pub(super) needed: Vec<String>,
    /// Techniques with which nothing runs: they are off throughout.
    pub(super) hopeless: Vec<String>,
    pub(super) claims: Claims,
    /// Why there are no gains, if there are none.
    pub(super) reason: Option<String>,
}

/// What was claimed of all techniques together, held against what was found.
#[derive(Debug, Serialize)]
pub(super) struct Claims {
    pub(super) source: String,
    /// What they are said to gain together.
    pub(super) together: [f64; 2],
    /// The techniques that it speaks of and that are studied here.
    pub(super) techniques: Vec<String>,
    /// How many of them gain alone what they are said to gain each.
    pub(super) holding: usize,
    /// What they gain together, all else that is studied being on.
    pub(super) found: Option<f64>,
    pub(super) found_error: Option<f64>,
    pub(super) holds: Option<bool>,
}

/// One technique on one chip.
#[derive(Debug, Serialize)]
pub(super) struct TechniqueGains {
    pub(super) chip: String,
    pub(super) name: String,
    /// Over none.
    pub(super) alone: Option<f64>,
    pub(super) alone_error: Option<f64>,
    /// All over all but it.
    pub(super) last: Option<f64>,
    pub(super) last_error: Option<f64>,
    /// Its mean over all orders: these multiply to the joint gain.
    pub(super) shapley: Option<f64>,
    pub(super) shapley_error: Option<f64>,
    /// What was claimed of it, if anything.
    pub(super) claim: Option<[f64; 2]>,
    pub(super) claim_holds: Option<bool>,
    /// With it, and without.
    pub(super) with: String,
    pub(super) without: String,
    /// `built`: engines do it; `what-if`: hardware that nobody sells, an upper bound.
    pub(super) class: &'static str,
    /// Why a gain is null.
    pub(super) reason: Option<String>,
}

/// Two techniques on one chip.
#[derive(Debug, Serialize)]
pub(super) struct Interaction {
    pub(super) chip: String,
    pub(super) first: String,
    pub(super) second: String,
    /// Both over the product of each: above 1 they help each other. Among none of the others.
    pub(super) alone: Option<f64>,
    /// The same on average over all sets of the others.
    pub(super) mean: Option<f64>,
    pub(super) mean_error: Option<f64>,
}

/// A technique that is not studied.
#[derive(Debug, Serialize)]
pub(super) struct LeftOut {
    pub(super) chip: String,
    pub(super) name: String,
    pub(super) reason: String,
}

/// One combination on one chip.
#[derive(Debug, Serialize)]
pub(super) struct Configuration {
    pub(super) chip: String,
    /// The techniques that are on.
    pub(super) with: Vec<String>,
    /// The mean over the repeats; the rest is of the first.
    pub(super) output_tok_s_per_gpu: Option<f64>,
    pub(super) parallel: Option<String>,
    pub(super) gpus: Option<u32>,
    pub(super) concurrency: Option<u32>,
    pub(super) ttft_ms_p99: Option<f64>,
    pub(super) tpot_ms_p50: Option<f64>,
    /// Why it does not run.
    pub(super) reason: Option<String>,
}
