//! From a chip's description to the chip.

use super::chip::{Chip, Class, Memory, Power, Price, ScaleUp};
use super::spec::{ChipSpec, Entry, Figure, Given, MemorySpec, Section, SystemSpec};
use super::topology::Fabric;
use crate::units::PerSec;

impl Chip {
    /// The chip that a whole description (no variation) means, without its base.
    pub(crate) fn from_spec(spec: &ChipSpec) -> Self {
        Self {
            name: spec.name.clone(),
            title: spec.title.clone().unwrap_or_else(|| spec.name.clone()),
            maker: spec.maker.clone().unwrap_or_default(),
            generation: spec.generation.clone().unwrap_or_default(),
            aliases: spec.aliases.clone(),
            base: None,
            class: class(spec),
            system: spec.system.clone(),
            peaks: spec.compute.dense.by_engine().map(|(e, peak)| (e, *peak.get())).collect(),
            cores: spec.silicon.cores.given(),
            clock: spec.silicon.clock.given(),
            exp_rate: exp_rate(spec),
            l2: spec.sram.l2.given(),
            memory: memory(&spec.memory),
            scale_up: scale_up(spec),
            host_link: spec.host.bandwidth.given(),
            nic: spec.network.bandwidth.given(),
            fabric: fabric(spec, None),
            power: Power {
                tdp: spec.power.tdp.given(),
                it: spec.power.it.given(),
                facility: spec.power.facility.given(),
            },
            price: Price {
                purchase: spec.price.purchase.given(),
                rental: spec.price.rental.given(),
            },
        }
    }
}

/// What lies between chips: the chip's own figures, then those of its system.
pub(crate) fn fabric(spec: &ChipSpec, system: Option<&SystemSpec>) -> Fabric {
    let (up, out) = (&spec.scale_up, &spec.network);
    let own = |figure: fn(&SystemSpec) -> Option<u32>| system.and_then(figure);
    Fabric {
        switches: up.switches.given().or_else(|| own(|system| system.fabric.switches.given())),
        tray: up.tray.given().or_else(|| own(|system| system.tray.given())),
        wiring: up.wiring.given().or_else(|| system?.fabric.wiring.given()).unwrap_or_default(),
        nics: out.nics.given().or_else(|| own(|system| system.network.nics.given())),
        oversubscription: out
            .oversubscription
            .given()
            .or_else(|| system?.network.oversubscription.given()),
    }
}

/// Exponentials per second: `cores × exponentials per core and clock × clock`.
pub(crate) fn exp_rate(spec: &ChipSpec) -> Option<PerSec> {
    let per_clock = spec.compute.exp_per_core_clock.given()?;
    let cores = f64::from(spec.silicon.cores.given()?);
    Some(PerSec::new(cores * per_clock * spec.silicon.clock.given()?.get()))
}

fn memory(spec: &MemorySpec) -> Memory {
    let physical = spec.physical().unwrap_or_default();
    Memory {
        kind: spec.kind.given().unwrap_or_default().to_lowercase(),
        bandwidth: spec.peak_bandwidth().unwrap_or_default(),
        physical,
        usable: spec.usable_capacity.given().unwrap_or(physical),
        stacks: spec.as_stacks(),
    }
}

fn scale_up(spec: &ChipSpec) -> Option<ScaleUp> {
    Some(ScaleUp {
        name: spec.scale_up.name.given()?,
        bandwidth: spec.scale_up.bandwidth.given()?,
        domain: spec.scale_up.domain.given().unwrap_or(1),
    })
}

/// The weakest class among what sets the speed: dense peaks, memory and links.
///
/// Usable capacity, power and prices do not count; each shows its own class.
fn class(spec: &ChipSpec) -> Class {
    let links = [&spec.scale_up.bandwidth, &spec.host.bandwidth];
    spec.compute
        .dense
        .entries()
        .iter()
        .map(Entry::class)
        .chain(bandwidth_class(&spec.memory))
        .chain(capacity_class(&spec.memory))
        .chain(links.into_iter().flatten().map(Figure::class))
        .max()
        .unwrap_or(Class::Estimate)
}

/// A derived pin rate is as good as the printed total that it comes from.
pub(crate) fn bandwidth_class(spec: &MemorySpec) -> Option<Class> {
    let from_pins = weakest(spec, &["stacks", "pins", "pin_rate"]);
    match (&spec.pin_rate, &spec.printed_bandwidth) {
        (Some(rate), Some(printed)) if rate.derived => Some(printed.class()),
        (Some(rate), Some(_)) => Some(rate.class()),
        (Some(_), None) => from_pins,
        (None, _) => spec.bandwidth.as_ref().map(Figure::class),
    }
}

/// A printed total vouches for the stacks below it.
pub(crate) fn capacity_class(spec: &MemorySpec) -> Option<Class> {
    match &spec.printed_capacity {
        Some(printed) => Some(printed.class()),
        None => {
            weakest(spec, &["stacks", "height", "die_capacity", "enabled_fraction", "capacity"])
        }
    }
}

fn weakest(spec: &MemorySpec, names: &[&str]) -> Option<Class> {
    spec.entries().iter().filter(|entry| names.contains(&entry.name)).map(Entry::class).max()
}
