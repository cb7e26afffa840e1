//! What lies below HBM: stores of pages by identity.
//!
//! A page's identity stands for all that precedes it, so a store needs no tree: it is a set of
//! runs of pages, each with the rank by which it will be evicted. A prefix may lie in several
//! stores, a piece in each. Invariants, checked by [`Store::check`]: no page is there twice, and
//! there are no more than its capacity.

mod clairvoyant;
mod eviction;
mod piece;
mod ranges;
mod shelf;

pub use clairvoyant::Clairvoyant;
pub use eviction::Eviction;
pub use piece::{Piece, pieces};
pub use ranges::Ranges;
pub use shelf::Store;
