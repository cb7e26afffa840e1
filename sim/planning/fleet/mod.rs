//! Which fleet carries a demand: replicas of simulated points, counted up.

mod size;

pub use size::{Ask, Budget, Fleet, Objective, Point, Unmet, fleets};
