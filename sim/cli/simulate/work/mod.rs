//! Which work is simulated: a generated workload, or a trace.

mod flags;
mod streamed;
mod trials;

pub(super) use flags::{LONGEST_PAUSE, Work, WorkFlags};
pub(super) use streamed::Streamed;
