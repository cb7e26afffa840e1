//! What each chip yields at its best, all on the same work.

mod best;
mod inside;
mod peak;
mod pool;
mod search;
mod setup;
mod slo;
mod station;
mod trial;

pub use best::{
    Best, Candidate, Drive, NoBest, Terms, Wished, at_load, best_nearby, best_of, best_of_plans,
    candidate, confirm, nearby, refined,
};
pub use inside::{Inside, look_inside};
pub use peak::{Peak, at_peak};
pub use pool::TaskPool;
pub use search::{Stride, Trial, best_concurrency};
pub use setup::{Phases, Pools, Setup};
pub use slo::{Reached, Slo};
pub use station::{GoesOn, Station};
pub use trial::TrialLength;
