//! Context parallelism: what ranks that hold parts of the same contexts pass on for attention.

use crate::hardware::Format;
use crate::model::{Attention, Mla, OpKind};

use super::builder::{ACTIVATION, Builder};

/// What context parallelism passes between ranks, beside the attention that it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// The attention on one rank.
    pub attention: RingAttention,
    /// Ranks that hold parts of the same contexts.
    pub ranks: u32,
    /// Ranks from one of them to the next: those of a tensor-parallel group.
    pub stride: u32,
}

/// Attention whose keys, or queries, can be passed on.
#[derive(Clone, Debug, PartialEq)]
pub enum RingAttention {
    /// Keys and values per KV head.
    Softmax(Attention),
    /// One latent for all heads.
    Latent(Mla),
}

impl RingAttention {
    /// The attention of an operator, if its keys can be passed on block by block: all keys that a
    /// query sees, or the latest.
    pub fn of(kind: &OpKind) -> Option<Self> {
        match kind {
            OpKind::Attention(attention) => Some(Self::Softmax(attention.clone())),
            OpKind::Mla(mla) if mla.selected.is_none() && mla.compression <= 1 => {
                Some(Self::Latent(mla.clone()))
            }
            _ => None,
        }
    }

    /// Most keys that a query sees.
    pub const fn window(&self) -> Option<u32> {
        match self {
            Self::Softmax(attention) => attention.window,
            Self::Latent(_) => None,
        }
    }

    /// Bytes of the keys and values of one token.
    pub fn key_bytes(&self) -> f64 {
        match self {
            Self::Softmax(a) => {
                f64::from(a.kv_heads) * f64::from(a.head_dim + a.value_dim) * a.kv.bytes()
            }
            Self::Latent(mla) => f64::from(mla.latent + mla.rope) * mla.kv.bytes(),
        }
    }

    /// Bytes of one token's queries, and of its outputs, in 16 bits.
    pub fn token_bytes(&self) -> [f64; 2] {
        let (heads, widths) = match self {
            Self::Softmax(a) => (a.heads, [a.head_dim, a.value_dim]),
            Self::Latent(mla) => (mla.heads, [mla.nope + mla.rope, mla.value_dim]),
        };
        widths.map(|width| f64::from(heads) * f64::from(width) * Format::Bf16.bytes())
    }

    /// The same in decode, where latent attention works on the latent itself.
    pub fn decode_bytes(&self) -> [f64; 2] {
        match self {
            Self::Softmax(_) => self.token_bytes(),
            Self::Latent(mla) => [mla.latent + mla.rope, mla.latent]
                .map(|width| f64::from(mla.heads) * f64::from(width) * Format::Bf16.bytes()),
        }
    }
}

impl Builder<'_> {
    /// Passing for the core `kind` of the layer at hand, and the merging of its partial outputs.
    pub(super) fn ring(&mut self, kind: &OpKind) {
        let (parts, stride) = (self.plan.cp, self.plan.tp);
        let Some(attention) = RingAttention::of(kind).filter(|_| parts > 1) else { return };
        // Beyond a window nothing is seen: the ring is its two neighbours.
        let pieces = if attention.window().is_some() { 2 } else { u64::from(parts) };
        let [queries, outputs] = attention.token_bytes().map(|bytes| bytes / ACTIVATION);
        let ring = Ring { attention, ranks: parts, stride };
        self.push("attn.pass", self.plan.spread(), OpKind::Ring(ring));
        // Every piece reads queries and writes outputs; the first did so within attention. Merging
        // reads the outputs of all and writes their sum.
        let further = (pieces - 1) * (queries + outputs) as u64;
        self.elementwise("attn.merge", further + (pieces + 1) * outputs as u64);
    }
}
