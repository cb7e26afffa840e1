//! What a chip's specs say of the host and the network around it.

use crate::hardware::{Catalog, Chip, FigureRow};
use crate::units::{Bytes, BytesPerSec};

/// Share of a C2C link's rate that copies reach, towards the chip and from it: measured on Grace
/// Hopper.
const C2C: [f64; 2] = [0.84, 0.66];
/// The same for `PCIe`, either way: 52.8 of 64 GB/s on H100 (`nvbandwidth` issue 24), 26.3 of
/// 32 GB/s over the generation before (issue 15).
const PCIE: [f64; 2] = [0.82, 0.82];
/// Share of the DRAM's rate that streams reach: 348 to 410 of 512 GB/s on Grace (STREAM).
const DRAM: f64 = 0.74;
/// Share of the host's memory that holds KV; the rest is the system's and the engine's. Assumed.
const CAPACITY: f64 = 0.75;

/// A figure, and where it is from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sourced<T> {
    /// The figure.
    pub value: T,
    /// Its way here: what a spec says, of which class, and what was made of it.
    pub source: String,
}

/// What belongs to one chip of what is around it; none where it is not public.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surroundings {
    /// The host's memory, as far as it may hold KV.
    pub dram: Option<Sourced<Bytes>>,
    /// What that memory delivers.
    pub dram_bandwidth: Option<Sourced<BytesPerSec>>,
    /// From the host to the chip.
    pub up: Option<Sourced<BytesPerSec>>,
    /// From the chip to the host.
    pub down: Option<Sourced<BytesPerSec>>,
    /// Network, per direction.
    pub nic: Option<Sourced<BytesPerSec>>,
}

impl Surroundings {
    /// The surroundings of `chip` in the system that it is usually sold in.
    pub fn of(catalog: &Catalog, chip: &Chip) -> Self {
        let origin = chip.base.as_deref().unwrap_or(chip);
        let own = catalog.figures(&origin.name);
        let system = catalog.system_of(chip);
        let around = system.map_or_else(Vec::new, |system| catalog.system_figures(&system.name));
        let find = |rows: &[FigureRow], key: &str| rows.iter().find(|row| row.key == key).cloned();
        let is_c2c = find(&own, "host.link").is_some_and(|row| row.value.contains("C2C"));
        let [towards, from] = if is_c2c { C2C } else { PCIE };
        let host_link = chip.host_link.or(system.and_then(|system| system.host.link));
        let link_row = find(&own, "host.bandwidth").or(find(&around, "host.link_bandwidth"));
        let link = |share: f64| {
            let source = said(link_row.as_ref(), &format!("of which copies reach {share}"));
            host_link.map(|rate| Sourced { value: rate * share, source })
        };
        let per_chip = system.map_or(1.0, |system| 1.0 / f64::from(system.accelerators));
        let of_system = |key: &str, made: String| {
            said(find(&around, key).as_ref(), &format!("over all chips, {made}"))
        };
        let memory = system.and_then(|system| system.host.memory);
        let bandwidth = system.and_then(|system| system.host.memory_bandwidth);
        let nic_row = find(&own, "network.bandwidth").or(find(&around, "network.bandwidth"));
        Self {
            dram: memory.map(|memory| Sourced {
                value: memory * per_chip * CAPACITY,
                source: of_system("host.memory", format!("{CAPACITY} of it for KV")),
            }),
            dram_bandwidth: bandwidth.map(|rate| Sourced {
                value: rate * per_chip * DRAM,
                source: of_system("host.memory_bandwidth", format!("streams reach {DRAM}")),
            }),
            up: link(towards),
            down: link(from),
            nic: chip
                .nic
                .or(system.and_then(|system| system.nic))
                .map(|value| Sourced { value, source: said(nic_row.as_ref(), "per direction") }),
        }
    }
}

/// A figure's provenance in words.
fn said(row: Option<&FigureRow>, made: &str) -> String {
    row.map_or_else(
        || made.to_owned(),
        |row| {
            let class = format!("{:?}", row.class).to_lowercase();
            format!("{} {} ({class}: {}), {made}", row.key, row.value, row.source)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c2c_and_pcie_are_told_apart_and_sourced() {
        let catalog = Catalog::embedded();
        let of = |name| Surroundings::of(&catalog, catalog.chip(name).unwrap());
        let (grace, x86) = (of("gb300"), of("b300-sxm"));
        let gb =
            |sourced: &Option<Sourced<BytesPerSec>>| sourced.as_ref().unwrap().value.get() / 1e9;
        assert!((gb(&grace.up) - 225.0 * 0.84).abs() < 1e-6, "{grace:?}");
        assert!((gb(&grace.down) - 225.0 * 0.66).abs() < 1e-6);
        assert!((gb(&x86.up) - 128.0 * 0.82).abs() < 1e-6);
        // 14.4 TB/s among 72, 0.82 TB/s among eight.
        assert!((gb(&grace.dram_bandwidth) - 200.0 * 0.74).abs() < 1e-6);
        assert!((gb(&x86.dram_bandwidth) - 102.5 * 0.74).abs() < 1e-6);
        assert!(x86.dram.unwrap().source.contains("datasheet"));
        assert!(grace.up.unwrap().source.contains("225"));
    }

    #[test]
    fn what_is_not_public_is_not_guessed() {
        let catalog = Catalog::embedded();
        let bare = Surroundings::of(&catalog, catalog.chip("cerebras-wse3").unwrap());
        assert_eq!(bare.dram, None);
    }
}
