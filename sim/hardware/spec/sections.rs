//! The tables of a chip's file: every key, its dimension and its order.

use super::figure::{Figure, section};
use super::written::SquareMillimetres;
use crate::hardware::chip::Engine;
use crate::hardware::topology::Wiring;
use crate::units::{Bytes, BytesPerSec, FlopPerSec, Hertz, Usd, UsdPerHour, Watts};

section! {
    /// The compute silicon of one package.
    SiliconSpec "silicon" {
        /// Process node.
        process: String,
        /// Compute dies in the package.
        dies: u32,
        /// Area of one compute die.
        die_area: SquareMillimetres,
        /// Transistors in the package.
        transistors: f64,
        /// Streaming multiprocessors, compute units or cores.
        cores: u32,
        /// The clock that the printed peaks assume.
        clock: Hertz,
        /// The highest clock, where it is another.
        max_clock: Hertz,
    }
}

section! {
    /// Dense peaks of the matrix engines: the only ones that are simulated.
    DenseSpec "compute.dense" {
        /// TF32.
        tf32: FlopPerSec,
        /// BF16 and FP16.
        bf16: FlopPerSec,
        /// FP8.
        fp8: FlopPerSec,
        /// FP6.
        fp6: FlopPerSec,
        /// FP4.
        fp4: FlopPerSec,
        /// INT8.
        int8: FlopPerSec,
    }
}

section! {
    /// Peaks that count skipped zeros as work, kept so that they are recognised.
    SparseSpec "compute.sparse" {
        /// TF32.
        tf32: FlopPerSec,
        /// BF16 and FP16.
        bf16: FlopPerSec,
        /// FP8.
        fp8: FlopPerSec,
        /// FP6.
        fp6: FlopPerSec,
        /// FP4.
        fp4: FlopPerSec,
        /// INT8.
        int8: FlopPerSec,
    }
}

section! {
    /// Memory on the compute dies.
    SramSpec "sram" {
        /// Last-level cache.
        l2: Bytes,
        /// Read bandwidth of the last-level cache.
        l2_bandwidth: BytesPerSec,
        /// First-level cache and shared memory of one core.
        l1_per_core: Bytes,
        /// Scratch memory that software manages.
        scratch: Bytes,
    }
}

section! {
    /// The fabric within a scale-up domain.
    ScaleUpSpec "scale_up" {
        /// `NVLink5`.
        name: String,
        /// Bandwidth of one chip, per direction.
        bandwidth: BytesPerSec,
        /// Chips in one domain.
        domain: u32,
        /// Chips of one compute tray, if not those of the system.
        tray: u32,
        /// Switch chips of a domain, if not those of the system.
        switches: u32,
        /// How collectives are priced in a domain, if not as through switches: `mesh`, `4x4x4`.
        wiring: Wiring,
    }
}

section! {
    /// The link to the host.
    HostSpec "host" {
        /// `PCIe5 x16`.
        link: String,
        /// Bandwidth per chip and direction.
        bandwidth: BytesPerSec,
    }
}

section! {
    /// The network beyond the scale-up domain.
    NetworkSpec "network" {
        /// Bandwidth per chip and direction.
        bandwidth: BytesPerSec,
        /// NICs of a domain, each of that bandwidth, if not one per chip.
        nics: u32,
        /// What NICs below a leaf can send, over what it can send to the spine, if not 1.
        oversubscription: f64,
    }
}

section! {
    /// Power per package.
    PowerSpec "power" {
        /// The package's limit.
        tdp: Watts,
        /// All IT equipment, divided by the accelerators.
        it: Watts,
        /// All-in, cooling and overhead included.
        facility: Watts,
    }
}

section! {
    /// What a package costs, from low to high.
    PriceSpec "price" {
        /// To buy.
        purchase: (Usd, Usd),
        /// To rent, per hour.
        rental: (UsdPerHour, UsdPerHour),
    }
}

section! {
    /// What the package takes to build.
    PackagingSpec "packaging" {
        /// Interposer area, in reticles.
        reticles: f64,
        /// Packages from one 300 mm interposer wafer.
        per_wafer: u32,
    }
}

macro_rules! by_engine {
    ($($spec:ty),*) => {$(
        impl $spec {
            /// The peaks that are given, by engine.
            pub fn by_engine(&self) -> impl Iterator<Item = (Engine, &Figure<FlopPerSec>)> {
                [
                    (Engine::Tf32, &self.tf32),
                    (Engine::Bf16, &self.bf16),
                    (Engine::Fp8, &self.fp8),
                    (Engine::Fp6, &self.fp6),
                    (Engine::Fp4, &self.fp4),
                    (Engine::Int8, &self.int8),
                ]
                .into_iter()
                .filter_map(|(engine, figure)| figure.as_ref().map(|figure| (engine, figure)))
            }
        }
    )*};
}
by_engine!(DenseSpec, SparseSpec);
