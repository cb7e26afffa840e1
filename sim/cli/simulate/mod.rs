//! The commands that simulate: `wall`, `ablate` and `run`, and the flags they share.

mod ablate;
mod common;
mod explain;
mod point;
mod run;
mod scenario;
mod values;
mod wall;
mod work;

pub(in crate::cli) use ablate::Ablate;
pub(in crate::cli) use common::CommonFlags;
pub(in crate::cli) use explain::{PAIRS, ratio_band};
pub(in crate::cli) use point::{Bench, check_setting, run_flags};
pub(in crate::cli) use run::{OverlapName, Run, StepFlags, TierFlags};
pub(in crate::cli) use wall::{LevelFlags, Wall};
pub(in crate::cli) use work::Field;
