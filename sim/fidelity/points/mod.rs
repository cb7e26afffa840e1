//! Measured serving points: read, simulated as they were measured, and scored.
//!
//! A file's columns tell its layout ([`read_points`]). Every row becomes one or two [`Point`]s: a
//! measured figure and the [`Scenario`] that memwall simulates for it, or the reason why it cannot.
//! [`jobs`] groups points by replica, so that each is compiled once and each scenario runs once;
//! [`score`] compares.

mod host;
mod judge;
mod layout;
mod lengths;
mod point;
mod run;
mod scenario;
mod shipped;

pub use host::{HostFit, HostScore, host_toml};
pub use judge::{Floor, Group, Twins, band, floors, remainders_toml, score};
pub use layout::{PointsError, Reader, read_points};
pub use lengths::{Lengths, RequestSet};
pub use point::{Family, Metric, Point, Statistic, Tags};
pub use run::{Answers, Bench, Job, Predicted, Prediction, Terms, jobs};
pub use scenario::{Checkpoint, Drive, Policy, Scenario};
pub use shipped::shipped;
