//! What a chip adds to a cohort.

use std::collections::BTreeMap;

use super::scenario::Supply;
use crate::hardware::spec::ChipSpec;
use crate::hardware::{Catalog, Chip, Engine};
use crate::planning::error::{PlanningError, refuse};
use crate::units::{Bytes, BytesPerSec, FlopPerSec, Watts};

/// What one chip yields in simulation on a workload.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulatedRates {
    /// Output tokens per second.
    pub output_tok_s: f64,
    /// Completed tasks per hour.
    pub tasks_per_hour: f64,
}

/// A chip of a mix.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) facility: Watts,
    /// Packages from an interposer wafer; none where the chip needs none.
    pub(super) per_wafer: Option<f64>,
    pub(super) hbm: Bytes,
    pub(super) bandwidth: BytesPerSec,
    /// In the peak that the scenario counts.
    pub(super) compute: FlopPerSec,
    /// Dense, in the format that all chips of the scenario have: FP8, else BF16.
    pub(super) common: FlopPerSec,
    pub(super) simulated: Option<SimulatedRates>,
}

impl Supply {
    /// The chips of all mixes, by name.
    pub(super) fn parts(
        &self,
        catalog: &Catalog,
        simulated: &BTreeMap<String, SimulatedRates>,
    ) -> Result<BTreeMap<String, Part>, PlanningError> {
        let unknown = |source| PlanningError::Chip { file: self.file.clone(), source };
        let mut found = Vec::new();
        for name in self.chips() {
            let chip = catalog.chip(name).map_err(unknown)?;
            found.push((name, chip, catalog.spec(name).map_err(unknown)?));
        }
        let has_fp8 = found.iter().all(|(_, chip, _)| chip.peak(Engine::Fp8).is_some());
        let common = if has_fp8 { Engine::Fp8 } else { Engine::Bf16 };
        if let Some(name) =
            self.counted_in.keys().find(|name| !self.chips().contains(&name.as_str()))
        {
            let remedy = "name chips of a mix only";
            return Err(refuse(&self.file, "counted_in", name, remedy));
        }
        let parts = found.into_iter().map(|(name, chip, spec)| {
            let part = Part {
                facility: chip.power.facility.ok_or_else(|| {
                    self.missing(name, "power.facility", "add it to the spec, or use another chip")
                })?,
                per_wafer: spec.packaging.per_wafer.as_ref().map(|figure| f64::from(*figure.get())),
                hbm: chip.memory.physical,
                bandwidth: chip.memory.bandwidth,
                compute: self.counted(name, chip, spec)?,
                common: chip.peak(common).ok_or_else(|| {
                    self.missing(name, "dense FP8 or BF16 peak", "add it to the spec")
                })?,
                simulated: simulated.get(name).copied(),
            };
            Ok((name.to_owned(), part))
        });
        parts.collect()
    }

    /// The peak that the scenario counts for a chip.
    fn counted(
        &self,
        name: &str,
        chip: &Chip,
        spec: &ChipSpec,
    ) -> Result<FlopPerSec, PlanningError> {
        let Some(peak) = self.counted_in.get(name) else {
            let floats = [Engine::Bf16, Engine::Fp8, Engine::Fp4];
            let peaks = floats.into_iter().filter_map(|engine| chip.peak(engine));
            return Ok(peaks.fold(FlopPerSec::ZERO, FlopPerSec::max));
        };
        let (engine, is_sparse) = match peak.strip_suffix("-sparse") {
            Some(engine) => (engine, true),
            None => (peak.as_str(), false),
        };
        let dense = spec.compute.dense.by_engine();
        let sparse = spec.compute.sparse.by_engine();
        let mut peaks: Box<dyn Iterator<Item = _>> =
            if is_sparse { Box::new(sparse) } else { Box::new(dense) };
        let found = peaks.find(|(known, _)| known.name() == engine);
        found.map(|(_, figure)| *figure.get()).ok_or_else(|| {
            let remedy = format!("give a peak that `{name}` has: fp8, fp4, fp4-sparse, …");
            refuse(&self.file, format!("counted_in.{name}"), peak, remedy)
        })
    }

    fn missing(&self, chip: &str, figure: &'static str, remedy: &'static str) -> PlanningError {
        PlanningError::Missing { file: self.file.clone(), chip: chip.into(), figure, remedy }
    }
}
