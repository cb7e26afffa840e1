//! A model: its layers in order, and what stands before and after them.

use crate::hardware::Format;
use crate::model::{Precision, Weights};

use super::{FeedForward, Group, Layer, Split, Weight};

/// A language model's shape, as its configuration file describes it.
///
/// Vision and audio towers are left out ([`left_out`](Model::left_out) names them); layers that
/// predict further tokens (MTP) are kept apart in [`draft`](Model::draft).
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Name: a catalogue name, or the file it came from.
    pub name: String,
    /// The architecture's name in the configuration file.
    pub architecture: String,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Tokens in the vocabulary.
    pub vocab: u32,
    /// The output projection is the embedding matrix.
    pub tied: bool,
    /// Longest sequence, in tokens.
    pub context: u32,
    /// Layers, in order.
    pub layers: Vec<Layer>,
    /// Parameters outside matrices and layers: the last norm.
    pub vectors: u64,
    /// Format of the output projection in the checkpoint.
    pub head: Format,
    /// Format of the KV cache that the checkpoint was made for.
    pub kv: Format,
    /// Layers for multi-token prediction.
    pub draft: Option<Draft>,
    /// Parts of the checkpoint that are not modelled: `vision tower`.
    pub left_out: Vec<&'static str>,
}

/// Multi-token prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// How many such layers the checkpoint has.
    pub depth: u32,
    /// One of them.
    pub layer: Layer,
}

/// Equal layers of a model, wherever they stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block<'a> {
    /// How many.
    pub count: u32,
    /// The layer.
    pub layer: &'a Layer,
}

impl Model {
    /// Whether some layer sends its tokens to a few of many experts.
    pub fn has_routed_experts(&self) -> bool {
        let is_routed = |layer: &Layer| matches!(layer.feed_forward, Some(FeedForward::Experts(_)));
        self.layers.iter().any(is_routed)
    }

    /// Width of the residual stream.
    pub(crate) fn width(&self) -> u64 {
        u64::from(self.hidden)
    }

    /// Distinct layers with their counts, in order of first appearance.
    pub fn blocks(&self) -> Vec<Block<'_>> {
        blocks(&self.layers)
    }

    /// The matrix from the residual stream to the vocabulary.
    pub(crate) fn lm_head(&self) -> Weight {
        let shape = (u64::from(self.vocab), self.width());
        Weight::new("lm_head", Group::Head, shape, Split::Padded)
    }

    /// The format `group` is served in: the checkpoint's, or the override where it applies.
    pub(crate) fn format(&self, layer: &Layer, group: Group, precision: Precision) -> Format {
        let stored = match group {
            Group::Mixer => layer.formats.mixer,
            Group::Dense => layer.formats.dense,
            Group::Experts => layer.formats.experts,
            Group::Shared => layer.formats.shared,
            Group::Head => return self.head,
            Group::Small => return Format::Bf16,
        };
        match precision.weights {
            Weights::Checkpoint => stored,
            Weights::All(format) => format,
        }
    }

    /// The precision the checkpoint itself asks for.
    pub fn native_precision(&self) -> Precision {
        Precision { weights: Weights::Checkpoint, kv: self.kv }
    }

    /// The multi-token-prediction layer as a model of one layer, for pricing a draft step.
    ///
    /// It uses the main model's embedding and output projection.
    pub fn draft_model(&self) -> Option<Self> {
        let draft = self.draft.as_ref()?;
        Some(Self {
            name: format!("{} mtp", self.name),
            layers: vec![draft.layer.clone()],
            draft: None,
            ..self.clone()
        })
    }
}

/// Distinct ones of `layers` with their counts, in order of first appearance.
pub(crate) fn blocks(layers: &[Layer]) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for layer in layers {
        match blocks.iter_mut().find(|block| block.layer == layer) {
            Some(block) => block.count += 1,
            None => blocks.push(Block { count: 1, layer }),
        }
    }
    blocks
}
