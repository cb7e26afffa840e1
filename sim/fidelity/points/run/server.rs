//! A step program behind a scheduler that does not always look.

use crate::cost::{
    Batch, Breakdown, CLIPS, Cost, Decode, DecodeSteps, Demand, Line, LineId, Pricer, Series,
    StepProgram,
};
use crate::units::Seconds;

/// Prices as the program does; requests come `wait` later to it.
#[derive(Clone, Copy)]
pub(super) struct Server<'a> {
    pub(super) program: &'a StepProgram,
    /// Between a request's arrival and the scheduler's next look, on average.
    pub(super) wait: Seconds,
}

impl Pricer for Server<'_> {
    fn price(&self, batch: &Batch) -> Breakdown {
        Pricer::price(&self.program, batch)
    }

    fn clips(&self) -> &[u32] {
        self.program.clips()
    }

    fn dispatch(&self) -> Seconds {
        self.program.dispatch() + self.wait
    }

    fn reading(&self, prompt: u32) -> Seconds {
        self.program.reading(prompt)
    }

    fn demand(&self, batch: &Batch) -> Demand {
        self.program.demand(batch)
    }

    fn cost(&self, batch: &Batch) -> Cost {
        Pricer::cost(&self.program, batch)
    }

    fn decode_series(&self, decode: &Decode, growing: &[u32; CLIPS]) -> Series {
        self.program.decode_series(decode, growing)
    }

    fn decode_steps(&self, decode: &Decode, growing: &[u32; CLIPS]) -> DecodeSteps {
        self.program.decode_steps(decode, growing)
    }

    fn line(&self, id: LineId) -> Line {
        Pricer::line(&self.program, id)
    }
}
