//! Gemma 2, 3 and 4: sliding and full layers, four norms each, tied embeddings.

use crate::model::import::parts::{
    Body, dense_layer, experts, gated, grouped, layer_count, sliding_by_type, window,
};
use crate::model::import::reader::Reader;
use crate::model::{Experts, FeedForward, Layer, Mixer, ModelError, Softmax};

/// Every second layer slides.
pub(super) fn gemma2(config: &Reader<'_>) -> Result<Body, ModelError> {
    let body = alternating(config, 2, &grouped_keys(config, None)?, 0)?;
    Ok(Body { tied: true, ..body })
}

/// Five of six layers slide. Absent keys take the defaults of `Gemma3TextConfig`: 8 heads, 4 KV
/// heads of 256, window 4096, vocabulary 262,208.
pub(super) fn gemma3(config: &Reader<'_>) -> Result<Body, ModelError> {
    let attention = grouped_keys(config, Some([8, 4, 256]))?;
    let qk_norm = 2 * u64::from(attention.head_dim);
    let every = config.count_or("sliding_window_pattern", 6)?;
    let body = alternating(config, every, &attention, qk_norm)?;
    Ok(Body { tied: true, vocab: Some(262_208), ..body })
}

fn grouped_keys(config: &Reader<'_>, defaults: Option<[u32; 3]>) -> Result<Softmax, ModelError> {
    let key = |key, default: Option<u32>| match default {
        Some(default) => config.count_or(key, default),
        None => config.count(key),
    };
    let default = |i: usize| defaults.map(|defaults| defaults[i]);
    Ok(grouped(
        key("num_attention_heads", default(0))?,
        key("num_key_value_heads", default(1))?,
        key("head_dim", default(2))?,
    ))
}

fn alternating(
    config: &Reader<'_>,
    every: u32,
    attention: &Softmax,
    vectors: u64,
) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let inter = config.count("intermediate_size")?;
    let hidden = u64::from(config.count("hidden_size")?);
    let width = window(config, config.tokens_opt("sliding_window")?.unwrap_or(4096))?;
    let slides = match sliding_by_type(config, layers)? {
        Some(types) => types,
        None => (1..=layers).map(|layer| !layer.is_multiple_of(every)).collect(),
    };
    let layer = |slides: bool| {
        let attention = Softmax { window: width.filter(|_| slides), ..attention.clone() };
        dense_layer(attention, inter, 4 * hidden + vectors)
    };
    Ok(Body::new(slides.into_iter().take(layers as usize).map(layer).collect()))
}

/// Full layers have wider heads, fewer of them for keys, and one projection for keys and values;
/// the mixture of experts stands beside a dense part that every token passes.
pub(super) fn gemma4(config: &Reader<'_>) -> Result<Body, ModelError> {
    for (key, reason) in [
        ("hidden_size_per_layer_input", "per-layer embeddings are not"),
        ("num_kv_shared_layers", "KV caches shared between layers are not"),
    ] {
        if config.count_opt(key)?.is_some() {
            return Err(config.unsupported(key, reason));
        }
    }
    let layers = layer_count(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let heads = config.count("num_attention_heads")?;
    let width = window(config, config.tokens("sliding_window")?)?;
    let local = grouped(heads, config.count("num_key_value_heads")?, config.count("head_dim")?);
    let local = Softmax { window: width, ..local };
    let kv_heads = config.count_or("num_global_key_value_heads", local.kv_heads)?;
    let global = grouped(heads, kv_heads, config.count_or("global_head_dim", local.head_dim)?);
    let shared_projection = config.switch_or("attention_k_eq_v", false)?;
    let global = Softmax { shared_projection, ..global };
    let (feed_forward, expert_vectors) = feed_forward(config, hidden)?;
    let slides = sliding_by_type(config, layers)?;
    let slides = slides.ok_or_else(|| config.wrong("layer_types", "one type per layer"))?;
    let layer = |slides: bool| {
        let attention = if slides { local.clone() } else { global.clone() };
        // Four norms, one on queries and one on keys, and a scalar for the layer.
        let vectors = 4 * hidden + 2 * u64::from(attention.head_dim) + 1 + expert_vectors;
        Layer::new(Some(Mixer::Softmax(attention)), Some(feed_forward.clone()), vectors)
    };
    let body = Body::new(slides.into_iter().take(layers as usize).map(layer).collect());
    Ok(Body { tied: true, ..body })
}

/// The feed-forward part, and the vectors that experts add: three norms, the router's scale and
/// one per expert.
fn feed_forward(config: &Reader<'_>, hidden: u64) -> Result<(FeedForward, u64), ModelError> {
    let dense = gated(config.count("intermediate_size")?);
    if !config.switch_or("enable_moe_block", false)? {
        return Ok((FeedForward::Dense(dense), 0));
    }
    let top_k = config.count_any(&["top_k_experts", "num_experts_per_tok"])?;
    let inter = config.count_any(&["moe_intermediate_size", "expert_intermediate_size"])?;
    let routed = experts(config.count("num_experts")?, top_k, inter);
    let vectors = 4 * hidden + u64::from(routed.experts);
    Ok((FeedForward::Experts(Experts { shared: Some(dense), ..routed }), vectors))
}
