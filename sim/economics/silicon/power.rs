//! Energy by what is done: idling, arithmetic, memory, links, host.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::cost::Envelope;
use crate::hardware::{Chip, Class, Engine};
use crate::units::{Bytes, Flop, Joules, Seconds, Watts};

/// The constants of the power model; `workloads/prices/power.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PowerModel {
    idle_share: Constant,
    sustained_share: Constant,
    host_watts_box: Constant,
    host_watts_rack: Constant,
    pue: Constant,
    on_die_pj_per_bit: Constant,
    link_pj_per_bit: Constant,
    hbm_pj_per_bit: BTreeMap<String, Constant>,
}

/// A constant and where it is from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Constant {
    value: f64,
    #[expect(dead_code, reason = "read so that a misspelt key is refused")]
    range: Option<[f64; 2]>,
    #[expect(dead_code, reason = "read so that every constant has one")]
    class: Class,
    #[expect(dead_code, reason = "read so that every constant has one")]
    source: String,
    #[serde(default)]
    #[expect(dead_code, reason = "read so that a misspelt key is refused")]
    fitted: bool,
}

/// What one chip of a replica did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activity {
    /// How long.
    pub window: Seconds,
    /// The engine that did the arithmetic.
    pub engine: Engine,
    /// Arithmetic of one chip.
    pub flop: Flop,
    /// Its traffic from and to main memory.
    pub traffic: Bytes,
    /// What it sent to others.
    pub sent: Bytes,
}

/// Where one chip's energy went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EnergyUse {
    /// Being switched on.
    pub idle: Joules,
    /// Arithmetic.
    pub compute: Joules,
    /// Main memory.
    pub memory: Joules,
    /// Links to other chips.
    pub links: Joules,
    /// The chip's share of the machine.
    pub host: Joules,
}

impl EnergyUse {
    /// All of it, without cooling.
    pub fn it(&self) -> Joules {
        self.idle + self.compute + self.memory + self.links + self.host
    }
}

/// Systems with more chips in one domain are racks.
const BOX: u32 = 8;

impl PowerModel {
    /// The shipped constants.
    pub fn embedded() -> Self {
        let text =
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/prices/power.toml"));
        toml::from_str(text).expect("a test reads the shipped constants")
    }

    /// Facility power over IT power.
    pub fn pue(&self) -> f64 {
        self.pue.value
    }

    /// Where the energy of `activity` went; `None` if the chip's limit, memory or peak is not
    /// known.
    pub fn energy(&self, chip: &Chip, activity: &Activity) -> Option<EnergyUse> {
        let draw = self.at_peaks(chip, activity.engine)?;
        Some(self.energy_by(&draw, chip, activity))
    }

    /// The same where the chip's parts draw what `draw` says.
    pub fn energy_by(&self, draw: &Envelope, chip: &Chip, activity: &Activity) -> EnergyUse {
        let per_flop = draw.arithmetic.get() / draw.flop_rate.get();
        let per_byte = draw.memory.get() / draw.byte_rate.get();
        EnergyUse {
            idle: draw.idle * activity.window,
            compute: Joules::new(per_flop * activity.flop.get()),
            memory: Joules::new(per_byte * activity.traffic.get()),
            links: Joules::new(draw.joules_per_sent_byte * activity.sent.get()),
            host: self.host(chip) * activity.window,
        }
    }

    /// What the parts of a chip draw under `cap` that computes with `engine`: at the rate that
    /// dense products sustain arithmetic takes all that idling leaves of the chip's own limit,
    /// because that limit is what keeps them from the peak. `None` if limit, memory or peak is not
    /// known.
    pub fn envelope(&self, chip: &Chip, engine: Engine, cap: Watts) -> Option<Envelope> {
        let peaks = self.at_peaks(chip, engine)?;
        Some(Envelope {
            cap,
            arithmetic: peaks.limit.saturating_sub(peaks.idle),
            flop_rate: peaks.flop_rate * self.sustained_share.value,
            ..peaks
        })
    }

