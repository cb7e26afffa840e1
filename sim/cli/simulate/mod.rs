//! The commands that simulate: `wall` and `run`, and the flags they share.

mod common;
mod doubts;
mod explain;
mod fleet;
mod run;
mod scenario;
mod values;
mod wall;
mod work;

pub(in crate::cli) use run::Run;
pub(in crate::cli) use wall::Wall;
