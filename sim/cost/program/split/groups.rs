//! Attention-DP: groups of ranks with sequences of their own, which wait for each other.
//!
//! What a group does for its own sequences it does by itself; experts and the exchange of tokens
//! with them, in every layer, take all groups. So a step takes as long as the group with the most
//! to do for itself, and what all do together. That the same group has the most to do in every
//! layer is assumed; layers that differ (windows) can make it two by turns, and a step longer.

use crate::cost::batch::{Batch, CLIPS, Decode};
use crate::cost::machine::CostError;
use crate::cost::program::clock::{Target, Timed};
use crate::cost::program::host::Host;
use crate::cost::program::pass::Pass;
use crate::cost::program::stretch::Stretch;
use crate::cost::program::whole::{Cost, Series};
use crate::cost::work::Slice;
use crate::model::Op;

/// What one group does for itself, and what all do together.
pub(in crate::cost::program) struct Groups {
    own: Timed,
    common: Pass,
}

impl Groups {
    /// Those of the operators of `target`. The host starts a step once for all; each group's
    /// scheduler has its own sequences.
    pub(in crate::cost::program) fn new(target: &Target) -> Result<Self, CostError> {
        let groups = target.all.iter().map(|op| op.spread.groups).max().unwrap_or(1);
        let is_own = |op: &&Op| groups == 1 || op.spread.groups > 1;
        let (own, common): (Vec<&Op>, Vec<&Op>) = target.all.iter().partition(is_own);
        let [mut own, common]: [Vec<Op>; 2] =
            [own, common].map(|ops| ops.into_iter().cloned().collect());
        for op in &mut own {
            op.spread.groups = 1;
        }
        let (own, _) =
            target.pass(&own, |_, setting| Host::new(target.all, setting).of_sequences())?;
        let (common, _) =
            target.pass(&common, |_, setting| Host::new(target.all, setting).of_steps())?;
        Ok(Self { own: Timed::of(own.of_one_in(groups), target), common })
    }

    pub(in crate::cost::program) fn stretched(self, stretch: Stretch) -> Self {
        Self { own: self.own.stretched(stretch), common: self.common.stretched(stretch) }
    }

    /// What `batch` costs its group, the work being the average group's share of it.
    pub(in crate::cost::program) fn own(&self, batch: &Batch) -> Cost {
        self.own.cost(batch)
    }

    /// What decode steps cost a group.
    pub(in crate::cost::program) fn series(
        &self,
        decode: &Decode,
        growing: &[u32; CLIPS],
    ) -> Series {
        self.own.series(decode, growing)
    }

    /// What all groups do together where `batch` is that of all.
    pub(in crate::cost::program) fn common(&self, batch: &Batch) -> Cost {
        if batch.is_empty() { Cost::default() } else { self.common.cost(&Slice::whole(batch)) }
    }
}
