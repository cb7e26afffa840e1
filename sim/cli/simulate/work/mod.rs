//! Which work is simulated: a generated workload, or a trace.

mod compaction;
mod field;
mod flags;
mod streamed;
mod trials;

pub(in crate::cli) use field::Field;
pub(super) use flags::{LONGEST_PAUSE, Work, WorkFlags};
pub(super) use streamed::Streamed;
