//! `DeepSeek`-V4 attention: a short sliding window beside compressed entries.

use crate::hardware::Format;
use crate::model::{Mla, OpKind};

use super::latent::Scorer;
use super::mixer::{Cached, Core};
use super::weight::{Group, Split, Weight, features};

/// Attention of many heads over one shared key-value head: the latest tokens as they are, older
/// ones as one entry per `ratio` tokens.
///
/// Heavily compressed layers (HCA, ratio 128) see every entry; compressed sparse layers (CSA,
/// ratio 4) see the entries an indexer selects. Source: `DeepSeek`-V4 technical report, §2.3.
#[derive(Clone, Debug, PartialEq)]
pub struct Compressed {
    /// Query heads.
    pub heads: u32,
    /// Rank of the query projection.
    pub q_rank: u32,
    /// Width of a head, and of the one KV head that is key and value in one.
    pub head_dim: u32,
    /// Groups of the factored output projection.
    pub out_groups: u32,
    /// Rank of each group.
    pub out_rank: u32,
    /// Tokens kept uncompressed.
    pub window: u32,
    /// How older tokens are compressed, if they are seen at all.
    pub entries: Option<Entries>,
}

/// The compressed part of a layer's context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entries {
    /// Tokens in one entry.
    pub ratio: u32,
    /// Entries each query attends to and what selects them; without, all.
    pub selection: Option<(u32, Scorer)>,
}

impl Entries {
    /// Overlapping windows of the sparse layers project twice the width.
    fn overlap(self) -> u32 {
        if self.selection.is_some() { 2 } else { 1 }
    }

    /// Projected features: content and gate.
    fn features(self, dim: u32) -> u32 {
        2 * self.overlap() * dim
    }

    /// Bytes of the partial window that waits to be compressed, in 32 bits.
    fn pending_bytes(self, dim: u32) -> f64 {
        f64::from(self.overlap() * self.ratio)
            * f64::from(self.features(dim))
            * Format::Fp32.bytes()
    }
}

impl Compressed {
    pub(super) fn inputs(&self, hidden: u64) -> Vec<Weight> {
        let rank = u64::from(self.q_rank);
        let small =
            |name, n: u32| Weight::new(name, Group::Small, (u64::from(n), hidden), Split::Whole);
        let mixer = |name, shape, split| Weight::new(name, Group::Mixer, shape, split);
        let q = features(self.heads, self.head_dim);
        let mut weights = vec![
            mixer("attn.qkv_a", (rank, hidden), Split::Whole),
            mixer("attn.qkv_a", (u64::from(self.head_dim), hidden), Split::Whole),
            mixer("attn.q_b", (q, rank), Split::Outputs(self.heads)),
        ];
        if let Some(entries) = self.entries {
            weights.push(small("attn.compress", entries.features(self.head_dim)));
            if let Some((_, scorer)) = entries.selection {
                weights.extend(scorer.weights(rank, hidden));
                weights.push(small("indexer.compress", entries.features(scorer.dim)));
            }
        }
        weights
    }

    pub(super) fn outputs(&self, hidden: u64) -> Vec<Weight> {
        let groups = u64::from(self.out_groups);
        let bottleneck = groups * u64::from(self.out_rank);
        let per_group = features(self.heads, self.head_dim) / groups;
        let mixer = |name, shape, split| Weight::new(name, Group::Mixer, shape, split);
        vec![
            // Block-diagonal: each group has its own inputs.
            mixer("attn.out_a", (bottleneck, per_group), Split::Outputs(self.out_groups)),
            mixer("attn.out_b", (hidden, bottleneck), Split::Inputs(self.out_groups)),
        ]
    }

    /// The window and the entries are one kernel in engines, two operators here, because they
    /// clip the context differently. Keys are values, so nothing is absorbed: the whole width
    /// counts as `latent`, and `rope` is 0.
    pub(super) fn cores(&self, tp: u32, kv: Format) -> Vec<Core> {
        let over = |selected, compression| {
            OpKind::Mla(Mla {
                heads: self.heads / tp,
                latent: self.head_dim,
                rope: 0,
                nope: self.head_dim,
                value_dim: self.head_dim,
                selected,
                compression,
                kv,
            })
        };
        let mut cores = vec![("attn.window", over(Some(self.window), 1))];
        if let Some(entries) = self.entries {
            if let Some((_, scorer)) = entries.selection {
                cores.push(scorer.op(entries.ratio));
            }
            let selected = entries.selection.map(|(selected, _)| selected);
            cores.push(("attn.core", over(selected, entries.ratio)));
        }
        cores
    }

    pub(super) fn cache(&self, kv: Format) -> Vec<Cached> {
        let entry = f64::from(self.head_dim) * kv.bytes();
        let mut cached = vec![Cached::new(entry, Some(self.window))];
        if let Some(entries) = self.entries {
            let ratio = f64::from(entries.ratio);
            cached.push(Cached::new(entry / ratio, None));
            if let Some((_, scorer)) = entries.selection {
                cached.push(Cached::new(scorer.key_bytes() / ratio, None));
            }
        }
        cached
    }

    pub(super) fn state_bytes(&self) -> f64 {
        self.entries.map_or(0.0, |entries| {
            let index = entries.selection.map_or(0.0, |(_, s)| entries.pending_bytes(s.dim));
            entries.pending_bytes(self.head_dim) + index
        })
    }

    pub(super) fn flops(&self, context: f64) -> f64 {
        let mut seen = context.min(f64::from(self.window));
        let mut index = 0.0;
        if let Some(Entries { ratio, selection }) = self.entries {
            let entries = context / f64::from(ratio);
            seen += selection.map_or(entries, |(selected, _)| entries.min(f64::from(selected)));
            index = selection.map_or(0.0, |(_, s)| 2.0 * features(s.heads, s.dim) as f64 * entries);
        }
        4.0 * features(self.heads, self.head_dim) as f64 * seen + index
    }
}
