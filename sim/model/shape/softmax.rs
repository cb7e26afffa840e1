//! Softmax attention over cached keys and values: multi-head, grouped, sliding, block-sparse.

use crate::hardware::Format;
use crate::model::{Attention, Indexer, OpKind};

use super::mixer::{Cached, Core};
use super::weight::{Group, Split, Weight, features};

/// Attention with a cache of keys and values per KV head.
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax {
    /// Query heads.
    pub heads: u32,
    /// KV heads.
    pub kv_heads: u32,
    /// Width of a query and key.
    pub head_dim: u32,
    /// Width of a value.
    pub value_dim: u32,
    /// Each query sees at most this many latest tokens.
    pub window: Option<u32>,
    /// Width of the output gate per head (0: none, 1: one scalar a head).
    pub gate_dim: u32,
    /// Keys and values come from one projection (Gemma 4's global layers); both are cached.
    pub shared_projection: bool,
    /// Attends only to blocks that an indexer selects.
    pub sparse: Option<BlockSparse>,
}

/// Block-sparse selection over grouped attention (`MiniMax` sparse attention).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockSparse {
    /// Index heads.
    pub heads: u32,
    /// Width of an index key; one key head serves all.
    pub dim: u32,
    /// Tokens each query attends to: blocks × their length.
    pub selected: u32,
}

impl Softmax {
    pub(super) fn inputs(&self, hidden: u64) -> Vec<Weight> {
        let part = |n, split| Weight::new("attn.qkv", Group::Mixer, (n, hidden), split);
        let kv = Split::Repeated(self.kv_heads);
        let mut weights = vec![
            part(features(self.heads, self.head_dim + self.gate_dim), Split::Outputs(self.heads)),
            part(features(self.kv_heads, self.head_dim), kv),
        ];
        if !self.shared_projection {
            weights.push(part(features(self.kv_heads, self.value_dim), kv));
        }
        if let Some(sparse) = self.sparse {
            weights.push(part(features(sparse.heads, sparse.dim), Split::Repeated(sparse.heads)));
            weights.push(part(u64::from(sparse.dim), Split::Whole));
        }
        weights
    }

    pub(super) fn outputs(&self, hidden: u64) -> Vec<Weight> {
        let k = features(self.heads, self.value_dim);
        vec![Weight::new("attn.out", Group::Mixer, (hidden, k), Split::Inputs(self.heads))]
    }

    fn kv_heads_on_rank(&self, tp: u32) -> u32 {
        self.kv_heads.div_ceil(tp)
    }

    /// What of the context a query sees: the window, or the selected blocks.
    fn clip(&self) -> Option<u32> {
        self.sparse.map(|sparse| sparse.selected).or(self.window)
    }

    pub(super) fn cores(&self, tp: u32, kv: Format) -> Vec<Core> {
        let mut cores = Vec::new();
        if let Some(sparse) = self.sparse {
            let indexer = Indexer {
                heads: sparse.heads.div_ceil(tp),
                dim: sparse.dim,
                compression: 1,
                keys: Format::Bf16,
            };
            cores.push(("attn.indexer", OpKind::Indexer(indexer)));
        }
        let attention = Attention {
            heads: self.heads / tp,
            kv_heads: self.kv_heads_on_rank(tp),
            head_dim: self.head_dim,
            value_dim: self.value_dim,
            window: self.clip(),
            kv,
        };
        cores.push(("attn.core", OpKind::Attention(attention)));
        cores
    }

    pub(super) fn cache(&self, tp: u32, kv: Format) -> Vec<Cached> {
        let values = features(self.kv_heads_on_rank(tp), self.head_dim + self.value_dim);
        let mut cached = vec![Cached::new(values as f64 * kv.bytes(), self.window)];
        if let Some(sparse) = self.sparse {
            // No public engine quantises these keys, so they stay in the model's 16 bits.
            cached.push(Cached::new(f64::from(sparse.dim) * Format::Bf16.bytes(), None));
        }
        cached
    }

    pub(super) fn flops(&self, context: f64) -> f64 {
        let seen = self.clip().map_or(context, |clip| context.min(f64::from(clip)));
        let index = self.sparse.map_or(0.0, |s| 2.0 * features(s.heads, s.dim) as f64 * context);
        2.0 * features(self.heads, self.head_dim + self.value_dim) as f64 * seen + index
    }
}
