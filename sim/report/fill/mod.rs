//! From runs to documents: the only place where measurements become rows.

mod evidence;
mod run;
mod wall;

pub use evidence::{context_curve, provenance, roofline};
pub use run::fill_run;
pub use wall::{fill_row, unfit_row};

use super::shares::Quantiles;
use crate::cluster::Summary;

/// The quantiles of a latency; all null if there was none.
fn quantiles(summary: Option<Summary>) -> Quantiles {
    summary.map_or_else(Quantiles::default, |summary| Quantiles {
        mean: Some(summary.mean),
        p50: Some(summary.p50),
        p90: Some(summary.p90),
        p99: Some(summary.p99),
    })
}
