//! From runs to documents: the only place where measurements become rows.

mod elasticity;
mod evidence;
mod fleet;
mod life;
mod run;
mod task;
mod tiers;
mod turns;
mod wall;

pub use elasticity::fill_elasticity;
pub use evidence::{context_curve, provenance, roofline, whole_roofline};
pub use fleet::{Pool, Wire, fill_escalation, fill_fleet, fill_parts};
pub use life::fill_life;
pub use run::fill_run;
pub use task::{Paid, Used, fill_task};
pub use tiers::{fill_oracle, fill_tiers};
pub use turns::{frontier_point, turns, unbeaten};
pub use wall::{fill_row, unfit_row};
