//! One replica: continuous batching over a paged KV cache.

pub mod kv;
mod limits;
mod meter;
mod replica;
mod request;
mod runs;
mod sequence;

pub use limits::{Admission, Limits};
pub use meter::{Meter, TokenCounts};
pub use replica::{Replica, TooLong};
pub use request::{Extent, Outcome, Request, RequestId};
pub use runs::Runs;
