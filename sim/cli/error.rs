//! What can go wrong in a command, and with which exit code it ends.

use std::io;
use std::path::PathBuf;

use super::Exit;
use crate::cluster::Misfit;
use crate::cost::CostError;
use crate::economics::{PriceError, UsageError};
use crate::fidelity::PointsError;
use crate::hardware::{Finding, HardwareError};
use crate::model::{ModelError, PlanError};
use crate::planning::PlanningError;
use crate::sweep::SweepError;
use crate::workload::WorkloadError;

/// Why a command stopped. The message names file, line, key, value and remedy where there are any.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum CliError {
    /// The reader of standard output has gone; not a failure.
    #[error("standard output was closed")]
    Closed,
    /// Standard output takes no more.
    #[error("cannot write the results to standard output: {0}")]
    Output(io::Error),
    /// A file the user named cannot be read.
    #[error("{}: cannot be read: {source}; check the name and its permissions", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file the user named is not text.
    #[error("{}: byte {offset} is not UTF-8 text; expected {expected}", path.display())]
    NotText {
        /// Which.
        path: PathBuf,
        /// Where the first wrong byte is, from 0.
        offset: usize,
        /// What the file should be: `a TOML file`.
        expected: &'static str,
    },
    /// An output file cannot be created.
    #[error("{}: cannot be created: {source}; name a folder that can be written", path.display())]
    Create {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An output file cannot be completed; what was there before is untouched.
    #[error("{}: cannot be written: {source}; what was there is untouched", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Values of flags that do not go with each other or with the files.
    #[error("{flag} {value}: {problem}; {remedy}")]
    Flag {
        /// As on the command line: `--stagger-s`.
        flag: &'static str,
        /// As given.
        value: String,
        /// What is wrong.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// A scenario file cannot be used.
    #[error("{}{}: {problem}", path.display(), line.map_or(String::new(), |n| format!(":{n}")))]
    Scenario {
        /// Which.
        path: PathBuf,
        /// From 1; `None` if keys are at odds with each other.
        line: Option<usize>,
        /// What is wrong there, and what to do.
        problem: String,
    },
    /// A model fits on no chip that was asked for.
    #[error("{}", reasons.join("\nerror: "))]
    NoneFits {
        /// Why, chip by chip.
        reasons: Vec<String>,
    },
    /// A model cannot be deployed as asked.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// A sweep's file cannot be used.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// A folder of results is not what it should be.
    #[error("{}: {problem}", path.display())]
    Store {
        /// The folder or file.
        path: PathBuf,
        /// What is wrong there, and what to do.
        problem: String,
    },
    /// A folder lacks results.
    #[error("{}: {problem}", path.display())]
    Incomplete {
        /// The folder.
        path: PathBuf,
        /// What is missing, and what to do.
        problem: String,
    },
    /// More than one file is wrong.
    #[error("{}", errors.join("\nerror: "))]
    Several {
        /// A sentence for each.
        errors: Vec<String>,
    },
    /// A spec file that does not say what it describes.
    #[error("{path}: has no `name`; begin the file with `name = \"my-chip\"`")]
    NoName {
        /// Which.
        path: String,
    },
    /// A chip, a system or a spec file cannot be used.
    #[error("{}", sentences(.0))]
    Hardware(#[from] HardwareError),
    /// A model cannot be found or read.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A model cannot be divided as a plan says.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A chip cannot be priced.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// A file of measured points cannot be used.
    #[error(transparent)]
    Points(#[from] PointsError),
    /// A trace or workload cannot be used.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    /// A table of prices cannot be used.
    #[error(transparent)]
    Prices(#[from] PriceError),
    /// A scenario of demand or supply cannot be used.
    #[error(transparent)]
    Planning(#[from] PlanningError),
    /// Logs of usage cannot be used.
    #[error(transparent)]
    Usage(#[from] UsageError),
}

impl CliError {
    /// The exit code this error ends in.
    pub(in crate::cli) const fn exit(&self) -> Exit {
        match self {
            Self::Closed => Exit::Done,
            Self::Output(_) | Self::Write { .. } | Self::Incomplete { .. } => Exit::Failed,
            Self::Read { .. }
            | Self::NotText { .. }
            | Self::Create { .. }
            | Self::Flag { .. }
            | Self::Scenario { .. }
            | Self::NoneFits { .. }
            | Self::Misfit(_)
            | Self::Sweep(_)
            | Self::Store { .. }
            | Self::Several { .. }
            | Self::NoName { .. }
            | Self::Hardware(_)
            | Self::Model(_)
            | Self::Plan(_)
            | Self::Cost(_)
            | Self::Points(_)
            | Self::Workload(_)
            | Self::Prices(_)
            | Self::Planning(_)
            | Self::Usage(_) => Exit::BadInput,
        }
    }

    /// Tells a reader that has gone from an output that fails.
    pub(super) fn output(source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Output(source) }
    }
}

/// One line a finding; the label before the first stands for all.
fn sentences(error: &HardwareError) -> String {
    match error {
        HardwareError::BadSpecs { findings } => {
            findings.iter().map(sentence).collect::<Vec<_>>().join("\nerror: ")
        }
        other => other.to_string(),
    }
}

/// A finding on one line: place, key, value, complaint and remedy.
pub(in crate::cli) fn sentence(finding: &Finding) -> String {
    let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
    let subject = match (finding.key.as_str(), finding.value.as_str()) {
        ("", _) => String::new(),
        // An unknown key is its own value.
        (key, value) if key.ends_with(value) => format!("`{key}`: "),
        (key, value) => format!("`{key} = {value}`: "),
    };
    let remedy = match finding.remedy.as_str() {
        "" => String::new(),
        remedy => format!("; {remedy}"),
    };
    format!("{}{line}: {subject}{}{remedy}", finding.file, finding.message)
}
