//! Chips and systems: what they are built of, and where each figure comes from.
//!
//! A TOML file in `hw-specs/` gives figures with value, class and source ([`spec`]). The
//! [`Catalog`] holds them by name and resolves each into a [`Chip`], whose capacity and bandwidth
//! are *derived* from stacks, dies and pins. [`check`] says what is wrong with a file. [`Hbm`] says
//! what share of its pins' peak a stacked memory reaches, command by command.

mod catalog;
mod chip;
mod finding;
mod hbm;
mod lint;
mod resolve;
pub mod spec;
mod system;
mod topology;

pub use catalog::{Catalog, FigureRow, HardwareError, MemoryKind, Source};
pub use chip::{Chip, Class, Engine, Format, Memory, Power, Price, Resource, ScaleUp, Stacks};
pub use finding::{Finding, Severity};
pub use hbm::{Access, Achieved, Hbm, Losses, OnDie, Pattern, PatternError, Refresh};
pub use lint::check;
pub(crate) use spec::nearest;
pub use system::{HostPart, System, SystemPower};
pub use topology::{Fabric, LinkRow, Narrowest, Ports, Routes, Topology, Traffic, Wiring};
