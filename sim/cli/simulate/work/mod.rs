//! Which work is simulated: a generated workload, or a trace.

mod flags;
mod streamed;

pub(super) use flags::{LONGEST_PAUSE, Work, WorkFlags};
pub(super) use streamed::Streamed;
