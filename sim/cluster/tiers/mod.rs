//! KV beyond HBM: stores and links as a graph, and what moves between them.
//!
//! A `Hierarchy` belongs to a [`Fleet`](super::Fleet). Each replica has the stores of its box
//! (host DRAM, drives); all share the pool. Content goes down when it is computed (write-through)
//! or when the store above gives it up (write-back), and comes back when a request that has been
//! admitted would otherwise compute it again, if that is predicted to be faster. Transfers are
//! flows over [`Links`](crate::des::Links); the request waits for its own, others go on.

mod fetch;
mod figures;
mod flow;
mod hierarchy;
mod port;
mod surroundings;
mod tiering;
mod wiring;
mod wish;

pub use figures::{FetchFigures, StoreFigures, TierFigures};
pub use flow::{Move, Moved};
pub(super) use hierarchy::{Arrival, Hierarchy};
pub(super) use port::Port;
pub use surroundings::{Sourced, Surroundings};
pub use tiering::{Fetching, Place, Tier, Tiering, Writing};
pub use wish::{Sources, Unknown, Wish, Wishes};
