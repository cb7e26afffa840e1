//! `memwall run`: one simulation in depth.

mod document;
mod fleet;
mod mechanisms;
mod pools;
mod requests;
mod summary;
mod task;
mod tiers;
mod timeline;

pub use document::{
    Cost, Energy, KvCache, Latency, Requests, RunDocument, Sim, Throughput, TokenCounts,
};
pub use fleet::{
    EscalationReport, FailedParts, FaultReport, FleetReport, HandoffReport, NicReport, PoolReport,
    ToolReport,
};
pub(in crate::report) use mechanisms::power_line;
pub use mechanisms::{
    Bubbles, ClassReport, HiddenReport, LinkReport, OverlapReport, PipelineReport, PowerReport,
    RanksReport, UsersReport,
};
pub use requests::requests_csv;
pub use summary::render_run;
pub use task::{ApiCost, Deadline, KindPrices, TaskCost, TaskJoules, TaskTokens};
pub use tiers::{StoreReport, TierReport};
pub use timeline::{Frame, Shown, Timeline};
