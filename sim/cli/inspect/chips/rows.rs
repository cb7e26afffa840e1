//! A chip as a row of a document; units ride in the keys.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::hardware::{Chip, Class, Engine, Stacks};
use crate::units::{Bytes, Watts};

const GIB: f64 = 1_073_741_824.0;

/// What `chips list` says of a chip, and `chips show` first.
#[derive(Debug, Serialize)]
pub(super) struct ChipRow<'a> {
    pub(super) name: &'a str,
    title: &'a str,
    maker: &'a str,
    generation: &'a str,
    pub(super) class: Class,
    system: Option<&'a str>,
    /// Dense peaks.
    pub(super) peak_tflop_s: BTreeMap<Engine, f64>,
    pub(super) memory: &'a str,
    pub(super) memory_bandwidth_tb_s: Option<f64>,
    memory_physical_gib: Option<f64>,
    pub(super) memory_usable_gib: Option<f64>,
    stacks: Option<StacksRow>,
    pub(super) scale_up_gb_s: Option<f64>,
    pub(super) scale_up_domain: Option<u32>,
    host_link_gb_s: Option<f64>,
    nic_gb_s: Option<f64>,
    pub(super) tdp_w: Option<f64>,
    it_w: Option<f64>,
    pub(super) facility_w: Option<f64>,
    purchase_usd: Option<[f64; 2]>,
    rental_usd_per_h: Option<[f64; 2]>,
    /// Why it cannot be simulated; null if it can.
    not_simulable: Option<String>,
}

#[derive(Debug, Serialize)]
struct StacksRow {
    count: u32,
    height: u32,
    die_gib: f64,
    pins: u32,
    pin_rate_gbit_s: f64,
    enabled_fraction: f64,
}

impl<'a> From<&'a Chip> for ChipRow<'a> {
    fn from(chip: &'a Chip) -> Self {
        let memory = &chip.memory;
        // Zero stands for unknown in a resolved chip; no document says zero.
        let gib = |size: Bytes| (!size.is_zero()).then(|| size.get() / GIB);
        let scale_up = chip.scale_up.as_ref();
        Self {
            name: &chip.name,
            title: &chip.title,
            maker: &chip.maker,
            generation: &chip.generation,
            class: chip.class,
            system: chip.system.as_deref(),
            peak_tflop_s: chip.peaks.iter().map(|(&e, peak)| (e, peak.get() / 1e12)).collect(),
            memory: &memory.kind,
            memory_bandwidth_tb_s: (!memory.bandwidth.is_zero())
                .then(|| memory.bandwidth.get() / 1e12),
            memory_physical_gib: gib(memory.physical),
            memory_usable_gib: gib(memory.usable),
            stacks: memory.stacks.map(StacksRow::from),
            scale_up_gb_s: scale_up.map(|link| link.bandwidth.get() / 1e9),
            scale_up_domain: scale_up.map(|link| link.domain),
            host_link_gb_s: chip.host_link.map(|link| link.get() / 1e9),
            nic_gb_s: chip.nic.map(|link| link.get() / 1e9),
            tdp_w: chip.power.tdp.map(Watts::get),
            it_w: chip.power.it.map(Watts::get),
            facility_w: chip.power.facility.map(Watts::get),
            purchase_usd: chip.price.purchase.map(|(low, high)| [low.get(), high.get()]),
            rental_usd_per_h: chip.price.rental.map(|(low, high)| [low.get(), high.get()]),
            not_simulable: chip.simulable().err(),
        }
    }
}

impl From<Stacks> for StacksRow {
    fn from(stacks: Stacks) -> Self {
        Self {
            count: stacks.count,
            height: stacks.height,
            die_gib: stacks.die.get() / GIB,
            pins: stacks.pins,
            pin_rate_gbit_s: stacks.pin_rate / 1e9,
            enabled_fraction: stacks.enabled,
        }
    }
}
