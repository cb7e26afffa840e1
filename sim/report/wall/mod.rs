//! `memwall wall`: the ladder of chips, one row each.

mod document;
mod evidence;
mod levers;
mod life;
mod needs;
mod table;
mod techniques;
mod turns;
pub(super) mod words;

pub use document::{Slo, WallDocument, WallRow};
pub use evidence::{
    ContextCurve, ContextPoint, Phase, Provenance, Roofline, RooflinePoint, WallReport,
};

pub use life::{ByUse, CallStage, HbmShare, Life, LifeStage, Overlap};
pub use table::render_wall_table;
pub use techniques::{
    AblateDocument, ChipGains, Claims, Configuration, Interaction, LeftOut, TechniqueGains,
};
pub use turns::{FrontierPoint, Intensity, Turn};
pub use words::findings;

pub(super) use levers::{LEVERS, asked, gain};
pub(super) use life::use_name;
pub(super) use needs::{NEED_COLUMNS, legend as legend_of_needs};
pub(super) use table::{CLASS_LEGEND, COLUMNS, Column};
pub(crate) use techniques::{gained, spoken};
