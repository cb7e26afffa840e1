//! What a form can be held to: what the measured table itself says of the shapes held out, and how
//! far measurements are apart that the form cannot tell from each other.

mod places;
mod split;
mod twins;

pub use split::Floor;
pub use twins::{Difference, Twins, twins};
