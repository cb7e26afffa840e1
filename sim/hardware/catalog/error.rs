//! What can go wrong with hardware that a user names or describes.

use crate::hardware::finding::Finding;

/// A chip, system or file that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HardwareError {
    /// No chip has this name or alias.
    #[error("unknown chip `{name}`; {}", hint(nearest.as_deref(), CHIPS))]
    UnknownChip {
        /// The name asked for.
        name: String,
        /// The chip that was probably meant.
        nearest: Option<String>,
    },
    /// No system has this name or alias.
    #[error("unknown system `{name}`; {}", hint(nearest.as_deref(), ""))]
    UnknownSystem {
        /// The name asked for.
        name: String,
        /// The system that was probably meant.
        nearest: Option<String>,
    },
    /// Files that cannot be read as specs.
    #[error("{}", lines(findings))]
    BadSpecs {
        /// Everything that stands in the way, in order of the files.
        findings: Vec<Finding>,
    },
}

/// Where all chips stand.
const CHIPS: &str = "; `memwall chips list` names the chips";

fn hint(nearest: Option<&str>, list: &str) -> String {
    match nearest {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("the catalogue has no similar name{list}"),
    }
}

fn lines(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
