//! Token mixers: everything that looks at more than one token.

use crate::hardware::Format;
use crate::model::OpKind;

use super::{Compressed, Latent, Recurrent, Softmax, Weight};

/// A named operator of a mixer's core.
pub(crate) type Core = (&'static str, OpKind);

/// How a layer mixes tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum Mixer {
    /// Softmax attention with keys and values per KV head.
    Softmax(Softmax),
    /// Multi-head latent attention.
    Latent(Latent),
    /// Window and compressed entries (`DeepSeek`-V4).
    Compressed(Compressed),
    /// A recurrent state.
    Recurrent(Recurrent),
}

/// What a layer keeps of every token of a sequence, on one rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cached {
    /// Average bytes per token.
    pub(crate) bytes_per_token: f64,
    /// Only the latest tokens are kept.
    pub(crate) window: Option<u32>,
}

impl Cached {
    pub(super) fn new(bytes_per_token: f64, window: Option<u32>) -> Self {
        Self { bytes_per_token, window }
    }
}

impl Mixer {
    /// Short name for tables: `gqa`, `swa`, `mla`, `dsa`, `csa`, `hca`, `mamba2`, ….
    pub fn name(&self) -> &'static str {
        use crate::model::LinearKind::{Gdn, Kda, Lightning, Mamba2};
        match self {
            Self::Softmax(a) if a.sparse.is_some() => "block-sparse",
            Self::Softmax(a) if a.window.is_some() => "swa",
            Self::Softmax(a) if a.kv_heads == a.heads => "mha",
            Self::Softmax(_) => "gqa",
            Self::Latent(a) if a.sparse.is_some() => "dsa",
            Self::Latent(_) => "mla",
            Self::Compressed(a) => match a.entries {
                None => "swa",
                Some(entries) if entries.selection.is_some() => "csa",
                Some(_) => "hca",
            },
            Self::Recurrent(r) => match r.kind {
                Mamba2 => "mamba2",
                Gdn => "gdn",
                Kda => "kda",
                Lightning => "lightning",
            },
        }
    }

    /// Whether groups that hold parts of a context can pass on what it attends to, block by block.
    pub(crate) const fn passes_on(&self) -> bool {
        match self {
            Self::Softmax(mixer) => mixer.sparse.is_none(),
            Self::Latent(mixer) => mixer.sparse.is_none(),
            Self::Compressed(_) | Self::Recurrent(_) => false,
        }
    }

    /// Projections before the core, in data-flow order.
    pub fn inputs(&self, hidden: u64) -> Vec<Weight> {
        match self {
            Self::Softmax(mixer) => mixer.inputs(hidden),
            Self::Latent(mixer) => mixer.inputs(hidden),
            Self::Compressed(mixer) => mixer.inputs(hidden),
            Self::Recurrent(mixer) => mixer.inputs(hidden),
        }
    }

    /// Projections after the core.
    pub fn outputs(&self, hidden: u64) -> Vec<Weight> {
        match self {
            Self::Softmax(mixer) => mixer.outputs(hidden),
            Self::Latent(mixer) => mixer.outputs(hidden),
            Self::Compressed(mixer) => mixer.outputs(hidden),
            Self::Recurrent(mixer) => mixer.outputs(hidden),
        }
    }

    /// The operators that mix tokens, on one of `tp` ranks.
    pub(crate) fn cores(&self, tp: u32, kv: Format) -> Vec<Core> {
        match self {
            Self::Softmax(mixer) => mixer.cores(tp, kv),
            Self::Latent(mixer) => mixer.cores(tp, kv),
            Self::Compressed(mixer) => mixer.cores(tp, kv),
            Self::Recurrent(mixer) => mixer.cores(tp),
        }
    }

    /// What is cached of every token, on one of `tp` ranks.
    pub(crate) fn cache(&self, tp: u32, kv: Format) -> Vec<Cached> {
        match self {
            Self::Softmax(mixer) => mixer.cache(tp, kv),
            Self::Latent(mixer) => mixer.cache(kv),
            Self::Compressed(mixer) => mixer.cache(kv),
            Self::Recurrent(_) => Vec::new(),
        }
    }

    /// What is kept of a sequence whatever its length, in bytes, on one of `tp` ranks.
    pub(crate) fn state_bytes(&self, tp: u32) -> f64 {
        match self {
            Self::Softmax(_) | Self::Latent(_) => 0.0,
            Self::Compressed(mixer) => mixer.state_bytes(),
            Self::Recurrent(mixer) => mixer.state_bytes(tp),
        }
    }

    /// Operations of the core for one token after `context` tokens, projections left out.
    pub(crate) fn flops(&self, context: f64) -> f64 {
        match self {
            Self::Softmax(mixer) => mixer.flops(context),
            Self::Latent(mixer) => mixer.flops(context),
            Self::Compressed(mixer) => mixer.flops(context),
            Self::Recurrent(mixer) => mixer.flops(),
        }
    }
}
