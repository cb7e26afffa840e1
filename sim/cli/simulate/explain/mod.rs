//! `--explain`: everything run again in worlds where things are other than assumed, and with a
//! little more or less of each resource.

mod beside;
mod frontier;
mod rows;
mod run;
mod worlds;

pub(super) use frontier::band_frontier;
pub(super) use rows::{Explained, explain_rows};
pub(super) use run::band_run;
pub(in crate::cli) use worlds::{LEVEL, PAIRS, ratio_band};
