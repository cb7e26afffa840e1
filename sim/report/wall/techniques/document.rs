//! The document of `memwall ablate`.

use serde::Serialize;

use crate::report::Slo;

/// A pair this near to 1, as a logarithm, is as good as none.
const NO_PAIR: f64 = 0.02;

/// What techniques gain on chips. Gains are ratios of output tokens/s per GPU; an `_error` is the
/// standard error of a gain over that gain, from repeat to repeat; null with one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AblateDocument {
    /// Name and version of the format: `memwall.ablate/1`.
    pub schema: &'static str,
    /// Name of the model.
    pub model: String,
    /// Name of the workload.
    pub workload: String,
    /// The time model: `roofline` or `calibrated`.
    pub cost: String,
    /// Whose kernels and host times.
    pub engine_profile: String,
    /// The first seed.
    pub seed: u64,
    /// Seeds from `seed` on, each with work of its own for all configurations.
    pub repeats: u32,
    /// `best_load`, or `concurrency`.
    pub measure: &'static str,
    /// Tasks in flight on a replica of `plan`, if that was asked for.
    pub concurrency: Option<u32>,
    /// The targets that every combination has to meet.
    pub slo: Slo,
    /// All techniques together, chip by chip.
    pub chips: Vec<ChipGains>,
    /// Each technique on each chip.
    pub techniques: Vec<TechniqueGains>,
    /// Each pair of techniques on each chip.
    pub interactions: Vec<Interaction>,
    /// Techniques of the default set that are not possible here.
    pub left_out: Vec<LeftOut>,
    /// Every combination on each chip.
    pub configurations: Vec<Configuration>,
    /// What was taken for granted, with its source.
    pub assumptions: Vec<String>,
    /// Reasons to doubt a result, one sentence each.
    pub warnings: Vec<String>,
}

impl AblateDocument {
    /// Name and version of the format.
    pub const SCHEMA: &'static str = "memwall.ablate/1";

    /// What is said of the techniques on `chip`.
    pub fn techniques_on<'a>(&'a self, chip: &'a str) -> impl Iterator<Item = &'a TechniqueGains> {
        self.techniques.iter().filter(move |row| row.chip == chip)
    }

    /// The pairs on `chip` of which anything is known, the strongest first.
    pub fn pairs_on<'a>(&'a self, chip: &str) -> Vec<&'a Interaction> {
        let mut pairs: Vec<&Interaction> =
            self.interactions.iter().filter(|pair| pair.chip == chip).collect();
        pairs.retain(|pair| pair.mean.is_some());
        pairs.sort_by(|a, b| b.strength().total_cmp(&a.strength()));
        pairs
    }
}

/// All techniques of one chip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChipGains {
    /// Name of the chip: `h100-sxm`.
    pub chip: String,
    /// Name as the maker writes it: `H100 SXM`.
    pub title: String,
    /// With none but the needed ones.
    pub none_output_tok_s_per_gpu: Option<f64>,
    /// With all but the hopeless ones.
    pub all_output_tok_s_per_gpu: Option<f64>,
    /// The combination that yields most.
    pub best_output_tok_s_per_gpu: Option<f64>,
    /// The techniques of that combination.
    pub best_with: Vec<String>,
    /// All over none.
    pub joint: Option<f64>,
    /// Its error.
    pub joint_error: Option<f64>,
    /// What the gains would come to if each were what it is alone, or last.
    pub product_alone: Option<f64>,
    /// The same of gains last.
    pub product_last: Option<f64>,
    /// Orders of the techniques over which Shapley values are means.
    pub orders: f64,
    /// Techniques without which nothing runs: they are on throughout.
    pub needed: Vec<String>,
    /// Techniques with which nothing runs: they are off throughout.
    pub hopeless: Vec<String>,
    /// What is said of them together, held against what they gain.
    pub claims: Claims,
    /// Why there are no gains, if there are none.
    pub reason: Option<String>,
}

/// What was claimed of all techniques together, held against what was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Claims {
    /// Who says so.
    pub source: String,
    /// What they are said to gain together.
    pub together: [f64; 2],
    /// The techniques that it speaks of and that are studied here.
    pub techniques: Vec<String>,
    /// How many of them gain alone what they are said to gain each.
    pub holding: usize,
    /// What they gain together, all else that is studied being on.
    pub found: Option<f64>,
    /// Its error.
    pub found_error: Option<f64>,
    /// Whether that is within what is said; null if not known.
    pub holds: Option<bool>,
}

/// One technique on one chip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TechniqueGains {
    /// Name of the chip: `h100-sxm`.
    pub chip: String,
    /// The technique: `prefix-cache`.
    pub name: String,
    /// Over none.
    pub alone: Option<f64>,
    /// Its error, as of all of these gains.
    pub alone_error: Option<f64>,
    /// All over all but it.
    pub last: Option<f64>,
    /// Its error, as of all of these gains.
    pub last_error: Option<f64>,
    /// Its mean over all orders: these multiply to the joint gain.
    pub shapley: Option<f64>,
    /// Its error, as of all of these gains.
    pub shapley_error: Option<f64>,
    /// What was claimed of it, if anything.
    pub claim: Option<[f64; 2]>,
    /// Whether the gain alone is within that; null if not known.
    pub claim_holds: Option<bool>,
    /// With it, in words.
    pub with: String,
    /// Without it.
    pub without: String,
    /// `built`: engines do it; `what-if`: hardware that nobody sells, an upper bound.
    pub class: &'static str,
    /// Why a gain is null.
    pub reason: Option<String>,
}

/// Two techniques on one chip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Interaction {
    /// Name of the chip: `h100-sxm`.
    pub chip: String,
    /// One technique.
    pub first: String,
    /// The other.
    pub second: String,
    /// Both over the product of each: above 1 they help each other. Among none of the others.
    pub alone: Option<f64>,
    /// The same on average over all sets of the others.
    pub mean: Option<f64>,
    /// Its error, as of all pairs.
    pub mean_error: Option<f64>,
}

impl Interaction {
    /// How far its mean is from 1, as a logarithm; zero if it is not known.
    pub fn strength(&self) -> f64 {
        self.mean.map_or(0.0, |mean| libm::log(mean).abs())
    }

    /// Whether it stands out of its error, and of what is as good as none.
    pub fn stands_out(&self) -> bool {
        self.strength() > NO_PAIR.max(2.0 * self.mean_error.unwrap_or(0.0))
    }
}

/// A technique that is not studied.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeftOut {
    /// Name of the chip: `h100-sxm`.
    pub chip: String,
    /// The technique: `prefix-cache`.
    pub name: String,
    /// Why not.
    pub reason: String,
}

/// One combination on one chip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Configuration {
    /// Name of the chip: `h100-sxm`.
    pub chip: String,
    /// The techniques that are on.
    pub with: Vec<String>,
    /// The mean over the repeats; the rest is of the first.
    pub output_tok_s_per_gpu: Option<f64>,
    /// The parallel plan, and the split of pools if there is one.
    pub parallel: Option<String>,
    /// Chips of it.
    pub gpus: Option<u32>,
    /// Tasks in flight.
    pub concurrency: Option<u32>,
    /// Time to first token, 99th percentile.
    pub ttft_ms_p99: Option<f64>,
    /// Time per output token, median.
    pub tpot_ms_p50: Option<f64>,
    /// Why it does not run.
    pub reason: Option<String>,
}
