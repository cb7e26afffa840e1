//! One year's cohort: how many packages, and what they add.

use std::collections::BTreeMap;

use serde::Serialize;

use super::part::Part;
use super::scenario::YearSpec;
use crate::planning::sourced::Sourced;

/// What a year's packages are limited by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// Facility power.
    Power,
    /// Interposer packaging.
    Cowos,
    /// HBM bits.
    Hbm,
}

impl Binding {
    /// As reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::Cowos => "CoWoS",
            Self::Hbm => "HBM",
        }
    }
}

/// Millions of packages that each resource allows; null where a scenario does not limit it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ceilings {
    /// Delivered power over the mix's facility watts.
    pub power_mpackages: f64,
    /// Wafers, yield and packages per wafer.
    pub cowos_mpackages: Option<f64>,
    /// Bits, yield and bits per package.
    pub hbm_mpackages: Option<f64>,
}

impl Ceilings {
    /// The lowest, and which it is.
    pub fn binding(&self) -> (f64, Binding) {
        let all = [
            (Some(self.power_mpackages), Binding::Power),
            (self.cowos_mpackages, Binding::Cowos),
            (self.hbm_mpackages, Binding::Hbm),
        ];
        let known = all.into_iter().filter_map(|(packages, binding)| Some((packages?, binding)));
        known.min_by(|a, b| a.0.total_cmp(&b.0)).expect("power is always known")
    }
}

/// One chip's part of a cohort.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CohortPart {
    /// The chip.
    pub chip: String,
    /// Its packages, those for training included.
    pub mpackages: f64,
}

/// What the chips that a year adds for inference can do together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cohort {
    /// Packages by chip.
    pub parts: Vec<CohortPart>,
    /// HBM bandwidth, in exabytes a second.
    pub bandwidth_eb_s: f64,
    /// Compute as the scenario counts it, in zettaFLOP a second.
    pub compute_zflop_s: f64,
    /// Compute in the one format that all chips have.
    pub common_zflop_s: f64,
    /// Simulated output tokens, in billions a second; null if a chip was not simulated.
    pub gtok_s: Option<f64>,
    /// Simulated tasks, in millions an hour.
    pub mtasks_per_hour: Option<f64>,
}

impl YearSpec {
    /// The packages that each resource allows, if the share `slippage` of the power slips.
    pub(super) fn ceilings(&self, parts: &BTreeMap<String, Part>, slippage: f64) -> Ceilings {
        let mean = |of: &dyn Fn(&Part) -> f64| -> f64 {
            self.shares().map(|(name, share)| share * of(&parts[name])).sum()
        };
        let watts = mean(&|part| part.facility.get());
        let wafers = mean(&|part| part.per_wafer.map_or(0.0, |per_wafer| 1.0 / per_wafer));
        let gbit = mean(&|part| part.hbm.get() * 8.0 / f64::from(1 << 30));
        let yielded = |supply: &Option<Sourced>, share: &Option<Sourced>| {
            let share = share.as_ref().map_or(1.0, |share| share.value);
            supply.as_ref().map(|supply| supply.value * share)
        };
        Ceilings {
            power_mpackages: self.gw_added.value * (1.0 - slippage) * 1e3 / watts,
            cowos_mpackages: yielded(&self.cowos_kwafers, &self.cowos_yield)
                .filter(|_| wafers > 0.0)
                .map(|kwafers| kwafers / 1e3 / wafers),
            hbm_mpackages: yielded(&self.hbm_gbit_bn, &self.hbm_yield)
                .filter(|_| gbit > 0.0)
                .map(|bn| bn * 1e3 / gbit),
        }
    }

    /// What `mpackages` million packages of the mix add for inference.
    pub(super) fn cohort(&self, parts: &BTreeMap<String, Part>, mpackages: f64) -> Cohort {
        let serving = mpackages * 1e6 * self.inference_share.value;
        let sum = |of: &dyn Fn(&Part) -> f64| -> f64 {
            self.shares().map(|(name, share)| serving * share * of(&parts[name])).sum()
        };
        let simulated = |of: &dyn Fn(&super::SimulatedRates) -> f64| -> Option<f64> {
            let used = self.shares().filter(|(_, share)| *share > 0.0);
            used.map(|(name, share)| Some(serving * share * of(parts[name].simulated.as_ref()?)))
                .sum()
        };
        let packages = self
            .shares()
            .map(|(name, share)| CohortPart { chip: name.into(), mpackages: mpackages * share });
        Cohort {
            parts: packages.collect(),
            bandwidth_eb_s: sum(&|part| part.bandwidth.get()) / 1e18,
            compute_zflop_s: sum(&|part| part.compute.get()) / 1e21,
            common_zflop_s: sum(&|part| part.common.get()) / 1e21,
            gtok_s: simulated(&|rates| rates.output_tok_s).map(|rate| rate / 1e9),
            mtasks_per_hour: simulated(&|rates| rates.tasks_per_hour).map(|rate| rate / 1e6),
        }
    }

    fn shares(&self) -> impl Iterator<Item = (&str, f64)> {
        let mix = self.mix.iter().flat_map(|mix| &mix.shares);
        mix.map(|(name, &share)| (name.as_str(), share))
    }
}
