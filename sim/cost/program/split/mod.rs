//! Steps that are divided into parts which run beside each other.

mod division;
mod groups;
mod halves;
mod micro;
mod pipeline;

pub use division::Division;
pub(super) use division::Split;
pub(super) use groups::Groups;
pub use halves::Hidden;
pub use pipeline::Beat;
