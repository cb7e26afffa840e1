//! Parameters and arithmetic per token.

use crate::model::{Layer, Model, Weight};
use crate::units::Flop;

impl Layer {
    /// Parameters of the layer.
    pub fn params(&self, hidden: u64) -> u64 {
        self.weights(hidden).iter().map(Weight::params).sum::<u64>() + self.vectors
    }

    /// Parameters of the layer that one token passes.
    pub fn params_active(&self, hidden: u64) -> u64 {
        self.weights(hidden).iter().map(Weight::active_params).sum::<u64>() + self.vectors
    }
}

impl Model {
    /// All parameters of the language model: embedding and output projection included, once if
    /// they are one matrix; MTP layers and other towers left out.
    pub fn params_total(&self) -> u64 {
        let layers: u64 = self.layers.iter().map(|layer| layer.params(self.width())).sum();
        let tables = self.lm_head().params() * if self.tied { 1 } else { 2 };
        layers + tables + self.vectors
    }

    /// Parameters that take part in one token.
    ///
    /// The output projection counts, the embedding look-up (one row) does not; of routed experts,
    /// those a token is sent to. This is the convention under which `DeepSeek`-R1 has 37 billion
    /// and `gpt-oss-120b` 5.1 billion; makers who count the embedding as well publish up to a
    /// twentieth more.
    pub fn params_active(&self) -> u64 {
        let layers: u64 = self.layers.iter().map(|layer| layer.params_active(self.width())).sum();
        layers + self.lm_head().params() + self.vectors
    }

    /// Parameters of the MTP layers, which [`params_total`](Self::params_total) leaves out.
    pub fn params_draft(&self) -> u64 {
        self.draft
            .as_ref()
            .map_or(0, |draft| u64::from(draft.depth) * draft.layer.params(self.width()))
    }

    /// Arithmetic of one token whose sequence is `context` tokens long: two operations per active
    /// weight, and attention in the form that decoding uses (absorbed, for latent attention).
    pub fn flops_per_token(&self, context: u32) -> Flop {
        let hidden = self.width();
        let layers = self.layers.iter().map(|layer| {
            let matrices: u64 = layer.weights(hidden).iter().map(Weight::active_params).sum();
            let core = layer.mixer.as_ref().map_or(0.0, |mixer| mixer.flops(f64::from(context)));
            2.0 * matrices as f64 + core
        });
        Flop::new(layers.sum::<f64>() + 2.0 * self.lm_head().params() as f64)
    }
}
