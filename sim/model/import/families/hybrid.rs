//! Hybrids of recurrent layers and full attention: Qwen3-Next and Qwen3.5, Nemotron-H and 3.

use crate::hardware::Format;
use crate::model::import::parts::{Body, attention, experts, gated, grouped, layer_count};
use crate::model::import::reader::Reader;
use crate::model::{
    Dense, Experts, FeedForward, Layer, LinearKind, Mixer, ModelError, Recurrent, Softmax,
};

use super::moe::qwen_experts;

/// Recurrent states are kept in what the file says, in 32 bits if it says nothing: that is what
/// the reference implementations compute in.
fn state_format(config: &Reader<'_>, key: &str) -> Result<Format, ModelError> {
    match config.text(key)? {
        None | Some("float32") => Ok(Format::Fp32),
        Some("bfloat16" | "float16") => Ok(Format::Bf16),
        Some(_) => Err(config.wrong(key, "float32, bfloat16 or float16")),
    }
}

/// Gated delta net on three layers of four, gated full attention on the fourth.
pub(super) fn qwen_next(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let full = attention(config)?;
    // Qwen3-Next always gates; later files say so.
    let gate_dim = if config.switch_or("attn_output_gate", true)? { full.head_dim } else { 0 };
    let full = Softmax { gate_dim, ..full };
    let delta = delta_net(config)?;
    let delta_vectors = delta.conv_channels() * u64::from(delta.conv_width)
        + u64::from(2 * delta.heads + delta.value_dim);
    let (feed_forward, gate) = if config.has("num_experts") {
        let routed = qwen_experts(config)?;
        let gate = if routed.shared.is_some() { hidden } else { 0 };
        (FeedForward::Experts(routed), gate)
    } else {
        (FeedForward::Dense(gated(config.count("intermediate_size")?)), 0)
    };
    let layer = |linear: bool| {
        let (mixer, vectors) = if linear {
            (Mixer::Recurrent(delta.clone()), delta_vectors)
        } else {
            (Mixer::Softmax(full.clone()), 2 * u64::from(full.head_dim))
        };
        Layer::new(Some(mixer), Some(feed_forward.clone()), 2 * hidden + vectors + gate)
    };
    let body = Body::new(linear_layers(config, layers)?.into_iter().map(layer).collect());
    Ok(body.with_draft(config.count_opt("mtp_num_hidden_layers")?))
}

fn linear_layers(config: &Reader<'_>, layers: u32) -> Result<Vec<bool>, ModelError> {
    let types = config.texts("layer_types")?;
    let Some(types) = config.per_layer("layer_types", types, layers)? else {
        // The default of `Qwen3NextConfig`.
        let every = config.count_or("full_attention_interval", 4)?;
        return Ok((1..=layers).map(|layer| !layer.is_multiple_of(every)).collect());
    };
    let linear = |kind: &&str| match *kind {
        "linear_attention" => Ok(true),
        "full_attention" => Ok(false),
        _ => Err(config.unsupported("layer_types", "known are linear and full attention")),
    };
    types.iter().take(layers as usize).map(linear).collect()
}

fn delta_net(config: &Reader<'_>) -> Result<Recurrent, ModelError> {
    Ok(Recurrent {
        kind: LinearKind::Gdn,
        heads: config.count("linear_num_value_heads")?,
        key_heads: config.count("linear_num_key_heads")?,
        key_dim: config.count("linear_key_head_dim")?,
        value_dim: config.count("linear_value_head_dim")?,
        conv_width: config.count("linear_conv_kernel_dim")?,
        full_gate: true,
        state: state_format(config, "mamba_ssm_dtype")?,
    })
}

