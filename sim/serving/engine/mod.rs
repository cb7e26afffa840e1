//! The engine of one replica: two ways to the same events.
//!
//! Continuous batching with a token budget: decodes first, then the chunks of prompts under way,
//! then waiting requests in order of arrival, as far as [`Admission`](super::Admission) lets them
//! in. When a decode finds no page, the latest admitted sequence is preempted and later
//! recomputed. These are vLLM's rules; where it differs, `docs/deviations.md` says so.
//!
//! [`Engine::Stepwise`] visits every running sequence in every step (`stepwise`).
//! [`Engine::Macro`] goes from change to change (`stretch`): between two of them the decodes are
//! aggregates ([`Decodes`](decodes::Decodes)) and their steps a [`Series`](crate::cost::Series),
//! and a sequence is visited when its prompt is prefilled, when it ends, and when pages run out,
//! which is left to a plain step. Both price a decode step by the same whole numbers, so that all
//! instants, counts and sums are equal.

mod admission;
mod decodes;
mod held;
mod intervals;
mod meter;
mod replica;
mod sequences;
mod stepwise;
mod stretch;

pub use held::{Held, Migrant};
pub use intervals::Runs;
pub use meter::{Meter, Percentiles, TokenCounts};
pub(super) use replica::Proposal;
pub use replica::{Engine, Replica, TooLong};
