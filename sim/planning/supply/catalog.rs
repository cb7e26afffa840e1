//! The built-in supply scenarios.

use super::scenario::Supply;
use crate::planning::PlanningError;

macro_rules! embedded {
    ($($name:literal),+) => {
        [$((
            $name,
            concat!("workloads/supply/", $name, ".toml"),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/supply/", $name, ".toml")),
        )),+]
    };
}

const EMBEDDED: [(&str, &str, &str); 2] = embedded!("memo", "revised");

/// Names of the built-in scenarios.
pub fn supply_names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|entry| entry.0)
}

impl Supply {
    /// A built-in scenario.
    pub fn embedded(name: &str) -> Result<Self, PlanningError> {
        let found = EMBEDDED.iter().find(|entry| entry.0 == name);
        let &(_, file, text) = found.ok_or_else(|| PlanningError::Unknown {
            name: name.into(),
            known: supply_names().collect::<Vec<_>>().join(", "),
        })?;
        Self::parse(file, text)
    }
}
