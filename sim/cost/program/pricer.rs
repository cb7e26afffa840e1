//! What an engine needs to know of a cost model.

use super::StepProgram;
use crate::cost::{Batch, Breakdown};
use crate::units::{Bytes, Flop, Seconds};

/// Prices steps. Pure: equal batches have equal prices.
pub trait Pricer {
    /// How long a step of `batch` takes, by what holds it back.
    fn price(&self, batch: &Batch) -> Breakdown;

    /// The clip lengths by which `batch` must keep its clipped sums, in that order.
    fn clips(&self) -> &[u32];

    /// What a request waits outside the engine before it can be scheduled: tokenising, dispatch.
    fn dispatch(&self) -> Seconds;

    /// Arithmetic and HBM traffic of a step on one chip, for MFU and MBU.
    fn demand(&self, batch: &Batch) -> Demand;
}

/// What a step asks of one chip, whatever its speed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Demand {
    /// Operations.
    pub flop: Flop,
    /// Bytes to and from main memory.
    pub traffic: Bytes,
}

impl Pricer for &StepProgram {
    fn price(&self, batch: &Batch) -> Breakdown {
        self.parts(batch)
    }

    fn clips(&self) -> &[u32] {
        StepProgram::clips(self)
    }

    fn dispatch(&self) -> Seconds {
        self.first_token()
    }

    fn demand(&self, batch: &Batch) -> Demand {
        let work = self.work(batch);
        Demand { flop: Flop::new(work.flops), traffic: Bytes::new(work.bytes) }
    }
}
