//! Bounded constants, the search for them, and how far off they are.

mod constant;
mod plane;
mod score;
mod search;

pub(super) use constant::{Constant, Role, Unit, decimal, four_digits};
pub(super) use plane::weighted_plane;
pub use score::Score;
pub(super) use search::minimise;
