//! Chips left out, and predicted from others as if nobody had measured them.

mod layer;
mod leave;
mod rule;

pub use layer::layers;
pub use leave::{Case, Outcome, cases};
pub use rule::Rule;
