//! A system's interconnect as a graph: chips, scale-up switches, NICs, leaves and a spine.
//!
//! A collective's flows are routed on its shortest paths; the link that is busy longest is the
//! bottleneck, and says at what rate ranks send ([`Routes`]). Fabrics whose every cut carries what
//! ports send need no routing: there the port or the NIC itself binds.

mod fabric;
mod graph;
mod load;
mod ports;
mod routes;
mod traffic;
mod wiring;

pub use fabric::Fabric;
pub use graph::{LinkRow, Topology};
pub use ports::Ports;
pub use routes::{Narrowest, Routes};
pub use traffic::Traffic;
pub use wiring::Wiring;
