//! A chip's figures as the forms need them, with stand-ins where a figure is not known.

use std::collections::BTreeSet;

use crate::hardware::{Chip, Engine, Format, Ports};
use crate::units::{BytesPerSec, PerSec};

/// Streaming multiprocessors that an unknown chip is taken to have: an H100's.
///
/// The constants per unit of attention work are per SM. A count that is not of SM-like cores (a
/// TPU's 2, a wafer's 900 000) would not carry over.
const STAND_IN_CORES: f64 = 132.0;

/// Core counts that are taken as counts of SM-like cores.
const SM_LIKE: std::ops::RangeInclusive<u32> = 64..=1024;

/// Bytes of an MXFP8 activation: 8 bits, and a scale for each 32.
const MXFP8_BYTES: f64 = 1.0 + 1.0 / 32.0;

/// Why a chip cannot be priced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// No memory bandwidth.
    #[error("{chip} has no memory bandwidth figure; give its spec one to price steps on it")]
    NoBandwidth {
        /// The chip.
        chip: String,
    },
    /// No dense peak.
    #[error("{chip} has no dense peak for any number format; give its spec one")]
    NoPeak {
        /// The chip.
        chip: String,
    },
    /// Ranks, and no link between them.
    #[error("{chip} has no link, but the plan has {ranks} ranks; use one rank or give it a link")]
    NoLink {
        /// The chip.
        chip: String,
        /// Ranks of the collective.
        ranks: u32,
    },
}

/// A chip's rates, in base units.
#[derive(Clone, Debug)]
pub(in crate::cost) struct Machine {
    /// Memory bytes per second.
    pub(super) bandwidth: f64,
    /// SM-like cores.
    pub(super) cores: f64,
    /// Exponentials per second; without a figure they bound nothing.
    pub(super) exp_rate: Option<f64>,
    /// Bytes per second to the ranks of the same domain.
    pub(super) link: Option<f64>,
    /// Ranks in a domain.
    pub(super) domain: u32,
    /// Ranks in a tray.
    pub(super) tray: u32,
}

/// How products with weights of a format are computed on a chip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Arithmetic {
    /// The matrix engine.
    pub(super) engine: Engine,
    /// Its dense peak, per second.
    pub(super) peak: f64,
    /// Bytes of an activation.
    pub(super) activation: f64,
    /// The format whose constants apply.
    pub(super) key: &'static str,
    /// The format whose constants stand in where those were measured nowhere near.
    pub(super) stand_in: &'static str,
    /// Whether activations are quantised on the way.
    pub(super) quantises: bool,
}

impl Machine {
    /// Reads `chip`, and says in `notes` what it had to assume.
    pub(super) fn of(chip: &Chip, notes: &mut BTreeSet<String>) -> Result<Self, CostError> {
        if chip.memory.bandwidth.is_zero() {
            return Err(CostError::NoBandwidth { chip: chip.name.clone() });
        }
        if !chip.peaks.values().any(|peak| !peak.is_zero()) {
            return Err(CostError::NoPeak { chip: chip.name.clone() });
        }
        let cores = chip.cores.filter(|cores| SM_LIKE.contains(cores));
        if cores.is_none() {
            notes.insert(format!("cores: {STAND_IN_CORES} SM-like cores assumed"));
        }
        if chip.exp_rate.is_none() {
            notes.insert("exponentials: no rate known, not a bound".into());
        }
        let positive = |rate: &f64| *rate > 0.0;
        let ports = Ports::of(chip);
        if !ports.has_scale_up {
            notes.insert("link: no scale-up link, host link or network instead".into());
        }
        if chip.fabric.tray.is_none() && chip.fabric.tray_of(ports.domain) < ports.domain {
            let tray = chip.fabric.tray_of(ports.domain);
            notes.insert(format!("trays: of {tray} chips, for nobody says of how many"));
        }
        let wiring = chip.fabric.wiring;
        if chip.fabric.wiring_of(ports.domain) != wiring {
            let domain = ports.domain;
            notes
                .insert(format!("links: {wiring} is no domain of {domain}, priced as if switched"));
        }
        Ok(Self {
            bandwidth: chip.memory.bandwidth.get(),
            cores: cores.map_or(STAND_IN_CORES, f64::from),
            exp_rate: chip.exp_rate.map(PerSec::get).filter(positive),
            link: ports.link.map(BytesPerSec::get),
            domain: ports.domain,
            tray: chip.fabric.tray_of(ports.domain),
        })
    }
}

/// Ranks in a domain of `chip`'s.
pub(in crate::cost) fn domain_of(chip: &Chip) -> u32 {
    Ports::of(chip).domain
}

impl Arithmetic {
    /// What engines do with weights of `format`: compute in it where the chip can, else widen the
    /// weights to 16 bits on the way to the matrix engine.
    pub(super) fn of(chip: &Chip, format: Format) -> Self {
        let native = match format {
            Format::Bf16 => Some((Engine::Bf16, 2.0, "bf16", "bf16")),
            Format::Fp32 => Some((Engine::Tf32, 4.0, "bf16", "bf16")),
            Format::Fp8 => Some((Engine::Fp8, 1.0, "fp8", "fp8")),
            Format::Fp8Block => Some((Engine::Fp8, 1.0, "fp8-block", "fp8-block")),
            Format::Nvfp4 | Format::Mxfp4 => {
                Some((Engine::Fp4, Format::Nvfp4.bytes(), "nvfp4", "fp8-block"))
            }
            // 8-bit integers take FP8's shares of their own peak where they were not measured.
            Format::Int8 => Some((Engine::Int8, 1.0, "int8", "fp8")),
            Format::Int4 => None,
        };
        let found = native.and_then(|native| Self::on(chip, native));
        found.unwrap_or_else(|| Self::weight_only(chip, format))
    }

    /// The same in benchmarks of routed experts: no engine gives them 4-bit activations with MXFP4
    /// weights; chips with FP4 units multiply those by MXFP8.
    pub(super) fn of_measured_experts(chip: &Chip, format: Format) -> Self {
        match format {
            Format::Mxfp4 if chip.peaks.contains_key(&Engine::Fp4) => {
                let native = (Engine::Fp8, MXFP8_BYTES, "mxfp4-mxfp8", "nvfp4");
                Self::on(chip, native).unwrap_or_else(|| Self::weight_only(chip, format))
            }
            Format::Mxfp4 => Self { key: "mxfp4", ..Self::weight_only(chip, format) },
            _ => Self::of(chip, format),
        }
    }

    /// Arithmetic on an engine, if `chip` has it.
    fn on(
        chip: &Chip,
        (engine, activation, key, stand_in): (Engine, f64, &'static str, &'static str),
    ) -> Option<Self> {
        let peak = chip.peak(engine).filter(|peak| !peak.is_zero())?.get();
        Some(Self { engine, peak, activation, key, stand_in, quantises: activation < 2.0 })
    }

    /// 16-bit arithmetic on widened weights, or whatever the chip's only engine is.
    fn weight_only(chip: &Chip, format: Format) -> Self {
        let engine = [Engine::Bf16, Engine::Fp8]
            .into_iter()
            .chain(chip.peaks.keys().copied())
            .find(|engine| chip.peak(*engine).is_some_and(|peak| !peak.is_zero()))
            .expect("a machine has a peak");
        let peak = chip.peaks[&engine].get();
        let key = if format == Format::Int4 { "int4" } else { "bf16" };
        Self { engine, peak, activation: 2.0, key, stand_in: "bf16", quantises: false }
    }
}
