//! A chip as the simulator sees it: resolved figures, derived totals, no provenance.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::format::{Engine, Format};
use crate::hardware::hbm::Refresh;
use crate::hardware::topology::Fabric;
use crate::units::{
    BitsPerSec, Bytes, BytesPerSec, FlopPerSec, Hertz, PerSec, Usd, UsdPerHour, Watts,
};

/// How far a figure can be trusted, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The maker's data sheet of a shipping part.
    Datasheet,
    /// Announced by the maker, not yet shipping as such.
    Announced,
    /// Named press or analysts.
    Reported,
    /// Our own reckoning.
    Estimate,
}

/// One accelerator package, per package (never per die).
///
/// Built from a spec by [`Catalog`](crate::hardware::Catalog); every derived total (capacity,
/// bandwidth) is already computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// Name in lower case with hyphens: `h100-sxm`.
    pub name: String,
    /// Name as the maker writes it: `H100 SXM`.
    pub title: String,
    /// The maker.
    pub maker: String,
    /// Silicon generation, for calibration to inherit by: `hopper`, `blackwell`, `rubin`, `cdna3`.
    pub generation: String,
    /// Other names it goes by in measured data: `h100_sxm`, `H100-80GB`.
    pub aliases: Vec<String>,
    /// The part that it is described as a variation of (`base = …`).
    pub base: Option<Box<Chip>>,
    /// The weakest class among the figures that set its speed (peaks, HBM, links).
    pub class: Class,
    /// The system it is usually sold in: `hgx-h100`.
    pub system: Option<String>,
    /// Dense peak per matrix engine.
    pub peaks: BTreeMap<Engine, FlopPerSec>,
    /// Streaming multiprocessors, compute units or cores.
    pub cores: Option<u32>,
    /// Boost clock.
    pub clock: Option<Hertz>,
    /// Exponentials per second over the whole chip (softmax's other roofline).
    pub exp_rate: Option<PerSec>,
    /// Last-level cache.
    pub l2: Option<Bytes>,
    /// Main memory: HBM, GDDR or SRAM.
    pub memory: Memory,
    /// The scale-up link (NVLink, Infinity Fabric, ICI).
    pub scale_up: Option<ScaleUp>,
    /// Host link, per direction.
    pub host_link: Option<BytesPerSec>,
    /// Network per chip, per direction.
    pub nic: Option<BytesPerSec>,
    /// What lies between chips of its system.
    pub fabric: Fabric,
    /// Power per package.
    pub power: Power,
    /// What it costs.
    pub price: Price,
}

/// The memory that holds weights and KV.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// `hbm3e`, `gddr7`, `sram`.
    pub kind: String,
    /// Peak bandwidth of all pins. Zero if unknown.
    pub bandwidth: BytesPerSec,
    /// Physical capacity, enabled part only.
    pub physical: Bytes,
    /// What a process can allocate, before an engine's own reserve.
    pub usable: Bytes,
    /// The stacks, where memory is stacked.
    pub stacks: Option<Stacks>,
}

/// HBM as it is built. Capacity and bandwidth of [`Memory`] derive from this.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stacks {
    /// Stacks in the package.
    pub count: u32,
    /// DRAM dies in a stack.
    pub height: u32,
    /// Capacity of one DRAM die.
    pub die: Bytes,
    /// Data pins of one stack.
    pub pins: u32,
    /// Bandwidth of one pin, in bits per second.
    pub pin_rate: f64,
    /// Share of the capacity that the part ships with enabled.
    pub enabled: f64,
    /// How it is refreshed.
    pub refresh: Refresh,
}

/// The fabric within a scale-up domain.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaleUp {
    /// `NVLink5`.
    pub name: String,
    /// Bandwidth of one chip, per direction.
    pub bandwidth: BytesPerSec,
    /// Chips in one domain.
    pub domain: u32,
}

