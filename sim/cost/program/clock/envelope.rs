//! What a chip may draw, and what its work draws at lower clocks.

use crate::cost::work::Work;
use crate::units::{BytesPerSec, FlopPerSec, Watts};

/// A limit of a chip's power, and its energy by kind of work at full clocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Envelope {
    /// Most that it may draw, averaged over a step.
    pub cap: Watts,
    /// The chip's own limit, which its measured times already keep.
    pub limit: Watts,
    /// What it draws switched on and idle.
    pub idle: Watts,
    /// What arithmetic draws at the rate `flop_rate`.
    pub arithmetic: Watts,
    /// Operations of the engine in use.
    pub flop_rate: FlopPerSec,
    /// What memory draws at the rate `byte_rate`.
    pub memory: Watts,
    /// All pins busy.
    pub byte_rate: BytesPerSec,
    /// Joules of a byte that is sent to another chip.
    pub joules_per_sent_byte: f64,
}

impl Envelope {
    /// What `work` within `seconds` draws on average beyond idling, its arithmetic at the share
    /// `clock` of full clocks.
    ///
    /// Switching a capacitance C at a rate f to a voltage V takes C·V²·f (Weste and Harris, CMOS
    /// VLSI Design). Governors lower voltage and frequency together, V ∝ f near full clocks, so
    /// that power falls as f³ and the energy of an operation as f²: the cubic that `AccelWattch`
    /// (Kandiah et al., MICRO 2021) fits to a V100's power over its clocks. Memory, links and what
    /// an idle chip draws have clocks and voltages of their own.
    pub(super) fn dynamic(&self, work: Work, seconds: f64, clock: f64) -> f64 {
        let per_flop = self.arithmetic.get() / self.flop_rate.get();
        let per_byte = self.memory.get() / self.byte_rate.get();
        let joules = work.flops * per_flop * clock * clock
            + work.bytes * per_byte
            + work.wire * self.joules_per_sent_byte;
        joules / seconds
    }

    /// What to multiply what a step draws beyond idling by that would draw `dynamic` at full
    /// clocks: no step draws more than the chip's own limit.
    pub(super) fn within_limit(&self, dynamic: f64) -> f64 {
        let most = self.limit.saturating_sub(self.idle).get();
        if dynamic > most { most / dynamic } else { 1.0 }
    }

    /// What is drawn at least with all pins busy and nothing computed.
    pub fn floor(&self) -> Watts {
        self.idle + self.memory
    }
}
