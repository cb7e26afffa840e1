//! Measured constants: read from `hw-specs/calibration/`, found by chip, engine and format, and
//! inherited where nobody has measured.

mod catalog;
mod family;
mod host;
mod rows;
mod transfer;

pub use catalog::{Calibration, CalibrationError};
pub(super) use family::{Family, Site};
pub use host::HostTerms;
pub(super) use rows::{Combine, Imbalance, PrefillRow, Scan};
