//! How far predictions are from silicon.
//!
//! `fit` turns measured kernels into the constants of the cost layer's forms; `points` predicts
//! what was measured end to end and scores it.

pub mod fit;
