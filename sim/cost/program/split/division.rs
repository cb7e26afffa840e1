//! The ways to divide a step.

use std::collections::BTreeSet;

use super::halves::Halves;
use super::pipeline::Pipeline;
use crate::cost::batch::Batch;
use crate::cost::bound::Breakdown;
use crate::cost::machine::CostError;
use crate::cost::program::clock::Target;
use crate::cost::program::pass::Pass;
use crate::cost::program::stretch::Stretch;
use crate::cost::work::{Slice, Work};
use crate::model::Op;

/// How the parts of a step run.
#[derive(Clone, Copy, Debug)]
pub enum Division<'a> {
    /// There is one.
    Whole,
    /// Micro-batches, one behind another through pipeline stages.
    Stages {
        /// The operators of each stage, the first first.
        stages: &'a [Vec<Op>],
        /// Most tokens of a micro-batch.
        tokens: u32,
    },
    /// Two halves, of which one computes while the other exchanges tokens with its experts' ranks.
    Halves,
    /// Groups of ranks that have sequences of their own, and wait for the slowest of them.
    Groups,
}

impl Division<'_> {
    /// Pipeline stages.
    pub(in crate::cost::program) fn stages(&self) -> u32 {
        match self {
            Self::Stages { stages, .. } => stages.len().max(1) as u32,
            Self::Whole | Self::Halves | Self::Groups => 1,
        }
    }
}

/// A division, compiled.
pub(in crate::cost::program) enum Split {
    Pipeline(Pipeline),
    Halves(Box<Halves>),
}

impl Split {
    /// Compiles what `division` needs; adds to `provenance` where constants are from.
    pub(in crate::cost::program) fn of(
        division: Division,
        target: &Target,
        provenance: &mut BTreeSet<String>,
    ) -> Result<Option<Self>, CostError> {
        Ok(match division {
            Division::Stages { stages, tokens } if stages.len() > 1 => {
                Some(Self::Pipeline(Pipeline::new(stages, tokens, target, provenance)?))
            }
            Division::Halves => Some(Self::Halves(Box::new(Halves::new(target)?))),
            Division::Whole | Division::Stages { .. } | Division::Groups => None,
        })
    }

    /// The pipeline, if it is one.
    pub(in crate::cost::program) const fn pipeline(&self) -> Option<&Pipeline> {
        match self {
            Self::Pipeline(pipeline) => Some(pipeline),
            Self::Halves(_) => None,
        }
    }

    /// The two halves, if it has them.
    pub(in crate::cost::program) const fn halves(&self) -> Option<&Halves> {
        match self {
            Self::Pipeline(_) => None,
            Self::Halves(halves) => Some(halves),
        }
    }

    /// The time of a step.
    pub(in crate::cost::program) fn parts(&self, batch: &Batch) -> Breakdown {
        match self {
            Self::Pipeline(pipeline) => pipeline.parts(batch),
            Self::Halves(halves) => halves.parts(batch),
        }
    }

    /// All that one rank does, or one of each stage.
    pub(in crate::cost::program) fn work(&self, batch: &Batch) -> Work {
        match self {
            Self::Pipeline(pipeline) => pipeline.work(batch),
            Self::Halves(halves) => halves.work(batch),
        }
    }

    /// The part with the most to do.
    pub(in crate::cost::program) fn fullest(&self, batch: &Batch) -> Slice {
        match self {
            Self::Pipeline(pipeline) => pipeline.fullest(batch),
            Self::Halves(_) => Halves::fullest(batch),
        }
    }

    /// The part with the most to do, and the step's time over what it takes by itself in `pass`.
    pub(in crate::cost::program) fn typical(&self, batch: &Batch, pass: &Pass) -> (Slice, f64) {
        if batch.is_empty() {
            return (Slice::whole(batch), 1.0);
        }
        let slice = self.fullest(batch);
        let alone = pass.parts(&slice).total().get();
        (slice, if alone > 0.0 { self.parts(batch).total().get() / alone } else { 1.0 })
    }

    /// The same with every family's time multiplied.
    pub(in crate::cost::program) fn stretched(self, stretch: Stretch) -> Self {
        match self {
            Self::Pipeline(pipeline) => Self::Pipeline(pipeline.stretched(stretch)),
            Self::Halves(halves) => Self::Halves(Box::new(halves.stretched(stretch))),
        }
    }
}
