//! One replica: continuous batching over a paged KV cache.

mod request;

pub use request::{Extent, Outcome, Request, RequestId};
