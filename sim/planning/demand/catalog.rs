//! The built-in demand scenarios.

use super::scenario::Demand;
use crate::planning::PlanningError;

macro_rules! embedded {
    ($($name:literal),+) => {
        [$((
            $name,
            concat!("workloads/demand/", $name, ".toml"),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/demand/", $name, ".toml")),
        )),+]
    };
}

const EMBEDDED: [(&str, &str, &str); 3] = embedded!("case-study", "eras", "spenders");

/// Names of the built-in scenarios.
pub fn demand_names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|entry| entry.0)
}

impl Demand {
    /// A built-in scenario.
    pub fn embedded(name: &str) -> Result<Self, PlanningError> {
        let found = EMBEDDED.iter().find(|entry| entry.0 == name);
        let &(_, file, text) = found.ok_or_else(|| PlanningError::Unknown {
            name: name.into(),
            known: demand_names().collect::<Vec<_>>().join(", "),
        })?;
        Self::parse(file, text)
    }
}
