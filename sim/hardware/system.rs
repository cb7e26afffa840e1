//! A system as the simulator sees it: a box, a rack or a pod of one chip.

use super::chip::Class;
use super::spec::{Entry, Figure, Given, Section, SystemSpec};
use crate::units::{Bytes, BytesPerSec, Usd, Watts};

/// A box, rack or pod.
#[derive(Clone, Debug, PartialEq)]
pub struct System {
    /// Name in lower case with hyphens: `gb200-nvl72`.
    pub name: String,
    /// Name as the maker writes it.
    pub title: String,
    /// The maker.
    pub maker: String,
    /// Other names it goes by.
    pub aliases: Vec<String>,
    /// `shipping`, `roadmap` …
    pub status: Option<String>,
    /// The weakest class among its size and its links.
    pub class: Class,
    /// The accelerator in it.
    pub chip: String,
    /// Accelerator packages (never dies).
    pub accelerators: u32,
    /// Packages in one scale-up domain.
    pub domain: u32,
    /// The scale-up fabric's name.
    pub fabric: Option<String>,
    /// Scale-up bandwidth per accelerator and direction.
    pub scale_up: Option<BytesPerSec>,
    /// Switch chips of the scale-up fabric.
    pub switches: Option<u32>,
    /// Network per accelerator and direction.
    pub nic: Option<BytesPerSec>,
    /// The host processors.
    pub host: HostPart,
    /// Power.
    pub power: SystemPower,
    /// What the system costs, from low to high.
    pub price: Option<(Usd, Usd)>,
}

/// The host processors of a system, all of them together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostPart {
    /// Their name.
    pub cpu: Option<String>,
    /// Sockets.
    pub sockets: Option<u32>,
    /// Cores over all sockets.
    pub cores: Option<u32>,
    /// Memory.
    pub memory: Option<Bytes>,
    /// Bandwidth of the memory.
    pub memory_bandwidth: Option<BytesPerSec>,
    /// Link to one accelerator, per direction.
    pub link: Option<BytesPerSec>,
}

/// Power of a system.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SystemPower {
    /// The whole system under usual load.
    pub typical: Option<Watts>,
    /// The whole system at most.
    pub maximum: Option<Watts>,
    /// IT power per accelerator.
    pub it: Option<Watts>,
    /// Facility power per accelerator.
    pub facility: Option<Watts>,
}

impl System {
    /// The system that `spec` describes.
    pub(crate) fn from_spec(spec: &SystemSpec) -> Self {
        let sockets = spec.host.cpus.given();
        let cores_per_cpu = spec.host.cores_per_cpu.given();
        let class = [spec.accelerators.class(), spec.domain.class()]
            .into_iter()
            .chain(spec.fabric.bandwidth.as_ref().map(Figure::class))
            .chain(spec.network.entries().iter().map(Entry::class))
            .max()
            .unwrap_or(Class::Estimate);
        Self {
            name: spec.name.clone(),
            title: spec.title.clone(),
            maker: spec.maker.clone(),
            aliases: spec.aliases.clone(),
            status: spec.status.clone(),
            class,
            chip: spec.chip.clone(),
            accelerators: *spec.accelerators.get(),
            domain: *spec.domain.get(),
            fabric: spec.fabric.name.given(),
            scale_up: spec.fabric.bandwidth.given(),
            switches: spec.fabric.switches.given(),
            nic: spec.network.bandwidth.given(),
            host: HostPart {
                cpu: spec.host.cpu.given(),
                sockets,
                cores: sockets
                    .zip(cores_per_cpu)
                    .map(|(sockets, each)| sockets.saturating_mul(each)),
                memory: spec.host.memory.given(),
                memory_bandwidth: spec.host.memory_bandwidth.given(),
                link: spec.host.link_bandwidth.given(),
            },
            power: SystemPower {
                typical: spec.power.typical.given(),
                maximum: spec.power.maximum.given(),
                it: spec.power.it_per_accelerator.given(),
                facility: spec.power.facility_per_accelerator.given(),
            },
            price: spec.price.purchase.given(),
        }
    }
}
