//! Operators: what a forward pass is made of, and all that a cost model may know of it.

use crate::hardware::Format;
use crate::model::Ring;

/// One operator of a step on one rank, repeated `count` times (once per layer that has it).
#[derive(Clone, Debug, PartialEq)]
pub struct Op {
    /// What it is called in tables: `attn.qkv`, `moe.experts`.
    pub name: String,
    /// How often it runs in one forward pass.
    pub count: u32,
    /// Over which groups of ranks the step's sequences and tokens are spread.
    pub spread: Spread,
    /// Its shape, after sharding.
    pub kind: OpKind,
}

/// How a step is spread over groups of ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Groups with sequences of their own (attention-DP); 1 under TP.
    pub groups: u32,
    /// Parts into which the tokens of each are divided, and every context (context parallelism).
    pub parts: u32,
}

impl Spread {
    /// Every rank sees every token.
    pub const NONE: Self = Self { groups: 1, parts: 1 };

    /// Sequences alone.
    pub const fn over(groups: u32) -> Self {
        Self { groups, parts: 1 }
    }
}

/// The shape of an operator on one rank.
#[derive(Clone, Debug, PartialEq)]
pub enum OpKind {
    /// `y[m, n] = x[m, k] W[k, n]`.
    Gemm(Gemm),
    /// Softmax attention over a KV cache, prefill and decode; rotation and KV append included.
    Attention(Attention),
    /// Multi-head latent attention, absorbed form for decode; projections are their own GEMMs.
    Mla(Mla),
    /// The score pass of a sparse-attention indexer: every query against every (compressed) key.
    Indexer(Indexer),
    /// Linear attention or a state-space mixer: a recurrent state, no growing KV.
    Linear(LinearAttention),
    /// Routed experts: routing, permutation, grouped GEMMs, activation, combine.
    Moe(Moe),
    /// A collective over the scale-up domain.
    Collective(Collective),
    /// What ranks that hold parts of the same contexts pass on for attention.
    Ring(Ring),
    /// Norms, activations, residuals, embedding look-ups: memory traffic and a launch.
    Elementwise {
        /// Bytes read and written per token.
        bytes_per_token: f64,
    },
}

/// Which rows of a step an operator works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Every token of the step.
    Tokens,
    /// Only tokens whose logits are needed (one per decode, one per finished prefill).
    Logits,
}

/// A dense matrix product.
#[derive(Clone, Debug, PartialEq)]
pub struct Gemm {
    /// Output features.
    pub n: u64,
    /// Input features.
    pub k: u64,
    /// Weight format.
    pub weights: Format,
    /// Which rows.
    pub rows: Rows,
}

/// Softmax attention.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    /// Query heads on this rank.
    pub heads: u32,
    /// KV heads on this rank.
    pub kv_heads: u32,
    /// Width of a query and key.
    pub head_dim: u32,
    /// Width of a value.
    pub value_dim: u32,
    /// Each query sees at most this many latest keys (sliding window), if bounded.
    pub window: Option<u32>,
    /// KV format.
    pub kv: Format,
}

/// Latent attention (MLA), optionally over selected keys only.
#[derive(Clone, Debug, PartialEq)]
pub struct Mla {
    /// Query heads on this rank.
    pub heads: u32,
    /// Width of the compressed KV (512).
    pub latent: u32,
    /// Width of the shared rotary key (64).
    pub rope: u32,
    /// Width of a head's non-rotary query and key.
    pub nope: u32,
    /// Width of a head's value.
    pub value_dim: u32,
    /// Keys each query attends to, if an indexer selects them (or compression bounds them).
    pub selected: Option<u32>,
    /// One KV entry stands for this many tokens (1: none; 4, 128: `DeepSeek`-V4).
    pub compression: u32,
    /// KV format.
    pub kv: Format,
}

