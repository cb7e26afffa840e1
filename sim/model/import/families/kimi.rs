//! Kimi Linear and K3: delta attention beside latent attention.

use crate::hardware::Format;
use crate::model::import::parts::{Body, expert_layers, experts, gated, layer_count};
use crate::model::import::reader::Reader;
use crate::model::{Experts, FeedForward, Latent, Layer, LinearKind, Mixer, ModelError, Recurrent};

use super::deepseek::latent_attention;

pub(super) fn linear(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let settings = config.child("linear_attn_config");
    let settings = settings.ok_or_else(|| config.wrong("linear_attn_config", "an object"))?;
    let delta = delta_attention(&settings)?;
    let full = latent_attention(config)?;
    let gated_output = config.switch_or("mla_use_output_gate", false)?;
    let full = Latent { gate_dim: if gated_output { full.value_dim } else { 0 }, ..full };
    // Counted from 1 in the file.
    let linear = settings.numbers("kda_layers")?;
    let linear = linear.ok_or_else(|| settings.wrong("kda_layers", "a list of layers"))?;
    let routed = routed(config)?;
    // Convolutions, the decay's rate and bias per channel, the output norm.
    let (heads, key_dim) = (u64::from(delta.heads), u64::from(delta.key_dim));
    let delta_vectors = delta.conv_channels() * u64::from(delta.conv_width)
        + heads * (key_dim + 1)
        + u64::from(delta.value_dim);
    let layer = |(index, mixture): (u32, bool)| {
        let (mixer, vectors) = if linear.contains(&index) {
            (Mixer::Recurrent(delta.clone()), delta_vectors)
        } else {
            let norms = full.latent + full.q_rank.unwrap_or(0);
            (Mixer::Latent(full.clone()), u64::from(norms))
        };
        let feed_forward = if mixture {
            FeedForward::Experts(routed.clone())
        } else {
            FeedForward::Dense(gated(config.count("intermediate_size")?))
        };
        let vectors = 2 * hidden + vectors + u64::from(routed.experts);
        Ok(Layer::new(Some(mixer), Some(feed_forward), vectors))
    };
    let mixtures = expert_layers(config, layers)?.into_iter();
    let body = Body::new((1..).zip(mixtures).map(layer).collect::<Result<_, _>>()?);
    Ok(body.with_draft(config.count_opt("num_nextn_predict_layers")?))
}

fn delta_attention(settings: &Reader<'_>) -> Result<Recurrent, ModelError> {
    let (heads, head_dim) = (settings.count("num_heads")?, settings.count("head_dim")?);
    Ok(Recurrent {
        kind: LinearKind::Kda,
        heads,
        key_heads: heads,
        key_dim: head_dim,
        value_dim: head_dim,
        conv_width: settings.count("short_conv_kernel_size")?,
        full_gate: settings.switch_or("use_full_rank_gate", false)?,
        // The reference implementation keeps the state in 32 bits.
        state: Format::Fp32,
    })
}

/// K3's experts work on a narrower stream (`routed_expert_hidden_size`).
fn routed(config: &Reader<'_>) -> Result<Experts, ModelError> {
    let inter = config.count("moe_intermediate_size")?;
    let shared = config.count_opt("num_shared_experts")?;
    let shared = shared.map(|count| gated(count.saturating_mul(inter)));
    let latent = config.count_opt("routed_expert_hidden_size")?;
    let top_k = config.count_any(&["num_experts_per_token", "num_experts_per_tok"])?;
    Ok(Experts { latent, shared, ..experts(config.count("num_experts")?, top_k, inter) })
}
