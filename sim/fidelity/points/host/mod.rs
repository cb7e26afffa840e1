//! Host terms, fitted to serving points.
//!
//! Whole groups of points (a chip, a model, an engine) are either fitted to or held out, by a fixed
//! hash of their names. Steps of a closed loop are sums of kernels and host terms, so latencies are
//! almost affine in the terms: a [`HostFit`] asks for predictions at its terms and with each term
//! moved, and minimises the error over the affine responses.

mod fit;
mod response;
mod text;

pub use fit::{HostFit, HostScore};
pub use text::host_toml;
