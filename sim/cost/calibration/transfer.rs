//! What a chip that nobody has measured inherits, and how much slower it may be.

use std::collections::BTreeMap;
use std::sync::OnceLock;

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
    /// Share of the dense 16-bit peak that a tuned product reaches, where it was measured.
    gemm_share: BTreeMap<String, f64>,
    /// What the donors are, from their specs; found when first asked for.
    #[serde(skip)]
    figures: OnceLock<BTreeMap<String, Figures>>,
}

/// Figures of a donor: the means of its chips that were measured.
#[derive(Clone, Debug, Default)]
struct Figures {
    /// Dense TFLOPS per watt, by engine.
    density: BTreeMap<Engine, f64>,
    /// Memory bandwidth of one core, in bytes per second.
    core_bandwidth: Option<f64>,
}

/// `share = top / (1 + slope · TFLOPS per watt)`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PowerLaw {
    top: f64,
    slope: f64,
}

/// Fits over several chips; looked into last, in this order, by chips of any kind.
const POOLS: [&str; 2] = ["blackwell", "hopper"];

impl Transfer {
    /// The newest generation that was measured.
    pub(super) const NEWEST: &str = POOLS[0];

    /// Every pool.
    pub(super) const fn pools() -> [&'static str; 2] {
        POOLS
    }

    /// The figures of `donor`, from those of `measured`, all chips whose kernels were measured.
    fn figures(&self, donor: &str, measured: impl FnOnce() -> Vec<Chip>) -> Option<&Figures> {
        self.figures.get_or_init(|| self.weighed(&measured())).get(donor)
    }

    /// Figures by donor.
    fn weighed(&self, measured: &[Chip]) -> BTreeMap<String, Figures> {
        let mut donors = BTreeMap::<String, Vec<&Chip>>::new();
        for chip in measured {
            let places = std::iter::once(chip.name.clone()).chain(self.pool(chip));
            places.for_each(|place| donors.entry(place).or_default().push(chip));
        }
        donors.into_iter().map(|(name, chips)| (name, Figures::of(&chips))).collect()
    }

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
        // A variation's measured base comes before its generation.
        bases(chip).for_each(|base| add(&base.name));
        add(self.generation_donor(chip));
        POOLS.into_iter().for_each(add);
        Site { names, donors }
    }

    /// The donor of `chip`'s generation.
    fn generation_donor(&self, chip: &Chip) -> &str {
        // Boards with graphics memory have other kernels than their generation's big parts.
        let board = format!("{}-{}", chip.generation, chip.memory.kind.to_lowercase());
        let known = self.donors.get(&board).or_else(|| self.donors.get(&chip.generation));
        known.map_or_else(
            // A part of another family: its contemporary by the formats it computes in.
            || if chip.peaks.contains_key(&Engine::Fp4) { POOLS[0] } else { POOLS[1] },
            String::as_str,
        )
    }

    /// The pool that `chip` belongs to: its donor, if that is not a chip.
    pub(crate) fn pool(&self, chip: &Chip) -> Option<String> {
        let donor = self.generation_donor(chip);
        POOLS.contains(&donor).then(|| donor.to_owned())
    }

    pub(super) fn has_donor(&self, generation: &str) -> bool {
        self.donors.contains_key(generation)
    }

    /// What to multiply an inherited compute efficiency by: the power law's ratio of `chip` to its
    /// donor, never more than one, or the measured share of the peak if that is known.
    ///
    /// A pessimistic bound: a new process node lowers the energy of an operation.
    pub(crate) fn compute_scale(
        &self,
        chip: &Chip,
        donor: &str,
        engine: Engine,
        measured: impl FnOnce() -> Vec<Chip>,
    ) -> f64 {
        if let Some(base) = bases(chip).find(|base| base.name == donor) {
            let shares = density(chip, engine).zip(density(base, engine));
            let ratio = shares.map(|(own, base)| self.power_law.ratio(own, base));
            return ratio.unwrap_or(1.0);
        }
        let kin = bases(chip).map(|base| &base.name);
        let mut names = std::iter::once(&chip.name).chain(&chip.aliases).chain(kin);
        let share = names.find_map(|name| self.gemm_share.get(name));
        if let (Some(share), Some(reference)) = (share, self.gemm_share.get(donor)) {
            return (share / reference).min(1.0);
        }
        let figures = self.figures(donor, measured);
        let donor = figures.and_then(|donor| donor.density.get(&engine));
        density(chip, engine)
            .zip(donor)
            .map_or(1.0, |(own, &donor)| self.power_law.ratio(own, donor))
    }
}

impl Transfer {
    /// What to multiply an inherited time per key on one core by: the donor's memory bandwidth of a
    /// core over the chip's `own`. Cores are built to draw their part of it.
    pub(crate) fn stream_scale(
        &self,
        chip: &Chip,
        donor: &str,
        own: BytesPerSec,
        measured: impl FnOnce() -> Vec<Chip>,
    ) -> f64 {
        if let Some(base) = bases(chip).find(|base| base.name == donor) {
            let per_core =
                |chip: &Chip| core_bandwidth(chip).unwrap_or_else(|| chip.memory.bandwidth.get());
            return per_core(base) / per_core(chip);
        }
        let donor = self.figures(donor, measured).and_then(|donor| donor.core_bandwidth);
        donor.map_or(1.0, |donor| donor / own.get())
    }
}

impl Figures {
    fn of(chips: &[&Chip]) -> Self {
        let over = |figure: &dyn Fn(&Chip) -> Option<f64>| {
            mean(&chips.iter().filter_map(|chip| figure(chip)).collect::<Vec<_>>())
        };
        let engines = chips.iter().flat_map(|chip| chip.peaks.keys().copied());
        let density = |engine| Some((engine, over(&|chip| density(chip, engine))?));
        Self {
            density: engines.filter_map(density).collect(),
            core_bandwidth: over(&core_bandwidth),
        }
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Memory bandwidth of one core, in bytes per second.
fn core_bandwidth(chip: &Chip) -> Option<f64> {
    Some(chip.memory.bandwidth.get() / f64::from(chip.cores?))
}

/// The parts that `chip` varies, nearest first.
fn bases(chip: &Chip) -> impl Iterator<Item = &Chip> {
    std::iter::successors(chip.base.as_deref(), |base| base.base.as_deref())
}

/// Dense TFLOPS per watt of TDP.
fn density(chip: &Chip, engine: Engine) -> Option<f64> {
    let tdp = chip.power.tdp.filter(|tdp| !tdp.is_zero())?;
    Some(chip.peak(engine)?.get() / 1e12 / tdp.get())
}

impl PowerLaw {
    /// The share at density `own` over that at `donor`, at most one.
    fn ratio(&self, own: f64, donor: f64) -> f64 {
        (self.share(own) / self.share(donor)).min(1.0)
    }

    fn share(&self, density: f64) -> f64 {
        self.top / (1.0 + self.slope * density)
    }
}
