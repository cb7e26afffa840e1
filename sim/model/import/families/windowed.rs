//! Mixtures of experts with sliding layers of their own shape: gpt-oss, `MiMo`-V2, Step-3.x.

use crate::model::import::parts::{
    Body, attention, expert_layers, experts, gated, grouped, layer_count, qkv_features,
    sliding_by_type, window,
};
use crate::model::import::reader::Reader;
use crate::model::{Experts, FeedForward, Layer, Mixer, ModelError, Softmax};

use super::moe::deepseek_experts;

/// Biases everywhere, a learned sink per head.
pub(super) fn gpt_oss(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let attention = attention(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let count = config.count("num_local_experts")?;
    let top_k = config.count_any(&["num_experts_per_tok", "experts_per_token"])?;
    let routed = experts(count, top_k, config.count("intermediate_size")?);
    let routed = Experts { bias: true, ..routed };
    let width = window(config, config.tokens("sliding_window")?)?;
    let slides = match sliding_by_type(config, layers)? {
        Some(types) => types,
        // The default of `GptOssConfig`.
        None => (0..layers).map(|layer| layer.is_multiple_of(2)).collect(),
    };
    // Biases of all projections and of the router, the sinks, two norms.
    let biases = qkv_features(&attention) + hidden + u64::from(count + attention.heads);
    let layer = |slides: bool| {
        let mixer = Softmax { window: width.filter(|_| slides), ..attention.clone() };
        let feed_forward = FeedForward::Experts(routed.clone());
        Layer::new(Some(Mixer::Softmax(mixer)), Some(feed_forward), 2 * hidden + biases)
    };
    Ok(Body::new(slides.into_iter().take(layers as usize).map(layer).collect()))
}

/// Sliding layers have more KV heads; values are narrower than keys.
pub(super) fn mimo_v2(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let full = Softmax { value_dim: config.count("v_head_dim")?, ..attention(config)? };
    let sliding = grouped(
        config.count("swa_num_attention_heads")?,
        config.count("swa_num_key_value_heads")?,
        config.count("swa_head_dim")?,
    );
    let width = window(config, config.tokens("sliding_window")?)?;
    let value_dim = config.count("swa_v_head_dim")?;
    let sliding = Softmax { window: width, value_dim, ..sliding };
    let pattern = config.numbers("hybrid_layer_pattern")?;
    let pattern = config.per_layer("hybrid_layer_pattern", pattern, layers)?;
    let pattern =
        pattern.ok_or_else(|| config.wrong("hybrid_layer_pattern", "one entry per layer"))?;
    let routed = deepseek_experts(config)?;
    let layer = |(slides, sparse): (&u32, bool)| {
        let attention = if *slides == 1 { sliding.clone() } else { full.clone() };
        let sinks = u64::from(attention.heads);
        let feed_forward = if sparse {
            FeedForward::Experts(routed.clone())
        } else {
            FeedForward::Dense(gated(config.count("intermediate_size")?))
        };
        let vectors = 2 * hidden + sinks + u64::from(routed.experts);
        Ok(Layer::new(Some(Mixer::Softmax(attention)), Some(feed_forward), vectors))
    };
    let sparse = expert_layers(config, layers)?;
    Ok(Body::new(pattern.iter().zip(sparse).map(layer).collect::<Result<_, _>>()?))
}

/// Sliding layers may have more query heads (`attention_other_setting`); a gate per head is
/// optional.
pub(super) fn step(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let gate_dim = u32::from(config.switch_or("use_head_wise_attn_gate", false)?);
    let full = step_attention(config, config, gate_dim)?;
    let other = config.child("attention_other_setting");
    let width = window(config, config.tokens("sliding_window")?)?;
    let sliding = step_attention(other.as_ref().unwrap_or(config), config, gate_dim)?;
    let sliding = Softmax { window: width, ..sliding };
    let slides = sliding_by_type(config, layers)?;
    let slides = slides.ok_or_else(|| config.wrong("layer_types", "one type per layer"))?;
    let routed = step_experts(config)?;
    let sparse = step_expert_layers(config, layers)?;
    let layer = |(slides, sparse): (bool, bool)| {
        let attention = if slides { sliding.clone() } else { full.clone() };
        let feed_forward = if sparse {
            FeedForward::Experts(routed.clone())
        } else {
            FeedForward::Dense(gated(config.count("intermediate_size")?))
        };
        let vectors = 2 * hidden + 2 * u64::from(attention.head_dim + routed.experts / 2);
        Ok(Layer::new(Some(Mixer::Softmax(attention)), Some(feed_forward), vectors))
    };
    let body = Body::new(slides.into_iter().zip(sparse).map(layer).collect::<Result<_, _>>()?);
    Ok(body.with_draft(config.count_opt("num_nextn_predict_layers")?))
}

fn step_attention(
    own: &Reader<'_>,
    config: &Reader<'_>,
    gate_dim: u32,
) -> Result<Softmax, ModelError> {
    let heads = own.count("num_attention_heads")?;
    let kv_heads = own.count_any(&["num_key_value_heads", "num_attention_groups"])?;
    let head_dim = own.count_opt("head_dim")?.map_or_else(|| config.count("head_dim"), Ok)?;
    Ok(Softmax { gate_dim, ..grouped(heads, kv_heads, head_dim) })
}

fn step_experts(config: &Reader<'_>) -> Result<Experts, ModelError> {
    let count = config.count_any(&["num_experts", "moe_num_experts"])?;
    let top_k = config.count_any(&["num_experts_per_tok", "moe_top_k"])?;
    let shared = config.count_any(&["share_expert_dim", "share_expert_dims"])?;
    let routed = experts(count, top_k, config.count("moe_intermediate_size")?);
    Ok(Experts { shared: Some(gated(shared)), ..routed })
}

/// `moe_layers_enum` lists the mixtures; without it the first layers are dense.
fn step_expert_layers(config: &Reader<'_>, layers: u32) -> Result<Vec<bool>, ModelError> {
    if !config.has("moe_layers_enum") {
        return expert_layers(config, layers);
    }
    let key = "moe_layers_enum";
    let wrong = || config.wrong(key, "layer numbers, separated by commas");
    let listed: Vec<u32> = if let Some(text) = config.get(key).and_then(|value| value.as_str()) {
        let numbers: Result<_, _> = text.split(',').map(|number| number.trim().parse()).collect();
        numbers.map_err(|_| wrong())?
    } else {
        config.numbers(key)?.ok_or_else(wrong)?
    };
    Ok((0..layers).map(|layer| listed.contains(&layer)).collect())
}
