//! The KV cache against a naive page-by-page cache, and the laws of a replica.

mod batching;
mod fleet;
mod laws;
mod naive_cache;
mod nics;
mod oracle;
mod queueing;
mod ranked_fleet;
mod ranks;
mod tiers;

pub(crate) use laws::Affine;
pub(super) use oracle::assert_equal;
