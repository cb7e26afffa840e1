//! Files the user names: read whole, or written whole or not at all.

mod kept;
mod read;
pub(in crate::cli) mod specs;
mod staged;

pub(in crate::cli) use kept::{SUMMARY, keep, prepare};
pub(in crate::cli) use read::{files_below, text, tomls_below};
pub(in crate::cli) use staged::Staged;
