//! What-ifs on prices: every operator of a family, or the host, slower or faster by a factor, or
//! with its memory nearer.

use std::ops::{Index, IndexMut};

use crate::model::OpKind;

/// Operators whose prices err together: one family's constants come from one set of fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpFamily {
    /// Dense products.
    Gemm,
    /// Softmax attention, prefill and decode, latent or not.
    Attention,
    /// Routed experts.
    Experts,
    /// Collectives.
    Collectives,
    /// Recurrent mixers.
    Recurrent,
    /// Norms and other traffic; the indexers of sparse attention.
    Elementwise,
    /// Not an operator: the host's part of a step and of a first token.
    Host,
}

impl OpFamily {
    /// Every family, in the order of reports.
    pub const ALL: [Self; 7] = [
        Self::Gemm,
        Self::Attention,
        Self::Experts,
        Self::Collectives,
        Self::Recurrent,
        Self::Elementwise,
        Self::Host,
    ];

    /// The key in files and JSON.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Gemm => "gemm",
            Self::Attention => "attention",
            Self::Experts => "experts",
            Self::Collectives => "collectives",
            Self::Recurrent => "recurrent",
            Self::Elementwise => "elementwise",
            Self::Host => "host",
        }
    }

    /// The family of an operator.
    pub const fn of(kind: &OpKind) -> Self {
        match kind {
            OpKind::Gemm(_) => Self::Gemm,
            OpKind::Attention(_) | OpKind::Mla(_) => Self::Attention,
            OpKind::Moe(_) => Self::Experts,
            OpKind::Collective(_) | OpKind::Ring(_) => Self::Collectives,
            OpKind::Linear(_) => Self::Recurrent,
            OpKind::Indexer(_) | OpKind::Elementwise { .. } => Self::Elementwise,
        }
    }
}

/// A factor on the time of every family, and one on the memory bandwidth that it sees; 1 is as
/// fitted. The roofline has no fits, so that its times are not stretched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    times: [f64; OpFamily::ALL.len()],
    reads: [f64; OpFamily::ALL.len()],
    schedules_beside: bool,
}

impl Stretch {
    /// As fitted.
    pub const NONE: Self = Self {
        times: [1.0; OpFamily::ALL.len()],
        reads: [1.0; OpFamily::ALL.len()],
        schedules_beside: false,
    };

    /// The same where the host schedules the next step while this one runs. Of what was fitted,
    /// which is what engines as they ship leave exposed, that hides all but the gaps between
    /// kernels.
    #[must_use]
    pub const fn scheduling_beside(mut self) -> Self {
        self.schedules_beside = true;
        self
    }

    /// Whether it does.
    pub(crate) const fn schedules_beside(&self) -> bool {
        self.schedules_beside
    }

    /// The same where `family` reads memory of `factor` times the bandwidth. Of attention only
    /// decode does: arithmetic near the memory does not carry a prefill's.
    pub fn reading(mut self, family: OpFamily, factor: f64) -> Self {
        self.reads[family as usize] *= factor;
        self
    }

    /// The factor on the bandwidth that `family` sees, if it sees another.
    pub(super) fn reads(&self, family: OpFamily) -> Option<f64> {
        Some(self.reads[family as usize]).filter(|factor| factor.to_bits() != 1.0_f64.to_bits())
    }
}

impl Default for Stretch {
    fn default() -> Self {
        Self::NONE
    }
}

impl Index<OpFamily> for Stretch {
    type Output = f64;
    fn index(&self, family: OpFamily) -> &f64 {
        &self.times[family as usize]
    }
}

impl IndexMut<OpFamily> for Stretch {
    fn index_mut(&mut self, family: OpFamily) -> &mut f64 {
        &mut self.times[family as usize]
    }
}
