//! `memwall wall`: the ladder of chips, one row each.

mod columns;
mod document;
mod evidence;
mod frontier;
mod levers;
mod life;
mod table;
mod turns;
pub(super) mod words;

pub use document::{Slo, WallDocument, WallRow};
pub use evidence::{
    ContextCurve, ContextPoint, Phase, Provenance, Roofline, RooflinePoint, WallReport,
};

pub use life::{ByUse, CallStage, HbmShare, Life, LifeStage, Overlap};
pub use table::render_wall_table;
pub use turns::{FrontierPoint, Intensity, Turn};
pub use words::findings;

pub(super) use columns::{CLASS_LEGEND, COLUMNS, Column};
pub(super) use levers::{LEVERS, asked, gain};
pub(super) use life::use_name;
