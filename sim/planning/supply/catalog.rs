//! The built-in supply scenarios.

use super::scenario::Supply;
use crate::planning::PlanningError;
use crate::planning::shelf::{Shelf, shelf};

const EMBEDDED: Shelf = shelf!("supply": "memo", "revised");

/// Names of the built-in scenarios.
pub fn supply_names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.names()
}

impl Supply {
    /// A built-in scenario.
    pub fn embedded(name: &str) -> Result<Self, PlanningError> {
        let (file, text) = EMBEDDED.find(name)?;
        Self::parse(file, text)
    }
}
