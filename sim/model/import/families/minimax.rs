//! `MiniMax`: lightning attention (Text-01, M1), full attention (M2), block-sparse (M3).

use crate::hardware::Format;
use crate::model::import::parts::{Body, attention, expert_layers, experts, gated, layer_count};
use crate::model::import::reader::Reader;
use crate::model::{
    BlockSparse, Experts, FeedForward, Layer, LinearKind, Mixer, ModelError, Recurrent, Softmax,
};

fn routed(config: &Reader<'_>) -> Result<Experts, ModelError> {
    let shared = config.count_opt("shared_intermediate_size")?.map(gated);
    let (count, top_k) = (config.count("num_local_experts")?, config.count("num_experts_per_tok")?);
    Ok(Experts { shared, ..experts(count, top_k, config.count("intermediate_size")?) })
}

/// Layers of type 0 have a recurrent state per head, those of type 1 full attention.
pub(super) fn lightning(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let attention = attention(config)?;
    let (heads, head_dim) = (attention.heads, attention.head_dim);
    let lightning = Recurrent {
        kind: LinearKind::Lightning,
        heads,
        key_heads: heads,
        key_dim: head_dim,
        value_dim: head_dim,
        conv_width: 0,
        full_gate: true,
        state: Format::Fp32,
    };
    let types = config.numbers("attn_type_list")?;
    let types = config.per_layer("attn_type_list", types, layers)?;
    let types = types.ok_or_else(|| config.wrong("attn_type_list", "one type per layer"))?;
    let routed = routed(config)?;
    let layer = |kind: &u32| {
        let (mixer, vectors) = match kind {
            0 => (Mixer::Recurrent(lightning.clone()), u64::from(heads) * u64::from(head_dim)),
            _ => (Mixer::Softmax(attention.clone()), 0),
        };
        let feed_forward = FeedForward::Experts(routed.clone());
        Layer::new(Some(mixer), Some(feed_forward), 2 * hidden + vectors)
    };
    Ok(Body::new(types.iter().take(layers as usize).map(layer).collect()))
}

pub(super) fn m2(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let types = config.numbers("attn_type_list")?.unwrap_or_default();
    if types.contains(&0) {
        return Err(config.unsupported("attn_type_list", "only full attention (1) is in M2"));
    }
    let hidden = u64::from(config.count("hidden_size")?);
    let attention = attention(config)?;
    let routed = routed(config)?;
    // Norms over all query and key features, and a bias per expert for routing.
    let norms = u64::from(attention.heads + attention.kv_heads) * u64::from(attention.head_dim);
    let vectors = 2 * hidden + norms + u64::from(routed.experts);
    let mixer = Mixer::Softmax(attention);
    let layer = Layer::new(Some(mixer), Some(FeedForward::Experts(routed)), vectors);
    let uses_draft = config.switch_or("use_mtp", false)?;
    let depth = config.count_opt("num_mtp_modules")?.filter(|_| uses_draft);
    Ok(Body::new(vec![layer; layers as usize]).with_draft(depth))
}

/// Sparse layers attend to the blocks that a small indexer scores highest.
pub(super) fn m3(config: &Reader<'_>) -> Result<Body, ModelError> {
    let layers = layer_count(config)?;
    let hidden = u64::from(config.count("hidden_size")?);
    let full = attention(config)?;
    let sparse = config.child("sparse_attention_config");
    let sparse = sparse.filter(|s| s.switch_or("use_sparse_attention", true) == Ok(true));
    let selection = sparse.as_ref().map(block_sparse).transpose()?;
    let selects = match &sparse {
        None => vec![0; layers as usize],
        Some(sparse) => {
            let key = "sparse_attention_freq";
            let list = sparse.per_layer(key, sparse.numbers(key)?, layers)?;
            list.ok_or_else(|| sparse.wrong(key, "one entry per layer"))?
        }
    };
    let routed = routed(config)?;
    let layer = |(selects, mixture): (&u32, bool)| {
        let sparse = selection.filter(|_| *selects != 0);
        let norms = 2 * full.head_dim + sparse.map_or(0, |sparse| 2 * sparse.dim);
        let mixer = Mixer::Softmax(Softmax { sparse, ..full.clone() });
        let feed_forward = if mixture {
            FeedForward::Experts(routed.clone())
        } else {
            FeedForward::Dense(gated(config.count("dense_intermediate_size")?))
        };
        let vectors = 2 * hidden + u64::from(norms + routed.experts);
        Ok(Layer::new(Some(mixer), Some(feed_forward), vectors))
    };
    let mixtures = expert_layers(config, layers)?;
    let body = Body::new(selects.iter().zip(mixtures).map(layer).collect::<Result<_, _>>()?);
    Ok(body.with_draft(config.count_opt("num_mtp_modules")?))
}

fn block_sparse(config: &Reader<'_>) -> Result<BlockSparse, ModelError> {
    Ok(BlockSparse {
        heads: config.count("sparse_num_index_heads")?,
        dim: config.count("sparse_index_dim")?,
        selected: config
            .count("sparse_topk_blocks")?
            .saturating_mul(config.count("sparse_block_size")?),
    })
}
