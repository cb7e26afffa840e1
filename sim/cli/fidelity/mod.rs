//! Commands that ask how far to trust a prediction, and what it rests on.

mod calibrate;
mod hbm;
mod rows;

pub(in crate::cli) use calibrate::Calibrate;
pub(in crate::cli) use hbm::HbmCommand;
