//! Which fleet carries a demand: replicas of simulated points, counted up.
//!
//! [`fleets`] has one kind of unit in each; [`best_mix`] finds the best of several kinds, for
//! several demands at once; [`settle`] makes both hold at their peak.

mod ask;
mod daily;
mod mix;
mod request;
mod settle;
mod size;

pub use ask::{Ask, Budget, Objective, Point, Unmet};
pub use daily::Daily;
pub use mix::{Mix, Part, best_mix};
pub use request::{AskedFor, FleetRequest, MOST_TASKS};
pub use settle::{Settled, Stand, settle};
pub use size::{Fleet, fleets};
