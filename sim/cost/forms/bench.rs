//! A chip as forms see it: rates and peaks, no constants.

use std::collections::BTreeSet;

use crate::cost::machine::{Arithmetic, CostError, Machine};
use crate::cost::work::Peaks;
use crate::hardware::{Chip, Engine, Format};
use crate::units::FlopPerSec;

/// What a form needs of a chip besides constants.
///
/// Forms made from a bench and a row of constants ask no family: that is how constants are fitted.
#[derive(Clone, Debug)]
pub(crate) struct Bench {
    pub(in crate::cost) chip: Chip,
    pub(in crate::cost) machine: Machine,
}

impl Bench {
    /// The bench of `chip`, and in `notes` what had to be assumed.
    pub(in crate::cost) fn noted(
        chip: &Chip,
        notes: &mut BTreeSet<String>,
    ) -> Result<Self, CostError> {
        Ok(Self { machine: Machine::of(chip, notes)?, chip: chip.clone() })
    }

    /// The bench of `chip`.
    pub(crate) fn of(chip: &Chip) -> Result<Self, CostError> {
        Self::noted(chip, &mut BTreeSet::new())
    }

    /// The chip.
    pub(crate) const fn chip(&self) -> &Chip {
        &self.chip
    }

    /// The dense peak of `engine`, or of the nearest wider one that the chip has.
    pub(in crate::cost) fn peak(&self, engine: Engine) -> f64 {
        let peak = self.chip.peak(engine).filter(|peak| !peak.is_zero());
        peak.map_or_else(|| Arithmetic::of(&self.chip, Format::Bf16).peak, FlopPerSec::get)
    }

    /// Ceilings for products whose weights are of `format`: the fastest engine that may run them.
    pub(in crate::cost) fn ceilings(&self, format: Format) -> Peaks {
        let fastest = self.peak(self.chip.engine_for(format));
        self.peaks(fastest.max(Arithmetic::of(&self.chip, format).peak))
    }

    /// Ceilings with the compute peak `flops`.
    pub(in crate::cost) fn peaks(&self, flops: f64) -> Peaks {
        let wire = self.machine.link.unwrap_or(f64::INFINITY);
        Peaks { flops, bytes: self.machine.bandwidth, wire }
    }

    /// The link between ranks.
    pub(in crate::cost) fn link(&self, ranks: u32) -> Result<f64, CostError> {
        let missing = || CostError::NoLink { chip: self.chip.name.clone(), ranks };
        self.machine.link.ok_or_else(missing)
    }
}
