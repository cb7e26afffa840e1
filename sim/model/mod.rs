//! Models: shapes, parameter counts, KV sizes, and the operator graph of a forward pass.
//!
//! A [`Model`] comes from the [`Catalog`] or from a Hugging Face `config.json` ([`import`]). Every
//! quantity is counted from one list, the matrices of its layers: parameters, weight bytes, FLOPs
//! and the GEMMs of the graph that [`forward`] builds cannot disagree.
//!
//! ```
//! use memwall::hardware::Format;
//! use memwall::model::{Catalog, Plan, compile, forward};
//! let model = Catalog::embedded().model("llama-3.1-70b")?;
//! assert_eq!(model.kv_bytes_per_token(Format::Bf16, &Plan::tp(1)).get(), 327_680.0);
//! let graph = forward(&model, &Plan::tp(8), &model.native_precision())?;
//! assert_eq!(compile(&graph)[0].name, "embed");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod catalog;
mod error;
mod graph;
mod import;
mod op;
mod placement;
mod plan;
mod quantity;
mod shape;

pub use catalog::Catalog;
pub use error::{ModelError, Obstacle, PlanError};
pub use graph::{Graph, Ring, RingAttention, compile, forward, stages};
pub use import::{architectures, import};
pub use op::{
    Attention, Collective, CollectiveKind, Gemm, Indexer, LinearAttention, LinearKind, Mla, Moe,
    Op, OpKind, Rows, Spread,
};
pub use placement::Placement;
pub use plan::{Plan, Precision, Weights};
pub(crate) use shape::blocks;
pub use shape::{
    Block, BlockSparse, Compressed, Dense, Draft, Entries, Experts, FeedForward, Group, Latent,
    Layer, LayerFormats, Mixer, Model, Recurrent, Scorer, Softmax, Sparse, Split, Weight,
};
