//! A number of a scenario, and where it is from.

use serde::{Deserialize, Serialize};

use super::error::{PlanningError, refuse};
use crate::hardware::Class;

/// A number, its source, and how far to trust it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sourced {
    /// The number, in the unit that its key names.
    pub value: f64,
    /// From where to where it may lie, if that was said.
    pub range: Option<[f64; 2]>,
    /// How far it can be trusted.
    pub class: Class,
    /// Who says so, or how it was found.
    pub source: String,
    /// Whether nobody published it: it was chosen so that published results come out.
    #[serde(default)]
    pub fitted: bool,
}

impl Sourced {
    /// Refuses a value or range outside `low..=high`, and a figure without a source.
    pub(super) fn check(
        &self,
        file: &str,
        key: &str,
        [low, high]: [f64; 2],
    ) -> Result<(), PlanningError> {
        if self.source.trim().is_empty() {
            return Err(refuse(file, format!("{key}.source"), "empty", "say where it is from"));
        }
        let holds = |value: f64| (low..=high).contains(&value);
        let ends = self.range.unwrap_or([self.value; 2]);
        if !holds(self.value) || !ends.iter().all(|&end| holds(end)) {
            let limits = if high.is_finite() {
                format!("give {low} to {high}")
            } else {
                format!("give {low} or more")
            };
            return Err(refuse(file, key, self.value, limits));
        }
        if !(ends[0] <= self.value && self.value <= ends[1]) {
            let range = format!("{} to {}", ends[0], ends[1]);
            return Err(refuse(file, format!("{key}.range"), range, "hold the value in it"));
        }
        Ok(())
    }

    /// The lower end of its range, or the number itself.
    pub fn low(&self) -> f64 {
        self.range.map_or(self.value, |range| range[0])
    }

    /// The upper end of its range, or the number itself.
    pub fn high(&self) -> f64 {
        self.range.map_or(self.value, |range| range[1])
    }
}
