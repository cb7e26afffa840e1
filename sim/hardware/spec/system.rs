//! The file format of a system: a box, a rack or a pod.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::figure::{Entry, Figure, Section, section};
use crate::hardware::topology::Wiring;
use crate::units::{Bytes, BytesPerSec, Usd, Watts};

/// A system as its file describes it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemSpec {
    /// Name in lower case with hyphens: `gb200-nvl72`.
    pub name: String,
    /// Name as the maker writes it.
    pub title: String,
    /// The maker.
    pub maker: String,
    /// The accelerator in it.
    pub chip: String,
    /// Other names it goes by.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// `shipping`, `roadmap` …
    pub status: Option<String>,
    /// Accelerator packages.
    pub accelerators: Figure<u32>,
    /// Packages in one scale-up domain.
    pub domain: Figure<u32>,
    /// Packages of one compute tray: of one operating system.
    pub tray: Option<Figure<u32>>,
    /// `[fabric]`
    #[serde(default)]
    pub fabric: FabricSpec,
    /// `[network]`
    #[serde(default)]
    pub network: SystemNetworkSpec,
    /// `[host]`
    #[serde(default)]
    pub host: SystemHostSpec,
    /// `[power]`
    #[serde(default)]
    pub power: SystemPowerSpec,
    /// `[price]`
    #[serde(default)]
    pub price: SystemPriceSpec,
    /// `[notes]`: what is to be known about a figure, by its dotted key.
    #[serde(default)]
    pub notes: BTreeMap<String, String>,
}

section! {
    /// The scale-up fabric.
    FabricSpec "fabric" {
        /// `NVLink5`.
        name: String,
        /// Bandwidth per accelerator and direction.
        bandwidth: BytesPerSec,
        /// Switch chips.
        switches: u32,
        /// How a domain is wired, if not through switches: `mesh`, a torus `4x4x4`.
        wiring: Wiring,
    }
}

section! {
    /// The scale-out network.
    SystemNetworkSpec "network" {
        /// Bandwidth per accelerator and direction.
        bandwidth: BytesPerSec,
        /// NICs of a domain, each of that bandwidth, if not one per accelerator.
        nics: u32,
        /// What NICs below a leaf can send, over what it can send to the spine, if not 1.
        oversubscription: f64,
    }
}

section! {
    /// The host processors, over the whole system.
    SystemHostSpec "host" {
        /// Their name.
        cpu: String,
        /// Sockets.
        cpus: u32,
        /// Cores of one socket.
        cores_per_cpu: u32,
        /// Memory of all sockets.
        memory: Bytes,
        /// Bandwidth of that memory.
        memory_bandwidth: BytesPerSec,
        /// Host link per accelerator and direction.
        link_bandwidth: BytesPerSec,
    }
}

section! {
    /// Power.
    SystemPowerSpec "power" {
        /// The whole system under usual load.
        typical: Watts,
        /// The whole system at most.
        maximum: Watts,
        /// IT power per accelerator, network and storage included.
        it_per_accelerator: Watts,
        /// The same with cooling and overhead.
        facility_per_accelerator: Watts,
    }
}

section! {
    /// What the system costs, from low to high.
    SystemPriceSpec "price" {
        /// To buy.
        purchase: (Usd, Usd),
    }
}

impl SystemSpec {
    /// Every figure that is given, in the order of the file format.
    pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
        let mut entries = vec![
            Entry::of("", "accelerators", &self.accelerators),
            Entry::of("", "domain", &self.domain),
        ];
        entries.extend(self.tray.iter().map(|tray| Entry::of("", "tray", tray)));
        entries.extend(self.fabric.entries());
        entries.extend(self.network.entries());
        entries.extend(self.host.entries());
        entries.extend(self.power.entries());
        entries.extend(self.price.entries());
        entries
    }
}
