//! How far predictions are from silicon.
//!
//! `fit` turns measured kernels into the constants of the cost layer's forms; `points` predicts
//! what was measured end to end and scores it.
//! `bands` draws what is uncertain and says how far it moves a figure.

mod bands;
pub mod fit;
mod points;

pub use bands::{
    Cause, Doubt, Evidence, Remainders, Spread, World, half_width, remainder_of, shift, spread,
};
pub use points::{
    Answers, Bench, Checkpoint, Drive, Family, Floor, Group, HostFit, HostScore, Job, Lengths,
    Metric, Point, PointsError, Policy, Predicted, Prediction, Reader, RequestSet, Scenario,
    Statistic, Tags, Terms, Twins, band, floors, host_toml, jobs, read_points, remainders_toml,
    score, shipped,
};
