//! `memwall wall`: the ladder of chips, one row each.

mod columns;
mod document;
mod evidence;
mod findings;
mod frontier;
mod levers;
mod table;
mod turns;

pub use document::{Slo, WallDocument, WallRow};
pub use evidence::{
    ContextCurve, ContextPoint, Phase, Provenance, Roofline, RooflinePoint, WallReport,
};
pub use findings::findings;
pub use table::render_wall_table;
pub use turns::{FrontierPoint, Intensity, Turn};

pub(super) use columns::{CLASS_LEGEND, COLUMNS, Column};
pub(super) use findings::comparison;
pub(super) use levers::{LEVERS, asked, gain};
