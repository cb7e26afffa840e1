//! Parts that many architectures share, read from their usual keys.

use crate::model::{Dense, Draft, Experts, FeedForward, Layer, Mixer, ModelError, Softmax};

use super::reader::Reader;

/// What a family's importer returns: the layers, in 16 bits, and what stands around them.
pub(super) struct Body {
    pub(super) layers: Vec<Layer>,
    pub(super) draft: Option<Draft>,
    /// The output projection is the embedding, if the file does not say.
    pub(super) tied: bool,
    /// Vocabulary, where the architecture has a default.
    pub(super) vocab: Option<u32>,
}

impl Body {
    pub(super) fn new(layers: Vec<Layer>) -> Self {
        Self { layers, draft: None, tied: false, vocab: None }
    }

    /// MTP layers shaped like the last layer, joined with the next token's embedding.
    pub(super) fn with_draft(mut self, depth: Option<u32>) -> Self {
        let last = self.layers.last().cloned();
        self.draft = depth.zip(last).map(|(depth, layer)| Draft {
            depth,
            layer: Layer { joins_embedding: true, streams: 1, ..layer },
        });
        self
    }
}

/// Number of layers.
pub(super) fn layer_count(config: &Reader<'_>) -> Result<u32, ModelError> {
    config.count("num_hidden_layers")
}

/// Full attention from the usual keys; `head_dim` by default is the width over the heads.
pub(super) fn attention(config: &Reader<'_>) -> Result<Softmax, ModelError> {
    let heads = config.count("num_attention_heads")?;
    let head_dim = match config.count_opt("head_dim")? {
        Some(width) => width,
        None => match config.count("hidden_size")? / heads {
            0 => return Err(config.wrong("num_attention_heads", "at most `hidden_size`")),
            width => width,
        },
    };
    let kv_heads = config.count_or("num_key_value_heads", heads)?;
    Ok(grouped(heads, kv_heads, head_dim))
}

/// Grouped attention without any extras.
pub(super) fn grouped(heads: u32, kv_heads: u32, head_dim: u32) -> Softmax {
    Softmax {
        heads,
        kv_heads,
        head_dim,
        value_dim: head_dim,
        window: None,
        gate_dim: 0,
        shared_projection: false,
        sparse: None,
    }
}

/// Features of the query, key and value projections, for their biases.
pub(super) fn qkv_features(attention: &Softmax) -> u64 {
    let keys_and_values = u64::from(attention.head_dim + attention.value_dim);
    u64::from(attention.heads) * u64::from(attention.head_dim)
        + u64::from(attention.kv_heads) * keys_and_values
}

/// A gated dense layer of `inter`.
pub(super) fn gated(inter: u32) -> Dense {
    Dense { inter, gated: true }
}

/// A layer of attention and a gated dense part.
pub(super) fn dense_layer(attention: Softmax, inter: u32, vectors: u64) -> Layer {
    let feed_forward = FeedForward::Dense(gated(inter));
    Layer::new(Some(Mixer::Softmax(attention)), Some(feed_forward), vectors)
}

/// Routed experts without extras.
pub(super) fn experts(experts: u32, top_k: u32, inter: u32) -> Experts {
    let each = gated(inter);
    Experts { experts, top_k, each, latent: None, bias: false, shared: None }
}

/// Which layers slide: by `layer_types` where it is there.
pub(super) fn sliding_by_type(
    config: &Reader<'_>,
    layers: u32,
) -> Result<Option<Vec<bool>>, ModelError> {
    let types = config.texts("layer_types")?;
    let types = config.per_layer("layer_types", types, layers)?;
    let slides = |kind: &&str| match *kind {
        "sliding_attention" | "chunked_attention" => Ok(true),
        "full_attention" => Ok(false),
        _ => Err(config.unsupported("layer_types", "known are sliding and full attention")),
    };
    types.map(|types| types.iter().map(slides).collect()).transpose()
}

/// A window, unless it reaches over the whole context.
pub(super) fn window(config: &Reader<'_>, window: u32) -> Result<Option<u32>, ModelError> {
    let context = config.tokens("max_position_embeddings")?;
    Ok((window < context).then_some(window))
}

/// Per layer, whether it is a mixture of experts: a list, or a run of dense layers first.
pub(super) fn expert_layers(config: &Reader<'_>, layers: u32) -> Result<Vec<bool>, ModelError> {
    if let Some(types) = config.texts("mlp_layer_types")? {
        let types = config.per_layer("mlp_layer_types", Some(types), layers)?;
        let types = types.unwrap_or_default();
        if types.iter().any(|kind| !["dense", "sparse", "hash_moe"].contains(kind)) {
            return Err(config.unsupported("mlp_layer_types", "known are dense and sparse"));
        }
        return Ok(types.iter().take(layers as usize).map(|kind| *kind != "dense").collect());
    }
    if config.get("moe_layer_freq").is_some_and(serde_json::Value::is_array) {
        let list = config.numbers("moe_layer_freq")?;
        let list = config.per_layer("moe_layer_freq", list, layers)?.unwrap_or_default();
        return Ok(list.iter().take(layers as usize).map(|&flag| flag != 0).collect());
    }
    let first = config.count_or("first_k_dense_replace", 0)?;
    let every = config.count_or("moe_layer_freq", 1)?;
    Ok((0..layers).map(|layer| layer >= first && layer.is_multiple_of(every)).collect())
}
