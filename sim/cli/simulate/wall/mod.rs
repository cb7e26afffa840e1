//! `memwall wall`.

mod command;
mod pareto;

pub(in crate::cli) use command::Wall;

pub(super) use command::Rung;

use super::{common, explain, values, work};
