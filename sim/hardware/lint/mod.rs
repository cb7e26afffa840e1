//! What can be seen to be wrong with a spec file.
//!
//! A check knows little by itself: what is usual it learns from the catalogue (the peaks per core
//! of a generation, the bandwidth of a link of that name) and from `hbm.toml`.

mod check;
mod compute;
mod links;
mod memory;
mod names;
mod power;
mod provenance;
mod system;

pub use check::check;
