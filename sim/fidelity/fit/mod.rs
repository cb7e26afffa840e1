//! Constants from measured kernels.
//!
//! A [`Family`] reads its table's rows as samples, each with a closure that predicts it by the very
//! form that prices steps. Samples of one chip, engine and key are a [`Group`]; fitting it gives a
//! row of constants and the errors of a fit that did not see a fixed third of the shape families.
//! [`toml()`] writes what the cost layer reads. Same data, same file.

mod families;
mod family;
mod file;
mod floor;
mod group;
mod record;
mod sample;
mod solve;
mod transfer;

pub use families::{FAMILIES, family_named};
pub use family::{Family, Harvest};
pub use file::{SOURCE, toml};
pub use floor::{Difference, Floor, Twins, twins};
pub use group::{Fit, Group, Place, groups};
pub use record::Fault;
pub use solve::Score;
pub use transfer::{Case, Outcome, Rule, cases, layers};
