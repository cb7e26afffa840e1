//! The built-in demand scenarios.

use super::scenario::Demand;
use crate::planning::PlanningError;
use crate::planning::shelf::{Shelf, shelf};

const EMBEDDED: Shelf = shelf!("demand": "case-study", "eras", "spenders");

/// Names of the built-in scenarios.
pub fn demand_names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.names()
}

impl Demand {
    /// A built-in scenario.
    pub fn embedded(name: &str) -> Result<Self, PlanningError> {
        let (file, text) = EMBEDDED.find(name)?;
        Self::parse(file, text)
    }
}
