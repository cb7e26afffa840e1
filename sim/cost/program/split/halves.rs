//! Two-batch overlap: half of a step computes while the other half exchanges.
//!
//! As SGLang and DeepSeek serve experts that are spread over ranks: the step's sequences are dealt
//! out to two halves that go through the layers in turns. While tokens of one are on their way to
//! or from their experts, the other computes. Each half reads the weights for itself, so that what
//! is hidden must be worth more than reading them twice.

use super::micro::{self, Alike, divide};
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

/// What computes and what exchanges.
pub(in crate::cost::program) struct Halves {
    compute: Pass,
    exchange: Pass,
    /// Exchanges of a pass.
    exchanges: u32,
    /// Once a step, whatever its halves.
    scheduler: Host,
}

/// What two halves hide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hidden {
    /// The step in one piece.
    pub plain: Seconds,
    /// The step in two halves.
    pub halved: Seconds,
    /// The exchanges of both halves.
    pub exchange: Seconds,
    /// The share of them that passes while the other half computes.
    pub share: f64,
}

impl Halves {
    pub(super) fn new(target: &Target) -> Result<Self, CostError> {
        let is_exchange = |op: &&Op| match &op.kind {
            OpKind::Collective(collective) => {
                matches!(collective.kind, CollectiveKind::Dispatch | CollectiveKind::Combine)
            }
            _ => false,
        };
        let (exchange, compute): (Vec<_>, Vec<_>) =
            target.all.iter().partition::<Vec<&Op>, _>(is_exchange);
        let [exchange, compute]: [Vec<Op>; 2] =
            [exchange, compute].map(|ops| ops.into_iter().cloned().collect());
        Ok(Self {
            exchanges: exchange.iter().map(|op| op.count).sum::<u32>().max(1),
            compute: target.pass(&compute, Host::launches)?.0,
            exchange: target.pass(&exchange, Host::launches)?.0,
            scheduler: target.host(target.all, Host::scheduler)?,
        })
    }

    pub(super) fn stretched(self, stretch: Stretch) -> Self {
        Self {
            compute: self.compute.stretched(stretch),
            exchange: self.exchange.stretched(stretch),
            scheduler: self.scheduler.stretched(stretch[OpFamily::Host]),
            ..self
        }
    }

    /// Sequences in equal parts, and each prompt in two: every rank halves what it has. A single
    /// sequence stays whole.
    fn divide(batch: &Batch) -> Vec<Alike> {
        let decodes = batch.decode.sequences.div_ceil(2);
        let mut halves = divide(batch, 2, decodes + batch.prefill.tokens.div_ceil(2));
        for half in &mut halves {
            let prefill = &mut half.slice.batch.prefill;
            if prefill.tokens < batch.prefill.tokens && prefill.tokens > 0 {
                *prefill = micro::half(&batch.prefill);
            }
        }
        halves
    }

    pub(super) fn fullest(batch: &Batch) -> Slice {
        Self::divide(batch)[0].slice
    }

    /// What all halves compute, what they exchange, and how many they are. Launches are the host's,
    /// in turn with both.
    fn sums(&self, batch: &Batch) -> (Breakdown, Breakdown, Breakdown, u32) {
        let host = Seconds::new(self.scheduler.time(batch));
        let mut host = Breakdown::of(Bound::Host, host);
        let (mut compute, mut exchange) = (Breakdown::default(), Breakdown::default());
        let mut halves = 0;
        for alike in Self::divide(batch) {
            let count = f64::from(alike.count);
            for (pass, sum) in [(&self.compute, &mut compute), (&self.exchange, &mut exchange)] {
                let mut parts = pass.parts(&alike.slice).scaled(count);
                host[Bound::Host] += std::mem::take(&mut parts[Bound::Host]);
                *sum += parts;
            }
            halves += alike.count;
        }
        (compute, exchange, host, halves)
    }

    /// The time of a step: the longer of what is computed and what is exchanged, and one of the
    /// shorter's pieces, beside which there is nothing yet or nothing any more.
    pub(super) fn parts(&self, batch: &Batch) -> Breakdown {
        let (compute, exchange, host, halves) = self.sums(batch);
        if halves < 2 {
            return compute + exchange + host;
        }
        let (longer, shorter) = if compute.total() >= exchange.total() {
            (compute, exchange)
        } else {
            (exchange, compute)
        };
        longer + shorter.scaled(1.0 / f64::from(halves * self.exchanges)) + host
    }

    pub(super) fn work(&self, batch: &Batch) -> Work {
        let mut work = Work::default();
        for alike in Self::divide(batch) {
            let both = self.compute.work(&alike.slice) + self.exchange.work(&alike.slice);
            work = work + both * f64::from(alike.count);
        }
        work
    }

    /// What is hidden of a step that is `plain` in one piece.
    pub(in crate::cost::program) fn hidden(&self, batch: &Batch, plain: &Pass) -> Hidden {
        let (compute, exchange, host, _) = self.sums(batch);
        let [compute, exchange, host] = [compute, exchange, host].map(|parts| parts.total().get());
        let halved = self.parts(batch).total();
        let spared = compute + exchange + host - halved.get();
        Hidden {
            plain: plain.parts(&Slice::whole(batch)).total(),
            halved,
            exchange: Seconds::new(exchange),
            share: if exchange > 0.0 { (spared / exchange).clamp(0.0, 1.0) } else { 0.0 },
        }
    }
}
