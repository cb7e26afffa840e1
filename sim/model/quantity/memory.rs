//! What a model occupies: weights, KV cache, windows, states, each on the fullest rank.

use std::ops::Range;

use crate::hardware::Format;
use crate::model::{Group, Layer, Model, Plan, Precision, Weight, Weights};
use crate::units::Bytes;

impl Plan {
    /// The layers of pipeline stage `stage`, of `layers` in all: as even as can be.
    pub(crate) fn stage(&self, stage: u32, layers: usize) -> Range<usize> {
        let bound = |stage: u32| stage as usize * layers / self.pp as usize;
        bound(stage)..bound(stage + 1)
    }
}

impl Model {
    /// Weights on one rank of each pipeline stage, first stage first.
    ///
    /// Embedding and output projection divide by `tp`; norms and other vectors are on every rank,
    /// in 16 bits.
    pub fn weight_bytes_by_stage(&self, precision: &Precision, plan: &Plan) -> Vec<Bytes> {
        (0..plan.pp)
            .map(|stage| {
                let layers = &self.layers[plan.stage(stage, self.layers.len())];
                let layers: f64 =
                    layers.iter().map(|layer| self.layer_bytes(layer, *precision, plan)).sum();
                Bytes::new(layers + self.table_bytes(stage, plan))
            })
            .collect()
    }

    /// Weights on the fullest rank.
    pub fn weight_bytes(&self, precision: &Precision, plan: &Plan) -> Bytes {
        self.weight_bytes_by_stage(precision, plan).into_iter().fold(Bytes::ZERO, Bytes::max)
    }

    fn layer_bytes(&self, layer: &Layer, precision: Precision, plan: &Plan) -> f64 {
        let weights = layer.weights(self.width());
        let matrices = weights.iter().map(|weight: &Weight| {
            let format = self.format(layer, weight.group, precision);
            weight.on_rank(plan).params() as f64 * format.bytes()
        });
        matrices.sum::<f64>() + layer.vectors as f64 * Format::Bf16.bytes()
    }

    /// The embedding on the first stage, the output projection and the last norm on the last.
    fn table_bytes(&self, stage: u32, plan: &Plan) -> f64 {
        let table = self.lm_head().on_rank(plan).params() as f64;
        let (first, last) = (stage == 0, stage + 1 == plan.pp);
        // A tied matrix is stored once where both ends are on one stage.
        let embedding =
            if first && !(last && self.tied) { table * Format::Bf16.bytes() } else { 0.0 };
        let head = if last {
            table * self.head.bytes() + self.vectors as f64 * Format::Bf16.bytes()
        } else {
            0.0
        };
        embedding + head
    }

    /// The largest over pipeline stages of the sum over a stage's layers.
    fn fullest_stage(&self, plan: &Plan, bytes: impl Fn(&Layer) -> f64) -> Bytes {
        let stages = (0..plan.pp).map(|stage| {
            let layers = &self.layers[plan.stage(stage, self.layers.len())];
            Bytes::new(layers.iter().map(&bytes).sum())
        });
        stages.fold(Bytes::ZERO, Bytes::max)
    }

    /// KV cache per token on one rank, of what grows with the context: keys and values, latents,
    /// index keys, and compressed entries as an average.
    ///
    /// Below one KV head a rank heads are repeated; a latent is on every tensor-parallel rank.
    /// Under attention-DP a rank holds only its own group's sequences; under context parallelism
    /// one of `cp` parts of every context.
    pub fn kv_bytes_per_token(&self, kv: Format, plan: &Plan) -> Bytes {
        let whole = |layer: &Layer| cached(layer, kv, plan, |window| window.is_none());
        self.fullest_stage(plan, |layer| whole(layer) / f64::from(plan.cp))
    }

    /// The sliding windows of the model, shortest first, with the KV bytes per token that layers
    /// of that window keep on one rank. A prompt's end lies in one of its parts: whole under
    /// context parallelism, too.
    pub fn kv_windows(&self, kv: Format, plan: &Plan) -> Vec<(u32, Bytes)> {
        let mixers = self.layers.iter().filter_map(|layer| layer.mixer.as_ref());
        let mut windows: Vec<u32> =
            mixers.flat_map(|m| m.cache(1, kv)).filter_map(|cached| cached.window).collect();
        windows.sort_unstable();
        windows.dedup();
        let bytes = |window| {
            self.fullest_stage(plan, |layer| cached(layer, kv, plan, |w| w == Some(window)))
        };
        windows.into_iter().map(|window| (window, bytes(window))).collect()
    }

    /// KV bytes of one sequence of `context` tokens in sliding windows, on one rank.
    pub fn window_bytes(&self, kv: Format, plan: &Plan, context: u32) -> Bytes {
        let windows = self.kv_windows(kv, plan).into_iter();
        windows.map(|(window, bytes)| bytes * f64::from(window.min(context))).sum()
    }

    /// Bytes of one sequence whatever its length, on one rank: recurrent states with the tails of
    /// their convolutions, and tokens waiting to be compressed.
    pub fn state_bytes_per_sequence(&self, plan: &Plan) -> Bytes {
        self.fullest_stage(plan, |layer| {
            layer.mixer.as_ref().map_or(0.0, |mixer| mixer.state_bytes(plan.tp))
        })
    }

    /// The formats in use, per kind of matrix, with the share of parameters in each; for tables.
    pub fn formats(&self, precision: &Precision) -> Vec<(Group, Format, u64)> {
        let mut formats: Vec<(Group, Format, u64)> =
            vec![(Group::Head, self.head, self.lm_head().params())];
        for layer in &self.layers {
            for weight in layer.weights(self.width()) {
                let key = (weight.group, self.format(layer, weight.group, *precision));
                match formats.iter_mut().find(|(group, format, _)| (*group, *format) == key) {
                    Some((.., params)) => *params += weight.params(),
                    None => formats.push((key.0, key.1, weight.params())),
                }
            }
        }
        formats.sort_unstable();
        formats
    }

    /// The format most parameters are in.
    pub fn main_format(&self, precision: Precision) -> Format {
        match precision.weights {
            Weights::All(format) => format,
            Weights::Checkpoint => self
                .formats(&precision)
                .into_iter()
                .max_by_key(|&(.., params)| params)
                .map_or(Format::Bf16, |(_, format, _)| format),
        }
    }
}

/// Bytes per token that `layer` caches in entries whose window passes `wanted`.
fn cached(layer: &Layer, kv: Format, plan: &Plan, wanted: impl Fn(Option<u32>) -> bool) -> f64 {
    let entries = layer.mixer.as_ref().map_or(Vec::new(), |mixer| mixer.cache(plan.tp, kv));
    entries.iter().filter(|entry| wanted(entry.window)).map(|entry| entry.bytes_per_token).sum()
}
