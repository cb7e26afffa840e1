//! Where the time of calls goes: waiting, prefill, decode, each by what holds it back.
//!
//! A run is gone through once more, on a replica that is watched. What is watched prices every
//! step as it was priced before, so that the run is the same; only its account of work is other:
//! [`Attributed`] keeps the time that KV and that all of HBM takes instead of operations and bytes.
//! What is not watched pays nothing.

mod attributed;
mod stay;
mod watched;

pub(in crate::cluster) use attributed::OF_KV;
pub use attributed::{Attributed, HbmTime};
pub use stay::{CallLife, Stay, lives};
pub use watched::{Log, Watched};
