//! A fleet: replicas under one clock, the routers before them, and what passes between them.
//!
//! A [`Fleet`] is a [`Service`](super::Service) like a single replica. Its replicas form one pool
//! that serves requests whole, or two, of which the first prefills prompts and hands their KV over
//! links to the second, which decodes. Replicas may fail; what they were at work on goes to others.
//!
//! What one replica does to another happens in events of the fleet's own queue, after all steps
//! that end at that instant, so that both engines lead to equal events here too.

mod below;
mod fault;
mod figures;
mod replicas;
mod router;
mod routing;
mod state;
mod tools;
mod transfer;

pub use fault::{Faults, Form, NicFault, PartFault};
pub use figures::{
    FaultFigures, FleetFigures, HandoffFigures, NicFigures, PoolFigures, RoutingFigures,
    ToolFigures,
};
pub use replicas::Fleet;
pub use routing::{Policy, Routing};
pub use state::Passage;
pub use tools::HostCores;
pub use transfer::Prefilling;
