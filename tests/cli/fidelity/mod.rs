//! Commands that say how far to trust a prediction.

mod arrivals;
mod calibrate;
mod hbm;
mod validate;
