//! The families.

mod all;
mod collective;
mod exchange;
mod gemm;
mod prefill;

pub use all::{FAMILIES, family_named};
