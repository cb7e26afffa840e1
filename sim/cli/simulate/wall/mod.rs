//! `memwall wall`.

mod command;
mod keep;
mod level;
mod life;
mod needs;
mod pareto;
mod techniques;
mod tried;
mod vary;

pub(in crate::cli) use command::Wall;
pub(in crate::cli) use level::LevelFlags;

pub(super) use command::{MOST_CLIENTS, Rung};
pub(super) use keep::Places;
pub(super) use tried::{TENSOR, WIDE};

use super::{check_setting, common, explain, point, values, work};
