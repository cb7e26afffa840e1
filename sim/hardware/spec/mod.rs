//! The file formats of `hw-specs/`: what a file may say, and reading it.
//!
//! A figure is always `{ value = "700 W", class = "datasheet", source = "AIC" }`; notes stand at
//! the end of a file, by key. Nothing here knows whether a figure is plausible.

mod chip;
mod figure;
mod memory;
mod nearest;
mod read;
mod sections;
mod system;
mod variation;
mod written;

pub use chip::{ChipSpec, ComputeSpec};
pub use figure::Figure;
pub use memory::MemorySpec;
pub use sections::{
    DenseSpec, HostSpec, NetworkSpec, PackagingSpec, PowerSpec, PriceSpec, ScaleUpSpec,
    SiliconSpec, SparseSpec, SramSpec,
};
pub use system::{
    FabricSpec, SystemHostSpec, SystemNetworkSpec, SystemPowerSpec, SystemPriceSpec, SystemSpec,
};
pub use written::{Share, SquareMillimetres, Written};

pub(crate) use figure::{Entry, Given, Section};
pub(crate) use nearest::nearest;
pub(crate) use read::{Reading, read};
