//! What each chip yields at its best, all on the same work.

mod best;
mod pool;
mod search;
mod slo;
mod trial;

pub use best::{Best, Drive, NoBest, Terms, best_nearby, best_of_plans};
pub use pool::TaskPool;
pub use search::{Stride, Trial, best_concurrency};
pub use slo::Slo;
pub use trial::TrialLength;
