//! What a chip that nobody has measured inherits, and how much slower it may be.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::family::Site;
use crate::hardware::{Chip, Engine};
use crate::units::BytesPerSec;

/// The rules of inheritance.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Transfer {
    /// The donor of each generation: a chip or a generation of the families.
    donors: BTreeMap<String, String>,
    /// The law of compute efficiency over power density.
    power_law: PowerLaw,
    /// Memory bandwidth of one core of the donors.
    core_bandwidth: BTreeMap<String, BytesPerSec>,
    /// Share of the dense 16-bit peak that a tuned product reaches, where it was measured.
    gemm_share: BTreeMap<String, f64>,
}

/// `share = top / (1 + slope · TFLOPS per watt)`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PowerLaw {
    top: f64,
    slope: f64,
    /// TFLOPS per watt of the donors, by engine.
    density: BTreeMap<String, BTreeMap<Engine, f64>>,
}

/// Fits over several chips; looked into last, in this order, by chips of any kind.
const POOLS: [&str; 2] = ["blackwell", "hopper"];

impl Transfer {
    /// Where to look for `chip`'s constants.
    pub(crate) fn site(&self, chip: &Chip) -> Site {
        let mut names = vec![chip.name.clone()];
        names.extend(chip.aliases.iter().cloned());
        let mut donors = Vec::new();
        let mut add = |donor: &str| {
            if !donors.iter().any(|known| known == donor) {
                donors.push(donor.to_owned());
            }
        };
        // Boards with graphics memory have other kernels than their generation's big parts.
        let board = format!("{}-{}", chip.generation, chip.memory.kind.to_lowercase());
        let known = self.donors.get(&board).or_else(|| self.donors.get(&chip.generation));
        match known {
            Some(donor) => add(donor),
            // A part of another family: its contemporary by the formats it computes in.
            None if chip.peaks.contains_key(&Engine::Fp4) => add("blackwell"),
            None => add("hopper"),
        }
        POOLS.into_iter().for_each(add);
        Site { names, donors }
    }

    /// The pool that `chip` belongs to: its donor, if that is not a chip.
    pub(crate) fn pool(&self, chip: &Chip) -> Option<String> {
        let donor = self.site(chip).donors.swap_remove(0);
        POOLS.contains(&donor.as_str()).then_some(donor)
    }

    /// What to multiply an inherited compute efficiency by: the power law's ratio of `chip` to its
    /// donor, never more than one, or the measured share of the peak if that is known.
    ///
    /// A pessimistic bound: a new process node lowers the energy of an operation.
    pub(crate) fn compute_scale(&self, chip: &Chip, donor: &str, engine: Engine) -> f64 {
        let mut names = std::iter::once(&chip.name).chain(&chip.aliases);
        let share = names.find_map(|name| self.gemm_share.get(name));
        if let (Some(share), Some(reference)) = (share, self.gemm_share.get(donor)) {
            return (share / reference).min(1.0);
        }
        let own = chip.peak(engine).zip(chip.power.tdp).filter(|(_, tdp)| !tdp.is_zero());
        let donor = self.power_law.density.get(donor).and_then(|by| by.get(&engine));
        match (own, donor) {
            (Some((peak, tdp)), Some(&donor)) => {
                let own = peak.get() / 1e12 / tdp.get();
                (self.power_law.share(own) / self.power_law.share(donor)).min(1.0)
            }
            _ => 1.0,
        }
    }
}

impl Transfer {
    /// What to multiply an inherited time per key on one core by: the donor's memory bandwidth of a
    /// core over `own`. Cores are built to draw their part of it.
    pub(crate) fn stream_scale(&self, donor: &str, own: BytesPerSec) -> f64 {
        self.core_bandwidth.get(donor).map_or(1.0, |&donor| donor / own)
    }
}

impl PowerLaw {
    fn share(&self, density: f64) -> f64 {
        self.top / (1.0 + self.slope * density)
    }
}
