//! Runs: tasks meet a replica on one clock.
//!
//! An [`Order`] (a model, a plan, a chip) deploys if it fits; [`simulate`] runs tasks on its
//! replica; [`best_of_plans`] finds the plan and the load that yield most within a service level.
//! The event enum is closed and the loop fits a screen; decisions about batches live in
//! [`serving`](crate::serving), decisions about when a call is sent in `run/client.rs`.

mod cascade;
mod deploy;
mod door;
mod fleet;
mod ladder;
mod life;
mod record;
mod run;
mod tiers;

pub use cascade::Cascade;
pub use deploy::{
    Deployment, Fault, Lack, MEMORY_UTILISATION, MemoryBudget, Misfit, Nearest, NoNetwork, Order,
    Part, PartKind, PartRates, PublishedFaults, Spell, Ways, Wire, nics_of, spells,
};
pub use door::{DoorFigures, PerUser};
pub use fleet::{
    FaultFigures, Faults, Fleet, FleetFigures, Form, HandoffFigures, HostCores, NicFault,
    NicFigures, PartFault, Passage, Policy, PoolFigures, Prefilling, Routing, RoutingFigures,
    ToolFigures,
};
pub use ladder::{
    Best, Candidate, Drive, GoesOn, Inside, NoBest, Peak, Phases, Pools, Reached, Setup, Slo,
    Station, Stride, TaskPool, Terms, Trial, TrialLength, Wished, at_load, at_peak,
    best_concurrency, best_nearby, best_of, best_of_plans, candidate, confirm, look_inside, nearby,
    refined,
};
pub use life::{Attributed, CallLife, HbmTime, Log, Stay, Watched, lives};
pub use record::{Happening, Recorded, Traced, Witness};
pub use run::{
    Account, Agent, ClassFigures, Classes, InTime, Load, News, Next, Progress, RequestCounts,
    RunPlan, RunResult, Service, Sketches, Summary, TaskCounts, at_rate, simulate, simulate_while,
};
pub use tiers::{
    FetchFigures, Fetching, Move, Moved, Place, Sourced, Sources, StoreFigures, Surroundings, Tier,
    TierFigures, Tiering, Unknown, Wish, Wishes, Writing,
};
