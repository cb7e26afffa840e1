//! Configurations that were run with speculative decoding, too.

use serde::Deserialize;

use super::recipes::Asked;

/// Runs of a model with draft tokens, under labels that runs without them have as well.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Drafting {
    engine: String,
    model: String,
    chip: String,
    /// The label of the weights.
    precision: String,
    /// The beginning of the version.
    version: String,
    runs: Vec<Run>,
}

/// A range of loads of one plan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    /// Nominal prompt, in tokens.
    prompt: u32,
    /// Nominal answer.
    answer: u32,
    gpus: u32,
    /// Expert ranks.
    ep: u32,
    /// Whether each chip has sequences of its own.
    #[serde(default)]
    attention_dp: bool,
    /// The least and the most requests in flight.
    flight: (u32, u32),
}

impl Drafting {
    pub(super) fn fits(&self, asked: Asked) -> bool {
        self.engine == asked.engine.name()
            && self.model == asked.model
            && self.chip == asked.chip
            && self.precision == asked.precision
            && asked.version.starts_with(&self.version)
            && self.runs.iter().any(|run| run.fits(asked))
    }
}

impl Run {
    fn fits(&self, asked: Asked) -> bool {
        let plan = asked.plan;
        let (least, most) = self.flight;
        (self.prompt, self.answer) == (asked.prompt, asked.answer)
            && (self.gpus, self.ep, self.attention_dp) == (plan.gpus(), plan.ep, plan.dp > 1)
            && (least..=most).contains(&asked.flight)
    }
}
