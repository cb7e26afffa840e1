//! Predictions against measurements.

mod calibrate;
mod rows;

pub(in crate::cli) use calibrate::Calibrate;
