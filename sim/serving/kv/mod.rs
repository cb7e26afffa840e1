//! The paged KV cache of one replica: private pages of running sequences, and a prefix cache.
//!
//! Cached content is a tree of *extents* (runs of pages), not a map of pages: a context of 200,000
//! tokens is a handful of nodes, and look-up and eviction cost as many operations as there are
//! extents. Semantics are exactly those of a paged cache with leaf-first LRU eviction: every page
//! of a released sequence is touched at once, its tail counts as least recent, and the least
//! recently touched page goes first. Pages of running sequences are pinned.
//!
//! Invariants, checked by [`KvCache::check`]: free + cached + private = capacity; a node is pinned
//! at least as often, and was touched at least as lately, as its children.

mod below;
mod cache;
mod cursor;
mod history;
mod order;
mod seen;
mod store;
mod tree;

pub use below::{Below, Need, Nothing};
pub use cache::{Fresh, KvCache, Lease};
pub use store::{Clairvoyant, Eviction, Piece, Ranges, Store, pieces};

pub(super) use history::History;
