//! Commands that say how far to trust a prediction.

mod calibrate;
mod hbm;
mod validate;