/// Power per package, at the chip, at the rack, and at the utility meter.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Power {
    /// The package's limit.
    pub tdp: Option<Watts>,
    /// All IT equipment, divided by the accelerators.
    pub it: Option<Watts>,
    /// All-in, cooling and overhead included.
    pub facility: Option<Watts>,
}

impl Power {
    /// The same for packages that may draw no more than `cap`: all of their limit that it leaves
    /// unused need not be provided, what stands around them must; the facility's overhead is in
    /// proportion. A cap of the limit or more changes nothing, and what follows from a figure that
    /// is unknown is unknown.
    #[must_use]
    pub fn capped(self, cap: Watts) -> Self {
        let Some(tdp) = self.tdp.filter(|tdp| *tdp > cap) else { return self };
        let it = self.it.map(|it| it.saturating_sub(tdp.saturating_sub(cap)));
        let share = it.zip(self.it).map(|(less, it)| less / it);
        let facility = self.facility.zip(share).map(|(facility, share)| facility * share);
        Self { it, facility, ..self }
    }
}

/// What a package costs, each as (low, high).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Price {
    /// To buy.
    pub purchase: Option<(Usd, Usd)>,
    /// To rent, per hour.
    pub rental: Option<(UsdPerHour, UsdPerHour)>,
}

impl Stacks {
    /// Capacity of all stacks, the enabled part only.
    pub fn capacity(&self) -> Bytes {
        self.die * f64::from(self.count) * f64::from(self.height) * self.enabled
    }

    /// Bandwidth of all pins.
    ///
    /// Independent of height: a stack of four dies already drives every pin.
    pub fn bandwidth(&self) -> BytesPerSec {
        BitsPerSec::new(self.pin_rate).bus(self.pins) * f64::from(self.count)
    }
}

impl Chip {
    /// Whether enough is known to simulate the chip; if not, what is missing.
    pub fn simulable(&self) -> Result<(), String> {
        let known = [
            ("memory bandwidth", !self.memory.bandwidth.is_zero()),
            ("memory capacity", !self.memory.usable.is_zero()),
            ("dense peaks", self.peaks.values().any(|peak| !peak.is_zero())),
        ];
        let missing: Vec<_> = known.iter().filter(|(_, is_known)| !is_known).map(|k| k.0).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!("`{}` cannot be simulated: {} not public", self.name, missing.join(", ")))
    }

    /// The dense peak of `engine`, if the chip has it.
    pub fn peak(&self, engine: Engine) -> Option<FlopPerSec> {
        self.peaks.get(&engine).copied()
    }

    /// The engine that multiplies weights of `format` on this chip.
    ///
    /// A 4-bit format without a 4-bit engine is widened: weights stay small, arithmetic runs in
    /// FP8 for `nvfp4`/`mxfp4` where there is FP8 and in BF16 otherwise. `int4` means 16-bit
    /// activations.
    pub fn engine_for(&self, format: Format) -> Engine {
        let preferred: &[Engine] = match format {
            Format::Nvfp4 | Format::Mxfp4 => &[Engine::Fp4, Engine::Fp8, Engine::Bf16],
            Format::Fp8 | Format::Fp8Block => &[Engine::Fp8, Engine::Bf16],
            Format::Int8 => &[Engine::Int8, Engine::Bf16],
            Format::Fp32 => &[Engine::Tf32, Engine::Bf16],
            Format::Bf16 | Format::Int4 => &[Engine::Bf16],
        };
        preferred.iter().copied().find(|&engine| self.peaks.contains_key(&engine)).unwrap_or(
            // A chip that prints only a narrow peak (an FP8-only part) computes in that.
            self.peaks.keys().next().copied().unwrap_or(Engine::Bf16),
        )
    }

    /// The weight format with the highest peak: what "native precision" means for the chip.
    pub fn native_weights(&self) -> Format {
        if self.peaks.contains_key(&Engine::Fp4) {
            Format::Nvfp4
        } else if self.peaks.contains_key(&Engine::Fp8) {
            Format::Fp8
        } else {
            Format::Bf16
        }
    }
}