/// One part a layer: Mamba-2 (M), attention (*), dense (-) or experts (E); nothing is gated.
pub(super) fn nemotron_h(config: &Reader<'_>) -> Result<Body, ModelError> {
    let hidden = u64::from(config.count("hidden_size")?);
    let heads = config.count("num_attention_heads")?;
    let head_dim = config.count_any(&["head_dim", "attention_head_dim"])?;
    let full = grouped(heads, config.count("num_key_value_heads")?, head_dim);
    let mamba = mamba2(config)?;
    // Convolution with bias; rate, skip and bias of the step per head; the gated norm.
    let mamba_vectors = mamba.conv_channels() * u64::from(mamba.conv_width + 1)
        + u64::from(mamba.heads) * u64::from(3 + mamba.value_dim);
    let layer = |kind: &str| {
        let (mixer, feed_forward, vectors) = match kind {
            "mamba" => (Some(Mixer::Recurrent(mamba.clone())), None, mamba_vectors),
            "attention" => (Some(Mixer::Softmax(full.clone())), None, 0),
            "mlp" => {
                let dense = Dense { inter: config.count("intermediate_size")?, gated: false };
                (None, Some(FeedForward::Dense(dense)), 0)
            }
            "moe" => {
                let routed = latent_experts(config)?;
                let bias = u64::from(routed.experts);
                (None, Some(FeedForward::Experts(routed)), bias)
            }
            _ => return Err(config.unsupported("layers_block_type", "an unknown kind of layer")),
        };
        Ok(Layer::new(mixer, feed_forward, hidden + vectors))
    };
    let kinds = nemotron_layers(config, "hybrid_override_pattern", "layers_block_type")?;
    let body = Body::new(kinds.into_iter().map(layer).collect::<Result<_, _>>()?);
    let draft = nemotron_layers(config, "mtp_hybrid_override_pattern", "mtp_layers_block_type");
    let depth = config.count_opt("num_nextn_predict_layers")?;
    let (Some(depth), Ok(draft)) = (depth, draft) else { return Ok(body) };
    // The two parts of an MTP step, as one layer.
    let parts = draft.into_iter().map(layer).collect::<Result<Vec<_>, _>>()?;
    let vectors = parts.iter().map(|part| part.vectors).sum();
    let mixer = parts.iter().find_map(|part| part.mixer.clone());
    let feed_forward = parts.iter().find_map(|part| part.feed_forward.clone());
    let drafted = Body::new(vec![Layer::new(mixer, feed_forward, vectors)]);
    Ok(Body { draft: drafted.with_draft(Some(depth)).draft, ..body })
}

/// Kinds of layers, as a pattern of letters or as a list of names.
fn nemotron_layers<'a>(
    config: &Reader<'a>,
    pattern: &str,
    list: &str,
) -> Result<Vec<&'a str>, ModelError> {
    if let Some(list) = config.texts(list)? {
        return Ok(list);
    }
    let kind = |letter| match letter {
        'M' => Ok("mamba"),
        '*' => Ok("attention"),
        '-' => Ok("mlp"),
        'E' => Ok("moe"),
        _ => Err(config.wrong(pattern, "letters M, *, - and E")),
    };
    config.text_required(pattern)?.chars().map(kind).collect()
}

fn mamba2(config: &Reader<'_>) -> Result<Recurrent, ModelError> {
    Ok(Recurrent {
        kind: LinearKind::Mamba2,
        heads: config.count("mamba_num_heads")?,
        key_heads: config.count("n_groups")?,
        key_dim: config.count("ssm_state_size")?,
        value_dim: config.count("mamba_head_dim")?,
        conv_width: config.count("conv_kernel")?,
        full_gate: true,
        state: state_format(config, "mamba_ssm_cache_dtype")?,
    })
}

/// Experts without gates; from Super on they work on a narrower stream (`moe_latent_size`).
fn latent_experts(config: &Reader<'_>) -> Result<Experts, ModelError> {
    let inter = config.count("moe_intermediate_size")?;
    let (count, top_k) = (config.count("n_routed_experts")?, config.count("num_experts_per_tok")?);
    let shared = match config.count_opt("n_shared_experts")? {
        None => None,
        Some(count) => {
            let inter = count.saturating_mul(config.count("moe_shared_expert_intermediate_size")?);
            Some(Dense { inter, gated: false })
        }
    };
    let routed = experts(count, top_k, inter);
    let each = Dense { gated: false, ..routed.each };
    Ok(Experts { each, shared, latent: config.count_opt("moe_latent_size")?, ..routed })
}