/// The indexer of sparse attention.
#[derive(Clone, Debug, PartialEq)]
pub struct Indexer {
    /// Index heads (on this rank).
    pub heads: u32,
    /// Width of an index key.
    pub dim: u32,
    /// One index key stands for this many tokens.
    pub compression: u32,
    /// Format of the cached index keys.
    pub keys: Format,
}

/// A linear-attention or state-space mixer.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearAttention {
    /// Which recurrence.
    pub kind: LinearKind,
    /// Heads on this rank.
    pub heads: u32,
    /// Rows of one head's state.
    pub key_dim: u32,
    /// Columns of one head's state.
    pub value_dim: u32,
    /// State format.
    pub state: Format,
    /// Channels of the short convolution before it, on this rank (0: none).
    pub conv_channels: u32,
    /// Its width.
    pub conv_width: u32,
}

/// The recurrences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinearKind {
    /// Mamba-2.
    Mamba2,
    /// Gated delta net.
    Gdn,
    /// Kimi delta attention.
    Kda,
    /// Lightning attention and its kin.
    Lightning,
}

/// Routed experts as seen from one rank.
#[derive(Clone, Debug, PartialEq)]
pub struct Moe {
    /// Model width.
    pub hidden: u32,
    /// Width of one expert on this rank (after TP within experts).
    pub inter: u32,
    /// Experts in the layer, over all ranks.
    pub experts: u32,
    /// Experts per token.
    pub top_k: u32,
    /// Ranks over which experts are spread.
    pub ep: u32,
    /// Copies of popular experts on each of them, besides its own.
    pub redundant: u32,
    /// Whether an expert has a gate (three matrices, not two).
    pub gated: bool,
    /// Expert weight format.
    pub weights: Format,
    /// Whether tokens are sent to the ranks of their experts; else every rank has them all.
    pub dispatched: bool,
}

impl Moe {
    /// The share of all tokens that a rank receives from a dispatch, under even routing: once each,
    /// though it holds several of a token's experts.
    pub fn received(&self) -> f64 {
        let held = f64::from(self.experts / self.ep);
        // Σ over the top-k draws without replacement of not falling on a given rank.
        let missed: f64 = (0..self.top_k)
            .map(|drawn| {
                let left = f64::from(self.experts - drawn);
                ((left - held) / left).max(0.0)
            })
            .product();
        1.0 - missed
    }
}

/// A collective operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Collective {
    /// Which.
    pub kind: CollectiveKind,
    /// Participating ranks; of a send, the first rank of the stage that receives: what lies before
    /// it tells whether a domain ends there.
    pub ranks: u32,
    /// Bytes of the whole tensor per token.
    pub bytes_per_token: f64,
    /// Which rows.
    pub rows: Rows,
}

/// The collectives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CollectiveKind {
    /// Sum over all ranks, result everywhere.
    AllReduce,
    /// Concatenation everywhere.
    AllGather,
    /// Sum, each rank keeps its part.
    ReduceScatter,
    /// Tokens to their experts.
    Dispatch,
    /// Expert outputs back to their tokens.
    Combine,
    /// One rank to the next (pipeline stages).
    Send,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_receives_the_tokens_that_chose_one_of_its_experts() {
        let moe = Moe {
            hidden: 8,
            inter: 8,
            experts: 8,
            top_k: 1,
            ep: 4,
            redundant: 0,
            gated: true,
            weights: Format::Bf16,
            dispatched: true,
        };
        let is_near = |moe: &Moe, share: f64| (moe.received() - share).abs() < 1e-12;
        assert!(is_near(&moe, 0.25));
        // Of 8 · 7 ordered pairs, 6 · 5 avoid a rank's two experts.
        assert!(is_near(&Moe { top_k: 2, ..moe.clone() }, 1.0 - 30.0 / 56.0));
        assert!(is_near(&Moe { top_k: 7, ..moe.clone() }, 1.0));
        assert!(is_near(&Moe { ep: 1, ..moe }, 1.0));
    }
}
