//! Commands that ask how far to trust a prediction, and what it rests on.

mod calibrate;
mod deviations;
mod document;
mod floors;
mod hbm;
mod rows;
mod scores;
mod validate;

pub(in crate::cli) use calibrate::Calibrate;
pub(in crate::cli) use hbm::HbmCommand;
pub(in crate::cli) use validate::Validate;
