//! What each chip yields at its best, all on the same work.

mod best;
mod pool;
mod search;

pub use best::{Best, Drive, NoBest, Slo, Terms, TrialLength, best_of_plan, best_of_plans};
pub use pool::TaskPool;
pub use search::{Trial, best_concurrency};
