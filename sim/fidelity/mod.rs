//! How far predictions are from silicon.
//!
//! `fit` turns measured kernels into the constants of the cost layer's forms; `points` predicts
//! what was measured end to end and scores it.
//! `bands` draws what is uncertain and says how far it moves a figure.

mod bands;
pub mod fit;

pub use bands::{Cause, Doubt, Spread, World, spread};
