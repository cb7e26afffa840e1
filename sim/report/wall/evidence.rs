//! What the page shows beside the ladder: rooflines, context curves, sources.

use serde::Serialize;

use super::WallDocument;
use crate::cost::Bound;
use crate::hardware::Class;
use crate::report::Band;

/// Everything on the page.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WallReport {
    /// The ladder.
    pub document: WallDocument,
    /// One roofline a chip that ran.
    pub rooflines: Vec<Roofline>,
    /// One curve a chip that ran.
    pub context_curves: Vec<ContextCurve>,
    /// Where the chips' figures are from.
    pub provenance: Vec<Provenance>,
}

/// A chip's roofline and where the model's operators stand under it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Roofline {
    /// Name of the chip.
    pub chip: String,
    /// The matrix engine that the peak is of: `fp8`.
    pub matrix_engine: String,
    /// Dense peak of that engine, of one chip.
    pub peak_flop_s: f64,
    /// Its range; nulls if not asked for, as for the other bands here.
    pub peak_band: Band,
    /// Peak HBM bandwidth of one chip.
    pub bandwidth_b_s: f64,
    /// Its range.
    pub bandwidth_band: Band,
    /// The operators.
    pub points: Vec<RooflinePoint>,
}

/// One operator of the model in one phase.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RooflinePoint {
    /// Name of the operator: `qkv`, `attention`, `moe`.
    pub operator: String,
    /// Where it ran.
    pub phase: Phase,
    /// Arithmetic intensity.
    pub intensity_flop_b: f64,
    /// FLOP over its whole time, of one chip.
    pub achieved_flop_s: f64,
    /// Its range.
    pub band: Band,
    /// Its share of the busy time, both phases together.
    pub time_share: f64,
}

/// The two halves of inference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Reading the prompt.
    Prefill,
    /// Writing the answer.
    Decode,
}

/// Speed per user as the context grows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContextCurve {
    /// Name of the chip.
    pub chip: String,
    /// Sequences in the batch of one replica.
    pub batch: u32,
    /// Ends where the KV cache no longer fits.
    pub points: Vec<ContextPoint>,
}

/// One decode step on a [`ContextCurve`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ContextPoint {
    /// Context of every sequence in the batch.
    pub context_tokens: u64,
    /// Output tokens per second that one user sees.
    pub tok_s_per_user: f64,
    /// Its range; nulls if not asked for.
    pub band: Band,
    /// What takes most of the step.
    #[serde(serialize_with = "bound_key")]
    pub bound: Bound,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn bound_key<S: serde::Serializer>(bound: &Bound, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(bound.key())
}

/// One sourced figure of a chip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Provenance {
    /// Name of the chip.
    pub chip: String,
    /// The figure: `memory.bandwidth`.
    pub figure: String,
    /// Its value with unit: `3.35 TB/s`.
    pub value: String,
    /// How far it can be trusted.
    pub class: Class,
    /// Document, place.
    pub source: String,
    /// When the source was published or read.
    pub date: Option<String>,
    /// What else to know.
    pub note: Option<String>,
}
