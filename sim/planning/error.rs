//! What can be wrong with a scenario.

use crate::hardware::HardwareError;
use crate::workload::WorkloadError;

/// A scenario that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanningError {
    /// It is not the TOML that it should be.
    #[error("{file}: {problem}")]
    Malformed {
        /// Which.
        file: String,
        /// The parser's words, with line and column.
        problem: String,
    },
    /// A value that cannot be.
    #[error("{file}: `{key}` is {value}; {remedy}")]
    Value {
        /// Which.
        file: String,
        /// Its key.
        key: String,
        /// As it stands there.
        value: String,
        /// What to do about it.
        remedy: String,
    },
    /// No built-in scenario of this name.
    #[error("unknown scenario `{name}`; the built-in ones are {known}, and a file ends in .toml")]
    Unknown {
        /// As asked for.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A chip that a scenario names is not in the catalogue.
    #[error("{file}: {source}")]
    Chip {
        /// Which.
        file: String,
        /// Which chip.
        source: HardwareError,
    },
    /// A chip lacks a figure without which nothing can be counted.
    #[error("{file}: `{chip}` has no {figure} in its spec; {remedy}")]
    Missing {
        /// Which.
        file: String,
        /// The chip.
        chip: String,
        /// The figure.
        figure: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A workload that a scenario names cannot be used.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
}

/// Names a value of a file that cannot be.
pub(super) fn refuse(
    file: &str,
    key: impl Into<String>,
    value: impl ToString,
    remedy: impl Into<String>,
) -> PlanningError {
    PlanningError::Value {
        file: file.into(),
        key: key.into(),
        value: value.to_string(),
        remedy: remedy.into(),
    }
}
