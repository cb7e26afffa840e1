//! Chips and systems: what they are built of, and where each figure comes from.
//!
//! A TOML file in `hw-specs/` gives figures with value, class and source ([`spec`]). The
//! [`Catalog`] holds them by name and resolves each into a [`Chip`], whose capacity and bandwidth
//! are *derived* from stacks, dies and pins. [`check`] says what is wrong with a file.

mod catalog;
mod chip;
mod error;
mod finding;
mod lint;
mod resolve;
pub mod spec;
mod system;

pub use catalog::{Catalog, FigureRow, MemoryKind, Source};
pub use chip::{Chip, Class, Engine, Format, Memory, Power, Price, Resource, ScaleUp, Stacks};
pub use error::HardwareError;
pub use finding::{Finding, Severity};
pub use lint::check;
pub use system::{HostPart, System, SystemPower};
