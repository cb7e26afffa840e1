//! From runs to documents: the only place where measurements become rows.

mod evidence;
mod fleet;
mod run;
mod wall;

pub use evidence::{context_curve, provenance, roofline};
pub use fleet::{Pool, Wire, fill_fleet};
pub use run::fill_run;
pub use wall::{fill_row, unfit_row};
