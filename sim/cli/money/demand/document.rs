//! The document of `memwall demand`.

use serde::Serialize;

use crate::planning::{Carried, UseFigures};

/// A scenario's uses.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    pub(super) scenario: String,
    pub(super) description: String,
    /// Mean load over what a fleet is provisioned for.
    pub(super) utilisation: f64,
    /// The model that is simulated; null without simulation.
    pub(super) model: Option<String>,
    pub(super) uses: Vec<Row>,
    pub(super) statements: Vec<Compared>,
    pub(super) warnings: Vec<String>,
}

/// A use, and what carries it.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    #[serde(flatten)]
    pub(super) figures: UseFigures,
    /// By chip; empty without simulation.
    pub(super) carried: Vec<OnChip>,
}

/// A use on a chip.
#[derive(Debug, Serialize)]
pub(super) struct OnChip {
    pub(super) chip: String,
    #[serde(flatten)]
    pub(super) carried: Carried,
}

/// A published figure and the one that comes out.
#[derive(Debug, Serialize)]
pub(super) struct Compared {
    pub(super) says: String,
    pub(super) published: f64,
    pub(super) value: f64,
    pub(super) source: String,
}
