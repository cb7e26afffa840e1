//! Measured constants: read from `hw-specs/calibration/`, found by chip, engine and format, and
//! inherited where nobody has measured.

mod catalog;
mod embedded;
mod family;
mod host;
mod memory;
mod rows;
mod sections;
mod transfer;

pub use catalog::Calibration;
pub use embedded::CalibrationError;
pub(super) use family::{Family, Site};
pub use host::HostTerms;
pub(super) use memory::{Streaming, Streams};
pub(crate) use rows::{
    AllReduceRow, AllToAllRow, DecodeRow, GemmRow, IndexerRow, LinearRow, MlaDecodeRow, MoeRow,
    NcclRow, Network, PrefillRow, SkewRow, Warm,
};
