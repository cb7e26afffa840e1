//! From runs to documents: the only place where measurements become rows.

mod evidence;
mod run;
mod task;
mod wall;

pub use evidence::{context_curve, provenance, roofline};
pub use run::fill_run;
pub use task::fill_task;
pub use wall::{fill_row, unfit_row};
