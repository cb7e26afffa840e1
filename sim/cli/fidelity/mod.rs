//! Commands that hold predictions against silicon.

mod document;
mod validate;

pub(super) use validate::Validate;
