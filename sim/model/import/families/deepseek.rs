//! `DeepSeek` V2 to V4, and Kimi K2 and GLM-5, which follow V3.

use crate::model::import::parts::{Body, expert_layers, gated, layer_count};
use crate::model::import::reader::Reader;
use crate::model::{
    Compressed, Entries, Experts, FeedForward, Latent, Layer, Mixer, ModelError, Scorer, Sparse,
};

use super::moe::deepseek_experts;

/// Latent attention from `DeepSeek`'s keys.
pub(super) fn latent_attention(config: &Reader<'_>) -> Result<Latent, ModelError> {
    Ok(Latent {
        heads: config.count("num_attention_heads")?,
        q_rank: config.count_opt("q_lora_rank")?,
        latent: config.count("kv_lora_rank")?,
        rope: config.count("qk_rope_head_dim")?,
        nope: config.count("qk_nope_head_dim")?,
        value_dim: config.count("v_head_dim")?,
        gate_dim: 0,
        sparse: None,
    })
}

/// Norms of the two latents.
fn latent_norms(mixer: &Latent) -> u64 {
    u64::from(mixer.latent + mixer.q_rank.unwrap_or(0))
}

fn scorer(config: &Reader<'_>) -> Result<Scorer, ModelError> {
    Ok(Scorer { heads: config.count("index_n_heads")?, dim: config.count("index_head_dim")? })
}

/// Latent attention, dense or sparse; dense layers first, then mixtures of experts.
pub(super) fn latent(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let attention = latent_attention(config)?;
    let selections = selections(config, layers)?;
    let routed = deepseek_experts(config)?;
    let layer = |(sparse, mixture): (Option<Sparse>, bool)| {
        let mixer = Latent { sparse, ..attention.clone() };
        let index_norm = sparse.and_then(|sparse| sparse.scorer).map_or(0, |s| 2 * s.dim);
        let (feed_forward, bias) = if mixture {
            (FeedForward::Experts(routed.clone()), routed.experts)
        } else {
            (FeedForward::Dense(gated(config.count("intermediate_size")?)), 0)
        };
        let vectors = 2 * hidden + latent_norms(&mixer) + u64::from(index_norm + bias);
        Ok(Layer::new(Some(Mixer::Latent(mixer)), Some(feed_forward), vectors))
    };
    let mixtures = expert_layers(config, layers)?;
    let layers = selections.into_iter().zip(mixtures).map(layer).collect::<Result<_, _>>()?;
    Ok(Body::new(layers).with_draft(config.count_opt("num_nextn_predict_layers")?))
}

/// What each layer selects by. Layers of `indexer_types` `shared` have no indexer of their own.
fn selections(config: &Reader<'_>, layers: u32) -> Result<Vec<Option<Sparse>>, ModelError> {
    let Some(selected) = config.tokens_opt("index_topk")? else {
        return Ok(vec![None; layers as usize]);
    };
    let own = Some(scorer(config)?);
    let types = config.texts("indexer_types")?;
    let Some(types) = config.per_layer("indexer_types", types, layers)? else {
        return Ok(vec![Some(Sparse { selected, scorer: own }); layers as usize]);
    };
    let sparse = |kind: &&str| match *kind {
        "full" => Ok(Some(Sparse { selected, scorer: own })),
        "shared" => Ok(Some(Sparse { selected, scorer: None })),
        _ => Err(config.unsupported("indexer_types", "known are full and shared")),
    };
    types.iter().take(layers as usize).map(sparse).collect()
}

/// V4: a window on every layer; entries of `compress_ratios` tokens, which an indexer selects
/// where the ratio is 4.
pub(super) fn compressed(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let ratios = config.numbers("compress_ratios")?;
    let ratios = config.per_layer("compress_ratios", ratios, layers)?;
    let ratios = ratios.ok_or_else(|| config.wrong("compress_ratios", "one ratio per layer"))?;
    let routed = deepseek_experts(config)?;
    let streams = config.count_or("hc_mult", 1)?;
    if streams > 64 {
        return Err(config.wrong("hc_mult", "at most 64 residual streams"));
    }
    let layer = |ratio: &u32| v4_layer(config, *ratio, &routed, (hidden, streams));
    let draft = v4_layer(config, 0, &routed, (hidden, streams))?;
    let depth = config.count_opt("num_nextn_predict_layers")?;
    let drafted = Body::new(vec![draft]).with_draft(depth);
    let layers = ratios.iter().take(layers as usize).map(layer).collect::<Result<_, _>>()?;
    Ok(Body { draft: drafted.draft, ..Body::new(layers) })
}

fn v4_layer(
    config: &Reader<'_>,
    ratio: u32,
    routed: &Experts,
    (hidden, streams): (u64, u32),
) -> Result<Layer, ModelError> {
    let selection = match ratio {
        4 => Some((config.tokens("index_topk")?, scorer(config)?)),
        0 | 128 => None,
        _ => return Err(config.unsupported("compress_ratios", "known are 0, 4 and 128")),
    };
    let mixer = Compressed {
        heads: config.count("num_attention_heads")?,
        q_rank: config.count("q_lora_rank")?,
        head_dim: config.count("head_dim")?,
        out_groups: config.count("o_groups")?,
        out_rank: config.count("o_lora_rank")?,
        window: config.tokens("sliding_window")?,
        entries: (ratio > 0).then_some(Entries { ratio, selection }),
    };
    let norms = mixer.q_rank + 2 * mixer.head_dim + mixer.heads;
    let vectors = 2 * hidden + u64::from(norms + routed.experts);
    let feed_forward = FeedForward::Experts(routed.clone());
    let layer = Layer::new(Some(Mixer::Compressed(mixer)), Some(feed_forward), vectors);
    Ok(Layer { streams, ..layer })
}
