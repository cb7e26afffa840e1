//! What an engine needs to know of a cost model.

use super::StepProgram;
use super::whole::{Cost, DecodeSteps, Line, LineId, Series};
use crate::cost::batch::CLIPS;
use crate::cost::{Batch, Breakdown, Decode};
use crate::units::{Bytes, Flop, Seconds};

/// Prices steps. Pure: equal batches have equal prices. Every group of ranks holds a copy.
pub trait Pricer: Clone {
    /// How long a step of `batch` takes, by what holds it back.
    fn price(&self, batch: &Batch) -> Breakdown;

    /// The clip lengths by which `batch` must keep its clipped sums, in that order.
    fn clips(&self) -> &[u32];

    /// What a request waits outside the engine before it can be scheduled: tokenising, dispatch.
    fn dispatch(&self) -> Seconds;

    /// What it waits there besides if its prompt is this long: receiving and tokenising it.
    fn reading(&self, prompt: u32) -> Seconds {
        let _ = prompt;
        Seconds::ZERO
    }

    /// Arithmetic and HBM traffic of a step on one chip, for MFU and MBU.
    fn demand(&self, batch: &Batch) -> Demand;

    /// What a step of `batch` with prefill costs, as whole numbers.
    fn cost(&self, batch: &Batch) -> Cost {
        Cost::new(self.price(batch), self.demand(batch))
    }

    /// The decode step of `decode` and those that follow it while every context grows by one a
    /// step, and the clipped ones of `growing` sequences do.
    ///
    /// What it says of a later step must equal, as whole numbers, what it would say if asked when
    /// that step comes. This default knows no later step, so that it prices every step anew.
    fn decode_series(&self, decode: &Decode, growing: &[u32; CLIPS]) -> Series {
        let _ = growing;
        let batch = Batch { decode: *decode, ..Batch::default() }.decode_only();
        Series::single(self.cost(&batch))
    }

    /// The same steps for those who need their times at once, and what they cost later.
    ///
    /// Where it gives names of lines, [`line`](Self::line) knows them.
    fn decode_steps(&self, decode: &Decode, growing: &[u32; CLIPS]) -> DecodeSteps {
        self.decode_series(decode, growing).into()
    }

    /// A line that [`decode_steps`](Self::decode_steps) named.
    ///
    /// # Panics
    /// If it names none, as this default does.
    fn line(&self, id: LineId) -> Line {
        unreachable!("no line is named, but {id:?} is asked for")
    }

    /// What `batch`, that of one group of ranks, costs the group by itself where groups have
    /// sequences of their own; its work is the average group's share of it.
    ///
    /// This default knows of nothing that groups do together.
    fn own_cost(&self, batch: &Batch) -> Cost {
        self.cost(batch)
    }

    /// The same for decode steps, see [`decode_series`](Self::decode_series).
    fn own_series(&self, decode: &Decode, growing: &[u32; CLIPS]) -> Series {
        self.decode_series(decode, growing)
    }

    /// What groups do together where `batch` is that of all of them. Depends on its tokens alone.
    fn common_cost(&self, batch: &Batch) -> Cost {
        let _ = batch;
        Cost::default()
    }
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

    fn reading(&self, prompt: u32) -> Seconds {
        StepProgram::reading(self, prompt)
    }

    fn demand(&self, batch: &Batch) -> Demand {
        self.demand_of(batch)
    }

    fn cost(&self, batch: &Batch) -> Cost {
        StepProgram::cost(self, batch)
    }

    fn decode_series(&self, decode: &Decode, growing: &[u32; CLIPS]) -> Series {
        self.series(decode, growing)
    }

    fn decode_steps(&self, decode: &Decode, growing: &[u32; CLIPS]) -> DecodeSteps {
        self.steps(decode, growing)
    }

    fn line(&self, id: LineId) -> Line {
        StepProgram::line(self, &id)
    }

    fn own_cost(&self, batch: &Batch) -> Cost {
        self.groups.as_ref().map_or_else(|| self.cost(batch), |groups| groups.own(batch))
    }

    fn own_series(&self, decode: &Decode, growing: &[u32; CLIPS]) -> Series {
        match &self.groups {
            Some(groups) => groups.series(decode, growing),
            None => self.series(decode, growing),
        }
    }

    fn common_cost(&self, batch: &Batch) -> Cost {
        self.groups.as_ref().map_or_else(Cost::default, |groups| groups.common(batch))
    }
}
