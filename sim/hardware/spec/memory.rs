//! The memory's table, and what its figures add up to.

use super::figure::{Figure, Given, section};
use super::written::Share;
use crate::hardware::chip::Stacks;
use crate::hardware::finding::Finding;
use crate::hardware::hbm::Refresh;
use crate::units::{BitsPerSec, Bytes, BytesPerSec};

section! {
    /// The memory that holds weights and KV.
    MemorySpec "memory" {
        /// `HBM3e`, `GDDR7`, `SRAM`.
        kind: String,
        /// Stacks in the package.
        stacks: u32,
        /// DRAM dies in a stack.
        height: u32,
        /// Capacity of one DRAM die; 24 Gbit are `3 GiB`.
        die_capacity: Bytes,
        /// Data pins of one stack, or of the whole bus where nothing is stacked.
        pins: u32,
        /// Bandwidth of one pin.
        pin_rate: BitsPerSec,
        /// Share of the capacity that the part ships with enabled.
        enabled_fraction: Share,
        /// How stacks are refreshed: `per-bank` where nothing is said, `all-bank`, `none`.
        refresh: Refresh,
        /// Capacity, where nothing is stacked.
        capacity: Bytes,
        /// Bandwidth, where it does not come from pins.
        bandwidth: BytesPerSec,
        /// The capacity that documents print. Their "GB" of HBM are GiB, and written so here.
        printed_capacity: Bytes,
        /// The bandwidth that documents print.
        printed_bandwidth: BytesPerSec,
        /// What a process can allocate.
        usable_capacity: Bytes,
    }
}

/// Rates of pins that the channel model takes, in bit/s: HBM's own are 2 to 13 Gbit/s.
const PIN_RATES: std::ops::RangeInclusive<f64> = 1e8..=1e12;

impl MemorySpec {
    /// The stacks, if the description of them is complete.
    pub(crate) fn as_stacks(&self) -> Option<Stacks> {
        Some(Stacks {
            count: self.stacks.given()?,
            height: self.height.given()?,
            die: self.die_capacity.given()?,
            pins: self.pins.given()?,
            pin_rate: self.pin_rate.given()?.get(),
            enabled: self.enabled_fraction.given().map_or(1.0, |share| share.0),
            refresh: self.refresh.given().unwrap_or_default(),
        })
    }

    /// What keeps the figures from describing one memory: stacks in part, totals beside them, pins
    /// like no memory's.
    pub(crate) fn contradiction(&self) -> Option<Finding> {
        if self.as_stacks().is_some() {
            let rate = self.pin_rate.as_ref().filter(|rate| !PIN_RATES.contains(&rate.get().get()));
            if let Some(rate) = rate {
                return Some(
                    Finding::error("memory.pin_rate", rate.text())
                        .says("is no rate of a pin of stacked memory")
                        .remedy("give 0.1 Gbit/s to 1,000 Gbit/s"),
                );
            }
            let totals = [
                ("memory.capacity", self.capacity.as_ref().map(Figure::text)),
                ("memory.bandwidth", self.bandwidth.as_ref().map(Figure::text)),
            ];
            let (key, text) = totals.into_iter().find_map(|(key, text)| Some((key, text?)))?;
            return Some(
                Finding::error(key, text)
                    .says("follows from the stacks and cannot be given beside them")
                    .remedy("change stacks, height, die_capacity, pins or pin_rate"),
            );
        }
        let stacks = self.stacks.as_ref()?;
        let missing: Vec<_> = [
            ("height", self.height.is_none()),
            ("die_capacity", self.die_capacity.is_none()),
            ("pins", self.pins.is_none()),
            ("pin_rate", self.pin_rate.is_none()),
        ]
        .into_iter()
        .filter_map(|(key, is_missing)| is_missing.then_some(key))
        .collect();
        Some(
            Finding::error("memory.stacks", stacks.text())
                .says(format!("stacks are described without {}", missing.join(", ")))
                .remedy("capacity and bandwidth derive from all of them"),
        )
    }

    /// Physical capacity, the enabled part only.
    pub(crate) fn physical(&self) -> Option<Bytes> {
        self.as_stacks().map(|stacks| stacks.capacity()).or_else(|| self.capacity.given())
    }

    /// Bandwidth at the pins.
    pub(crate) fn peak_bandwidth(&self) -> Option<BytesPerSec> {
        if let Some(stacks) = self.as_stacks() {
            return Some(stacks.bandwidth());
        }
        self.bandwidth.given().or_else(|| Some(self.pin_rate.given()?.bus(self.pins.given()?)))
    }
}
