//! Attention-DP with sequences, pages and limits of its own for every group of ranks.
//!
//! A [`Convoy`] is as many replicas of one group each, which go in lockstep: all begin a step
//! together, and it ends when the slowest has done its own part and all have done what they do
//! together. What has nothing to do takes part in an empty step. A [`Worker`] is a replica of a
//! fleet, of one kind or the other.

mod balance;
mod convoy;
mod figures;
mod worker;

pub use balance::Balance;
pub use convoy::Convoy;
pub use figures::{RankFigures, RankUse};
pub use worker::Worker;
