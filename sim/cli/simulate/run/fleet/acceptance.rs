//! Measured acceptance lengths of draft tokens.
//!
//! Source: InferenceX `golden_al_distribution` (Apache-2.0), SPEED-Bench coding prompts on B300,
//! thinking on; read in 2026. Other prompts accept other numbers: with thinking off,
//! DeepSeek-V4-Pro gains 1.92 to 3.16 tokens.

use super::flags::FleetFlags;
use crate::cli::CliError;
use crate::model::Model;
use crate::serving::Speculation;

/// Model, and tokens gained a step with 1, 2, … draft tokens.
const MEASURED: [(&str, [f64; 8]); 6] = [
    ("glm-5.2", [1.84, 2.50, 2.99, 3.33, 3.61, 3.78, 3.91, 4.06]),
    ("deepseek-v4-pro", [1.79, 2.27, 2.49, 2.54, 2.55, 2.55, 2.54, 2.58]),
    ("qwen3.5-397b", [1.93, 2.73, 3.39, 3.97, 4.41, 4.80, 5.04, 5.21]),
    ("kimi-k2.5", [1.83, 2.43, 2.88, 3.24, 3.46, 3.62, 3.71, 3.77]),
    ("kimi-k3", [1.84, 2.45, 2.87, 3.22, 3.44, 3.54, 3.78, 3.88]),
    ("minimax-m3", [1.78, 2.38, 2.83, 3.11, 3.35, 3.45, 3.53, 3.74]),
];

/// How tokens are to be drafted, as flags say.
pub(in crate::cli::simulate) struct Drafting<'a> {
    /// Draft tokens a step.
    pub(in crate::cli::simulate) depth: u32,
    /// Acceptance lengths, if not as measured.
    pub(in crate::cli::simulate) acceptance: &'a [f64],
    /// Time of a draft token over that of a decode step, if not one layer's.
    pub(in crate::cli::simulate) share: Option<f64>,
    /// Whether batches that are too large draft fewer.
    pub(in crate::cli::simulate) is_adaptive: bool,
}

impl Drafting<'_> {
    /// The same as prices for `model`.
    pub(in crate::cli::simulate) fn speculation(
        &self,
        model: &Model,
    ) -> Result<Speculation, CliError> {
        let refuse = |flag, value: String, problem: String| CliError::Flag {
            flag,
            value,
            problem,
            remedy: "give --acceptance with a length for each number of draft tokens".into(),
        };
        let depth = self.depth;
        let lengths = match (self.acceptance, measured(&model.name)) {
            ([], Some(known)) => known,
            ([], None) => {
                let problem = format!("how many drafts {} accepts is not known", model.name);
                return Err(refuse("--draft-tokens", depth.to_string(), problem));
            }
            (given, _) => given,
        };
        let Some(lengths) = lengths.get(..depth as usize) else {
            let problem = format!("lengths are known for up to {} draft tokens", lengths.len());
            return Err(refuse("--draft-tokens", depth.to_string(), problem));
        };
        let draft = self.share.unwrap_or(1.0 / model.layers.len() as f64);
        Speculation::new(lengths.to_vec(), draft, self.is_adaptive)
            .map_err(|problem| refuse("--acceptance", format!("{lengths:?}"), problem))
    }
}

/// The lengths of `model`, if it was measured.
fn measured(model: &str) -> Option<&'static [f64]> {
    MEASURED.iter().find(|(name, _)| *name == model).map(|(_, lengths)| lengths.as_slice())
}

impl FleetFlags {
    /// Refuses drafts where steps are accounted for clock by clock, and depths that groups of ranks
    /// would choose by themselves.
    pub(in crate::cli::simulate::run) fn check_drafts(
        &self,
        is_capped: bool,
        has_ranks: bool,
    ) -> Result<(), CliError> {
        match self.draft_tokens {
            Some(_) if has_ranks && self.adaptive_depth => Err(CliError::Flag {
                flag: "--adaptive-depth",
                value: "is set".into(),
                problem: "groups of ranks with sequences of their own (--dp-balance) make every \
                          step at one depth, which suits no batch of theirs best"
                    .into(),
                remedy: "leave it out, or take --dp-balance perfect".into(),
            }),
            Some(drafts) if is_capped => Err(CliError::Flag {
                flag: "--draft-tokens",
                value: drafts.to_string(),
                problem: "at which clock drafts and their verification run under --power-cap is \
                          not modelled"
                    .into(),
                remedy: "leave one of the two out".into(),
            }),
            _ => Ok(()),
        }
    }
}
