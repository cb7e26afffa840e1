//! A model on chips: does it fit, and what does a step cost there?

mod degraded;
mod memory;
mod order;
mod rates;
mod wire;

pub use degraded::{Part, nics_of};
pub use memory::{MEMORY_UTILISATION, MemoryBudget};
pub use order::{Deployment, Misfit, Nearest, Order, Ways};
pub use rates::{Fault, Lack, PartKind, PartRates, PublishedFaults, Spell, spells};
pub use wire::{NoNetwork, Wire};
