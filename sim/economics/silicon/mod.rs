//! What silicon costs: watts by what it does, dollars by how it is paid for.

mod basis;
mod power;

pub use basis::{Basis, Ownership};
pub use power::{Activity, EnergyUse, PowerModel};
