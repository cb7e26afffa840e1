//! What a chip may draw, and what its work draws at lower clocks.

use crate::cost::work::Work;
use crate::units::{BytesPerSec, FlopPerSec, Watts};

/// A limit of a chip's power, and its energy by kind of work at full clocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Envelope {
    /// Most that it may draw, averaged over a step.
    pub cap: Watts,
    /// What it draws switched on and idle.
    pub idle: Watts,
    /// What arithmetic draws at the rate `flop_rate`.
    pub arithmetic: Watts,
    /// The dense peak of the engine in use.
    pub flop_rate: FlopPerSec,
    /// What memory draws at the rate `byte_rate`.
    pub memory: Watts,
    /// All pins busy.
    pub byte_rate: BytesPerSec,
    /// Joules of a byte that is sent to another chip.
    pub joules_per_sent_byte: f64,
}

impl Envelope {
    /// What `work` within `seconds` draws on average, its arithmetic at the share `clock` of full
    /// clocks.
    ///
    /// Switching a capacitance C at a rate f to a voltage V takes C·V²·f (Weste and Harris, CMOS
    /// VLSI Design, §5.2); governors lower voltage and frequency together, and along measured
    /// GPUs' curves V ∝ f near full clocks, so that power falls as f³ and the energy of an
    /// operation as f² (Kandiah et al., AccelWattch, MICRO 2021, eq. 2–5, fitted to a V100). Memory,
    /// links and what an idle chip draws have clocks and voltages of their own.
    pub(super) fn watts(&self, work: Work, seconds: f64, clock: f64) -> f64 {
        let per_flop = self.arithmetic.get() / self.flop_rate.get();
        let per_byte = self.memory.get() / self.byte_rate.get();
        let joules = work.flops * per_flop * relative_energy(clock)
            + work.bytes * per_byte
            + work.wire * self.joules_per_sent_byte;
        self.idle.get() + joules / seconds
    }

    /// What is drawn at least with all pins busy and nothing computed.
    pub fn floor(&self) -> Watts {
        self.idle + self.memory
    }
}

/// The energy of an operation at the share `clock` of full clocks, over that at full clocks.
pub(super) fn relative_energy(clock: f64) -> f64 {
    clock * clock
}
