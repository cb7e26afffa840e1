//! A layer: mixer, feed-forward part, and the formats its matrices are stored in.

use crate::hardware::Format;

use super::{FeedForward, Group, Mixer, Split, Weight};

/// One layer. Either part may be missing: hybrid models alternate them.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// How tokens are mixed.
    pub mixer: Option<Mixer>,
    /// What happens to each token.
    pub feed_forward: Option<FeedForward>,
    /// Parameters outside matrices: norms, biases, convolutions, sinks.
    pub vectors: u64,
    /// Parallel residual streams (4 with `DeepSeek`-V4's hyper-connections, else 1).
    pub streams: u32,
    /// It starts by joining the hidden state with the embedding of the next token (MTP).
    pub joins_embedding: bool,
    /// Formats in the checkpoint.
    pub formats: LayerFormats,
}

/// Checkpoint formats of a layer's quantisable matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerFormats {
    /// Projections of the mixer.
    pub mixer: Format,
    /// Dense feed-forward matrices.
    pub dense: Format,
    /// Routed experts.
    pub experts: Format,
    /// Shared experts.
    pub shared: Format,
}

impl LayerFormats {
    /// One format for all.
    pub const fn all(format: Format) -> Self {
        Self { mixer: format, dense: format, experts: format, shared: format }
    }
}

impl Layer {
    /// A layer of ordinary residual structure, in 16 bits.
    pub fn new(mixer: Option<Mixer>, feed_forward: Option<FeedForward>, vectors: u64) -> Self {
        Self {
            mixer,
            feed_forward,
            vectors,
            streams: 1,
            joins_embedding: false,
            formats: LayerFormats::all(Format::Bf16),
        }
    }

    /// The projection that joins hidden state and embedding, for an MTP layer.
    pub(crate) fn join(&self, hidden: u64) -> Option<Weight> {
        let shape = (hidden, 2 * hidden);
        self.joins_embedding.then(|| Weight::new("mtp.join", Group::Small, shape, Split::Whole))
    }

    /// The projection that mixes residual streams around one sublayer, if there are several.
    ///
    /// From all streams to weights for reading, writing and mixing them: `n (n + 2)` outputs.
    pub(crate) fn stream_mix(&self, hidden: u64) -> Option<Weight> {
        let streams = u64::from(self.streams);
        let shape = (streams * (streams + 2), streams * hidden);
        (streams > 1).then(|| Weight::new("streams.mix", Group::Small, shape, Split::Whole))
    }

    /// Every matrix of the layer.
    pub fn weights(&self, hidden: u64) -> Vec<Weight> {
        let mut weights: Vec<Weight> = self.join(hidden).into_iter().collect();
        if let Some(mixer) = &self.mixer {
            weights.extend(self.stream_mix(hidden));
            weights.extend(mixer.inputs(hidden));
            weights.extend(mixer.outputs(hidden));
        }
        if let Some(feed_forward) = &self.feed_forward {
            weights.extend(self.stream_mix(hidden));
            weights.extend(feed_forward.weights(hidden));
        }
        weights
    }
}
