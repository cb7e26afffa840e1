//! The families.

mod all;
mod collective;
mod decode;
mod exchange;
mod gemm;
mod linear;
mod moe;
mod prefill;
mod sparse;

pub use all::{FAMILIES, family_named};
