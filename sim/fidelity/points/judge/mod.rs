//! How far predictions are off, whether bands hold, and which points may judge a fit.

mod floor;
mod remainder;
mod score;
mod split;

pub use floor::{Floor, Twins, floors};
pub use remainder::remainders_toml;
pub use score::{Group, band, score};
pub(super) use split::{group, is_held_out};
