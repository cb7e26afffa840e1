//! Pipeline stages: micro-batches one behind another.
//!
//! A step of a pipelined replica is a *round*: every decode gets a token, in one of as many
//! micro-batches as there are stages. They follow each other through the stages without passing,
//! and none enters again before its tokens are out. In the steady state a round takes as long as
//! the slowest stage, or the scheduler, works for all of its micro-batches, or as long as the
//! fullest micro-batch is on its way through all of them, whichever is longer: the cycle time of a
//! flow shop. What stages wait for meanwhile are the bubbles: too few sequences for all stages,
//! prompts in one micro-batch and not in the others, unequal stages.

use std::collections::BTreeSet;

use super::micro::{Alike, divide};
use crate::cost::batch::Batch;
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::machine::CostError;
use crate::cost::program::clock::Target;
use crate::cost::program::host::Host;
use crate::cost::program::pass::Pass;
use crate::cost::program::stretch::{OpFamily, Stretch};
use crate::cost::work::{Slice, Work};
use crate::model::{CollectiveKind, Op, OpKind};
use crate::units::Seconds;

/// The stages of a replica.
pub(in crate::cost::program) struct Pipeline {
    /// Stages that are alike, and how many of them.
    stages: Vec<(Pass, u32)>,
    /// The process that makes micro-batches.
    scheduler: Host,
    lanes: u32,
    tokens: u32,
}

/// How a round of a pipeline goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beat {
    /// Stages.
    pub stages: u32,
    /// Micro-batches of the round.
    pub micro_batches: u32,
    /// From one round to the next.
    pub round: Seconds,
    /// The share of their time in which stages have nothing to do, on average.
    pub bubbles: f64,
}

impl Pipeline {
    pub(super) fn new(
        stages: &[Vec<Op>],
        tokens: u32,
        target: &Target,
        provenance: &mut BTreeSet<String>,
    ) -> Result<Self, CostError> {
        let domain = target.domain();
        let mut alike: Vec<(Vec<Op>, u32)> = Vec::new();
        for stage in stages {
            let stage: Vec<Op> = stage.iter().map(|op| of_pair(op, domain)).collect();
            match alike.iter_mut().find(|(other, _)| *other == stage) {
                Some((_, count)) => *count += 1,
                None => alike.push((stage, 1)),
            }
        }
        let mut passes = Vec::with_capacity(alike.len());
        for (ops, count) in &alike {
            let (pass, notes) = target.pass(ops, Host::launches)?;
            provenance.extend(notes);
            passes.push((pass, *count));
        }
        let all: Vec<Op> = stages.concat();
        let scheduler = target.host(&all, Host::scheduler)?;
        Ok(Self { stages: passes, scheduler, lanes: stages.len() as u32, tokens: tokens.max(1) })
    }

    pub(super) fn stretched(self, stretch: Stretch) -> Self {
        let stages = self.stages.into_iter();
        Self {
            stages: stages.map(|(pass, count)| (pass.stretched(stretch), count)).collect(),
            scheduler: self.scheduler.stretched(stretch[OpFamily::Host]),
            ..self
        }
    }

    fn divide(&self, batch: &Batch) -> Vec<Alike> {
        divide(batch, self.lanes, self.tokens)
    }

    /// The last micro-batch has prompts if any has, else the first has the most decodes.
    pub(super) fn fullest(&self, batch: &Batch) -> Slice {
        let all = self.divide(batch);
        let at = if batch.prefill.tokens > 0 { all.len() - 1 } else { 0 };
        all[at].slice
    }

    /// The time of a round.
    pub(super) fn parts(&self, batch: &Batch) -> Breakdown {
        let micro = self.divide(batch);
        // Of the slowest stage, and of the scheduler, for all micro-batches.
        let mut round = Breakdown::default();
        let mut ways = vec![Breakdown::default(); micro.len()];
        for (way, alike) in ways.iter_mut().zip(&micro) {
            let host = Seconds::new(self.scheduler.time(&alike.slice.batch));
            *way = Breakdown::of(Bound::Host, host);
            round += way.scaled(f64::from(alike.count));
        }
        let mut slowest = Breakdown::default();
        for (stage, count) in &self.stages {
            let mut all = Breakdown::default();
            for (way, alike) in ways.iter_mut().zip(&micro) {
                let parts = stage.parts(&alike.slice);
                all += parts.scaled(f64::from(alike.count));
                *way += parts.scaled(f64::from(*count));
            }
            slowest = longer(slowest, all);
        }
        round = longer(round, slowest);
        if self.runs_dry(batch) {
            // The first of them passes through all stages, the others end one by one behind it.
            let behind = 1.0 - 1.0 / f64::from(micro[0].count);
            return longer(round, ways[0] + slowest.scaled(behind));
        }
        ways.into_iter().fold(round, longer)
    }

    /// Whether nothing follows a round: it has prompts alone, and room for more of them.
    fn runs_dry(&self, batch: &Batch) -> bool {
        let most = self.lanes.saturating_mul(self.tokens);
        batch.decode.sequences == 0 && batch.prefill.tokens < most
    }

    /// What one rank of each stage does, all together.
    pub(super) fn work(&self, batch: &Batch) -> Work {
        let mut work = Work::default();
        for alike in self.divide(batch) {
            for (stage, count) in &self.stages {
                work = work + stage.work(&alike.slice) * f64::from(count * alike.count);
            }
        }
        work
    }

    /// How the round of `batch` goes.
    pub(in crate::cost::program) fn beat(&self, batch: &Batch) -> Beat {
        let micro = self.divide(batch);
        let round = self.parts(batch).total();
        let mut busy = 0.0;
        for alike in &micro {
            for (stage, count) in &self.stages {
                let time = stage.parts(&alike.slice).total().get();
                busy += time * f64::from(count * alike.count);
            }
        }
        let all = round.get() * f64::from(self.lanes);
        Beat {
            stages: self.lanes,
            micro_batches: micro.iter().map(|alike| alike.count).sum(),
            round,
            bubbles: if all > 0.0 { (1.0 - busy / all).max(0.0) } else { 0.0 },
        }
    }
}

/// `op`, where a send says no more than whether it stays in a domain of so many ranks.
fn of_pair(op: &Op, domain: u32) -> Op {
    let mut op = op.clone();
    if let OpKind::Collective(send) = &mut op.kind
        && send.kind == CollectiveKind::Send
    {
        send.ranks = if send.ranks.is_multiple_of(domain) { domain } else { domain + 1 };
    }
    op
}

fn longer(a: Breakdown, b: Breakdown) -> Breakdown {
    if b.total() > a.total() { b } else { a }
}