    /// The same of a chip that draws its limit at its dense peak with all pins busy.
    fn at_peaks(&self, chip: &Chip, engine: Engine) -> Option<Envelope> {
        let limit = chip.power.tdp?;
        let idle = limit * self.idle_share.value;
        let kind = chip.memory.kind.to_lowercase();
        let pj_per_bit = self.hbm_pj_per_bit.get(&kind)?.value + self.on_die_pj_per_bit.value;
        let memory = Watts::new(pj_per_bit * 8e-12 * chip.memory.bandwidth.get());
        Some(Envelope {
            cap: limit,
            limit,
            idle,
            arithmetic: limit.saturating_sub(idle + memory),
            flop_rate: chip.peak(engine).filter(|peak| !peak.is_zero())?,
            memory,
            byte_rate: chip.memory.bandwidth,
            joules_per_sent_byte: self.link_pj_per_bit.value * 8e-12,
        })
    }

    /// The chip's share of the machine around it.
    fn host(&self, chip: &Chip) -> Watts {
        let domain = chip.scale_up.as_ref().map_or(1, |link| link.domain);
        let watts = if domain > BOX { &self.host_watts_rack } else { &self.host_watts_box };
        Watts::new(watts.value)
    }

    /// All-in power of a chip at its limit, at the meter.
    pub fn facility_at_limit(&self, chip: &Chip) -> Option<Watts> {
        Some((chip.power.tdp? + self.host(chip)) * self.pue.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Catalog;

    #[test]
    fn all_in_power_is_within_four_per_cent_of_what_was_published() {
        let (model, catalog) = (PowerModel::embedded(), Catalog::embedded());
        // SemiAnalysis, InferenceX-app constants.ts, April 2026, in kW.
        let published = [
            ("h100-sxm", 1.73),
            ("h200-sxm", 1.73),
            ("b200-sxm", 2.17),
            ("gb200", 2.10),
            ("mi300x", 1.79),
            ("mi325x", 2.18),
            ("mi355x", 2.65),
        ];
        for (name, kilowatts) in published {
            let watts = model.facility_at_limit(catalog.chip(name).unwrap()).unwrap();
            let error = watts.get() / 1e3 / kilowatts - 1.0;
            assert!(error.abs() < 0.04, "{name}: {error}");
        }
    }

    #[test]
    fn a_chip_at_all_its_peaks_draws_its_limit() {
        let (model, catalog) = (PowerModel::embedded(), Catalog::embedded());
        for name in ["h100-sxm", "gb300", "rubin"] {
            let chip = catalog.chip(name).unwrap();
            let second = Seconds::new(1.0);
            let activity = Activity {
                window: second,
                engine: Engine::Fp8,
                flop: chip.peak(Engine::Fp8).unwrap() * second,
                traffic: chip.memory.bandwidth * second,
                sent: Bytes::ZERO,
            };
            let used = model.energy(chip, &activity).unwrap();
            let drawn = used.it() - used.host;
            assert!((drawn.get() / chip.power.tdp.unwrap().get() - 1.0).abs() < 1e-9, "{name}");
        }
    }

    #[test]
    fn memory_takes_its_energy_by_the_bit() {
        let (model, catalog) = (PowerModel::embedded(), Catalog::embedded());
        let activity = Activity {
            window: Seconds::ZERO,
            engine: Engine::Fp8,
            flop: Flop::ZERO,
            traffic: Bytes::new(1e12),
            sent: Bytes::new(1e12),
        };
        let used = model.energy(catalog.chip("gb300").unwrap(), &activity).unwrap();
        // HBM3e: 3.9 and 3.9 pJ a bit; links: 5.
        assert!((used.memory.get() - 62.4).abs() < 1e-9, "{:?}", used.memory);
        assert!((used.it().get() - 62.4 - 40.0).abs() < 1e-9);
    }
}
