//! Dense models: Llama and its kin.

use crate::model::import::parts::{
    Body, attention, dense_layer, gated, grouped, layer_count, qkv_features, sliding_by_type,
    window,
};
use crate::model::import::reader::Reader;
use crate::model::{FeedForward, Layer, Mixer, ModelError, Softmax};

/// Extras of an architecture's attention that only add vectors.
#[derive(Clone, Copy)]
struct Extras {
    /// Biases on queries, keys and values.
    qkv_bias: bool,
    /// Norms on queries and keys.
    qk_norm: bool,
}

pub(super) fn llama(config: &Reader<'_>) -> Result<Body, ModelError> {
    let qkv_bias = config.switch_or("attention_bias", false)?;
    let body = uniform(config, Extras { qkv_bias, qk_norm: false }, false)?;
    Ok(body.with_draft(config.count_opt("num_nextn_predict_layers")?))
}

/// A sliding window, if there is one, is on every layer.
pub(super) fn mistral(config: &Reader<'_>) -> Result<Body, ModelError> {
    uniform(config, Extras { qkv_bias: false, qk_norm: false }, true)
}

pub(super) fn qwen2(config: &Reader<'_>) -> Result<Body, ModelError> {
    uniform(config, Extras { qkv_bias: true, qk_norm: false }, false)
}

pub(super) fn qwen3(config: &Reader<'_>) -> Result<Body, ModelError> {
    let qkv_bias = config.switch_or("attention_bias", false)?;
    uniform(config, Extras { qkv_bias, qk_norm: true }, false)
}

/// Layers that differ at most in their window.
fn uniform(config: &Reader<'_>, extras: Extras, always: bool) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let attention = attention(config)?;
    let inter = config.count("intermediate_size")?;
    let hidden = u64::from(config.count("hidden_size")?);
    let bias = if extras.qkv_bias { qkv_features(&attention) } else { 0 };
    let norms = if extras.qk_norm { 2 * u64::from(attention.head_dim) } else { 0 };
    let windows = windows(config, layers, always)?;
    let layer = |window| {
        let attention = Softmax { window, ..attention.clone() };
        dense_layer(attention, inter, 2 * hidden + bias + norms)
    };
    Ok(Body::new(windows.into_iter().map(layer).collect()))
}

/// The window of each layer: from `layer_types`; else, with `use_sliding_window`, on layers from
/// `max_window_layers` on (Qwen); else, where `always`, on all.
pub(super) fn windows(
    config: &Reader<'_>,
    layers: u32,
    always: bool,
) -> Result<Vec<Option<u32>>, ModelError> {
    let width = match config.tokens_opt("sliding_window")? {
        Some(width) => window(config, width)?,
        None => None,
    };
    let slides = match sliding_by_type(config, layers)? {
        Some(types) => types,
        None if config.switch_or("use_sliding_window", always)? => {
            let first = config.count_opt("max_window_layers")?.unwrap_or(0);
            (0..layers).map(|layer| layer >= first).collect()
        }
        None => vec![false; layers as usize],
    };
    Ok(slides.into_iter().take(layers as usize).map(|slides| width.filter(|_| slides)).collect())
}

/// Nemotron-NAS: Llama whose layers were searched one by one; parts may be missing.
pub(super) fn deci(config: &Reader<'_>) -> Result<Body, ModelError> {
    let blocks = config.objects("block_configs")?;
    let blocks = blocks.ok_or_else(|| config.wrong("block_configs", "a list of blocks"))?;
    let heads = config.count("num_attention_heads")?;
    let hidden = config.count("hidden_size")?;
    let layer = |block: &Reader<'_>| {
        let part =
            |key| block.child(key).ok_or_else(|| block.wrong(key, "an object for each block"));
        let (mixer, feed_forward) = (part("attention")?, part("ffn")?);
        for part in [&mixer, &feed_forward] {
            if part.switch_or("replace_with_linear", false)? {
                return Err(part.unsupported("replace_with_linear", "only no_op is known"));
            }
        }
        let mixer = if mixer.switch_or("no_op", false)? {
            None
        } else {
            let group = mixer.count("n_heads_in_group")?;
            if !heads.is_multiple_of(group) || !hidden.is_multiple_of(heads) {
                return Err(mixer.wrong("n_heads_in_group", "a divisor of the heads"));
            }
            Some(Mixer::Softmax(grouped(heads, heads / group, hidden / heads)))
        };
        let feed_forward = if feed_forward.switch_or("no_op", false)? {
            None
        } else {
            let inter = searched_width(&feed_forward, hidden)?;
            Some(FeedForward::Dense(gated(inter)))
        };
        let norms = u64::from(mixer.is_some()) + u64::from(feed_forward.is_some());
        Ok(Layer::new(mixer, feed_forward, norms * u64::from(hidden)))
    };
    Ok(Body::new(blocks.iter().map(layer).collect::<Result<_, _>>()?))
}

/// `ffn_mult` × ⅔ × twice the width, rounded up to 256, as the architecture defines it.
fn searched_width(block: &Reader<'_>, hidden: u32) -> Result<u32, ModelError> {
    if let Some(inter) = block.count_opt("intermediate_size")? {
        return Ok(inter);
    }
    let factor = block.get("ffn_mult").and_then(serde_json::Value::as_f64);
    let factor = factor.filter(|factor| (0.0..=64.0).contains(factor));
    let factor = factor.ok_or_else(|| block.wrong("ffn_mult", "a number up to 64"))?;
    let inter = (2.0 * factor * f64::from(hidden) / 3.0) as u32;
    Ok(inter.next_multiple_of(256))
}
