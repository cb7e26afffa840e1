//! Multi-head latent attention, dense or over the keys that an indexer selects.

use crate::hardware::Format;
use crate::model::{Indexer, Mla, OpKind};

use super::mixer::{Cached, Core};
use super::weight::{Group, Split, Weight, features};

/// Latent attention (MLA): one compressed vector a token serves all heads.
#[derive(Clone, Debug, PartialEq)]
pub struct Latent {
    /// Query heads.
    pub heads: u32,
    /// Rank of the query projection, if it is factored.
    pub q_rank: Option<u32>,
    /// Width of the compressed KV.
    pub latent: u32,
    /// Width of the shared rotary key.
    pub rope: u32,
    /// Width of a head's non-rotary query and key.
    pub nope: u32,
    /// Width of a head's value.
    pub value_dim: u32,
    /// Width of the output gate per head (0: none).
    pub gate_dim: u32,
    /// Sparse attention: which keys a query attends to.
    pub sparse: Option<Sparse>,
}

/// Token selection for latent attention (`DeepSeek` sparse attention).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sparse {
    /// Keys each query attends to.
    pub selected: u32,
    /// The indexer that scores them; without one the selection of an earlier layer is used again.
    pub scorer: Option<Scorer>,
}

/// A lightning indexer: many narrow query heads against one narrow key per entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scorer {
    /// Index heads; engines replicate them over tensor-parallel ranks.
    pub heads: u32,
    /// Width of an index key.
    pub dim: u32,
}

impl Scorer {
    /// Index keys are cached in FP8, whatever the KV format, with one 32-bit scale.
    /// Source: `DeepSeek`-V3.2 and V4 reference inference code.
    pub(super) const KEYS: Format = Format::Fp8;

    pub(super) fn key_bytes(self) -> f64 {
        f64::from(self.dim) * Self::KEYS.bytes() + 4.0
    }

    pub(super) fn op(self, compression: u32) -> Core {
        let Self { heads, dim } = self;
        ("attn.indexer", OpKind::Indexer(Indexer { heads, dim, compression, keys: Self::KEYS }))
    }

    /// The query projection and the head weights; keys differ by architecture.
    pub(super) fn weights(self, q_rank: u64, hidden: u64) -> [Weight; 2] {
        let n = features(self.heads, self.dim);
        let heads = u64::from(self.heads);
        [
            Weight::new("indexer.q", Group::Mixer, (n, q_rank), Split::Whole),
            Weight::new("indexer.weights", Group::Small, (heads, hidden), Split::Whole),
        ]
    }
}

impl Latent {
    pub(super) fn inputs(&self, hidden: u64) -> Vec<Weight> {
        let split = Split::Outputs(self.heads);
        let mixer = |name, shape, split| Weight::new(name, Group::Mixer, shape, split);
        let q = features(self.heads, self.nope + self.rope);
        let kv_a = u64::from(self.latent + self.rope);
        let mut weights = match self.q_rank {
            Some(rank) => vec![
                // Engines fuse the two replicated down projections.
                mixer("attn.qkv_a", (u64::from(rank), hidden), Split::Whole),
                mixer("attn.qkv_a", (kv_a, hidden), Split::Whole),
                mixer("attn.q_b", (q, u64::from(rank)), split),
            ],
            None => vec![
                mixer("attn.q", (q, hidden), split),
                mixer("attn.kv_a", (kv_a, hidden), Split::Whole),
            ],
        };
        if let Some(scorer) = self.sparse.and_then(|sparse| sparse.scorer) {
            weights.extend(scorer.weights(self.q_rank.map_or(hidden, u64::from), hidden));
            weights.push(mixer("indexer.k", (u64::from(scorer.dim), hidden), Split::Whole));
        }
        // In prefill this is `kv_b_proj`; in decode the same matrix runs as the two absorbed
        // products (query into the latent, latent into values): equal FLOPs, equal bytes.
        let kv_b = features(self.heads, self.nope + self.value_dim);
        weights.push(mixer("attn.kv_b", (kv_b, u64::from(self.latent)), split));
        if self.gate_dim > 0 {
            weights.push(mixer("attn.gate", (features(self.heads, self.gate_dim), hidden), split));
        }
        weights
    }

    pub(super) fn outputs(&self, hidden: u64) -> Vec<Weight> {
        let k = features(self.heads, self.value_dim);
        vec![Weight::new("attn.out", Group::Mixer, (hidden, k), Split::Inputs(self.heads))]
    }

    pub(super) fn cores(&self, tp: u32, kv: Format) -> Vec<Core> {
        let mut cores = Vec::new();
        if let Some(scorer) = self.sparse.and_then(|sparse| sparse.scorer) {
            cores.push(scorer.op(1));
        }
        let mla = Mla {
            heads: self.heads / tp,
            latent: self.latent,
            rope: self.rope,
            nope: self.nope,
            value_dim: self.value_dim,
            selected: self.sparse.map(|sparse| sparse.selected),
            compression: 1,
            kv,
        };
        cores.push(("attn.core", OpKind::Mla(mla)));
        cores
    }

    /// The latent is one vector for all heads, so every tensor-parallel rank holds all of it.
    pub(super) fn cache(&self, kv: Format) -> Vec<Cached> {
        let latent = f64::from(self.latent + self.rope) * kv.bytes();
        let mut cached = vec![Cached::new(latent, None)];
        if let Some(scorer) = self.sparse.and_then(|sparse| sparse.scorer) {
            cached.push(Cached::new(scorer.key_bytes(), None));
        }
        cached
    }

    pub(super) fn flops(&self, context: f64) -> f64 {
        let selected = self.sparse.map(|sparse| f64::from(sparse.selected));
        let seen = selected.map_or(context, |selected| context.min(selected));
        let scorer = self.sparse.and_then(|sparse| sparse.scorer);
        let index = scorer.map_or(0.0, |s| 2.0 * features(s.heads, s.dim) as f64 * context);
        2.0 * features(self.heads, 2 * self.latent + self.rope) as f64 * seen + index
    }
}
