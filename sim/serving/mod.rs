//! One replica: continuous batching over a paged KV cache.

mod engine;
mod journal;
pub mod kv;
mod limits;
mod ranks;
mod request;
mod rules;
mod speculation;

pub use engine::{Engine, Held, Meter, Migrant, Percentiles, Replica, Runs, TokenCounts, TooLong};
pub use journal::{Journal, Note, Occupancy, Steps};
pub use limits::{Admission, Batching, Limits, StepLimits};
pub use ranks::{Balance, Convoy, RankFigures, RankUse, Worker};
pub use request::{Extent, Outcome, Request, RequestId};
pub use rules::{PrefillDelay, Rules, Scheduling};
pub use speculation::{Speculating, Speculation};
