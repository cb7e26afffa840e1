//! Mixtures of experts over ordinary attention: Mixtral, Qwen, GLM-4.5, Llama 4.

use crate::model::import::parts::{
    Body, attention, expert_layers, experts, gated, layer_count, qkv_features, sliding_by_type,
    window,
};
use crate::model::import::reader::Reader;
use crate::model::{Experts, FeedForward, Layer, Mixer, ModelError, Softmax};

use super::dense::windows;

pub(super) fn mixtral(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let attention = attention(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let inter = config.count("intermediate_size")?;
    let routed = experts(config.count("num_local_experts")?, top_k(config)?, inter);
    let layer = |window| {
        let mixer = Mixer::Softmax(Softmax { window, ..attention.clone() });
        Layer::new(Some(mixer), Some(FeedForward::Experts(routed.clone())), 2 * hidden)
    };
    Ok(Body::new(windows(config, layers, true)?.into_iter().map(layer).collect()))
}

fn top_k(config: &Reader<'_>) -> Result<u32, ModelError> {
    config.count_any(&["num_experts_per_tok", "num_experts_per_token"])
}

pub(super) fn qwen2_moe(config: &Reader<'_>) -> Result<Body, ModelError> {
    let attention = attention(config)?;
    let bias = qkv_features(&attention);
    qwen(config, &attention, bias)
}

pub(super) fn qwen3_moe(config: &Reader<'_>) -> Result<Body, ModelError> {
    let attention = attention(config)?;
    let qk_norm = 2 * u64::from(attention.head_dim);
    qwen(config, &attention, qk_norm)
}

/// Every `decoder_sparse_step`-th layer (default 1) is a mixture, but those in `mlp_only_layers`.
fn qwen(config: &Reader<'_>, attention: &Softmax, vectors: u64) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let step = config.count_or("decoder_sparse_step", 1)?;
    let dense_only = config.numbers("mlp_only_layers")?.unwrap_or_default();
    let routed = qwen_experts(config)?;
    let layer = |(index, window)| {
        let mixer = Mixer::Softmax(Softmax { window, ..attention.clone() });
        let sparse = !dense_only.contains(&index) && (index + 1u32).is_multiple_of(step);
        let feed_forward = if sparse {
            FeedForward::Experts(routed.clone())
        } else {
            FeedForward::Dense(gated(config.count("intermediate_size")?))
        };
        // A gated shared expert has one more output, from the hidden state.
        let gate = if sparse && routed.shared.is_some() { hidden } else { 0 };
        Ok(Layer::new(Some(mixer), Some(feed_forward), 2 * hidden + vectors + gate))
    };
    let windows = windows(config, layers, false)?.into_iter();
    Ok(Body::new((0..).zip(windows).map(layer).collect::<Result<_, _>>()?))
}

/// Routed experts and, where it has a width, the shared one.
pub(super) fn qwen_experts(config: &Reader<'_>) -> Result<Experts, ModelError> {
    let inter = config.count("moe_intermediate_size")?;
    let shared = config.count_opt("shared_expert_intermediate_size")?.map(gated);
    let count = config.count_any(&["num_experts", "num_local_experts"])?;
    Ok(Experts { shared, ..experts(count, top_k(config)?, inter) })
}

/// Routed and shared experts under `DeepSeek`'s names; shared experts are `n_shared_experts`
/// times as wide as a routed one.
pub(super) fn deepseek_experts(config: &Reader<'_>) -> Result<Experts, ModelError> {
    let inter = config.count("moe_intermediate_size")?;
    let count = config.count_any(&["n_routed_experts", "num_experts"])?;
    let shared = config.count_opt("n_shared_experts")?;
    let shared = shared.map(|count| gated(count.saturating_mul(inter)));
    Ok(Experts { shared, ..experts(count, top_k(config)?, inter) })
}

pub(super) fn glm4_moe(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let attention = attention(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let bias =
        if config.switch_or("attention_bias", false)? { qkv_features(&attention) } else { 0 };
    let norms = if config.switch_or("use_qk_norm", false)? { 2 * attention.head_dim } else { 0 };
    let vectors = 2 * hidden + bias + u64::from(norms);
    let routed = deepseek_experts(config)?;
    let layer = |sparse| {
        let feed_forward = if sparse {
            FeedForward::Experts(routed.clone())
        } else {
            FeedForward::Dense(gated(config.count("intermediate_size")?))
        };
        let vectors = vectors + if sparse { u64::from(routed.experts) } else { 0 };
        Ok(Layer::new(Some(Mixer::Softmax(attention.clone())), Some(feed_forward), vectors))
    };
    let sparse = expert_layers(config, layers)?.into_iter();
    let body = Body::new(sparse.map(layer).collect::<Result<_, _>>()?);
    Ok(body.with_draft(config.count_opt("num_nextn_predict_layers")?))
}

/// Chunked attention (a query sees its own chunk) counts as a window of a chunk's length, its
/// upper bound. Absent keys take the defaults of `Llama4TextConfig`: a chunk of 8192, three
/// chunked layers of four.
pub(super) fn llama4(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let attention = attention(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let step = config.count_or("interleave_moe_layer_step", 1)?;
    let inter = config.count("intermediate_size")?;
    let routed = experts(config.count("num_local_experts")?, top_k(config)?, inter);
    let routed = Experts { shared: Some(gated(inter)), ..routed };
    let chunk = window(config, config.tokens_opt("attention_chunk_size")?.unwrap_or(8192))?;
    let chunked = match sliding_by_type(config, layers)? {
        Some(types) => types,
        None => (1..=layers).map(|layer| !layer.is_multiple_of(4)).collect(),
    };
    let layer = |index: u32| {
        let window = chunk.filter(|_| chunked[index as usize]);
        let mixer = Mixer::Softmax(Softmax { window, ..attention.clone() });
        let feed_forward = if (index + 1).is_multiple_of(step) {
            FeedForward::Experts(routed.clone())
        } else {
            FeedForward::Dense(gated(config.count("intermediate_size_mlp")?))
        };
        Ok(Layer::new(Some(mixer), Some(feed_forward), 2 * hidden))
    };
    Ok(Body::new((0..layers).map(layer).collect::<Result<_, _>>()?))
}
