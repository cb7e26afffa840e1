//! Files the user names: read whole, or written whole or not at all.

mod read;
mod staged;

pub(in crate::cli) use read::{text, tomls_below};
pub(in crate::cli) use staged::Staged;
