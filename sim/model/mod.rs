//! Models: shapes, parameter counts, KV sizes, and the operator graph of a forward pass.

mod op;
mod plan;

pub use op::{
    Attention, Collective, CollectiveKind, Gemm, Indexer, LinearAttention, LinearKind, Mla, Moe,
    Op, OpKind, Rows,
};
pub use plan::{Plan, Precision, Weights};
