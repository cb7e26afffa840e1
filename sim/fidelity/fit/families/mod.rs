//! The families.

mod collective;
mod decode;
mod exchange;
mod gemm;
mod linear;
mod moe;
mod prefill;

use super::family::Family;

/// Every family, in the order of reports.
pub const FAMILIES: &[Family] = &[
    gemm::FAMILY,
    prefill::ATTENTION,
    prefill::LATENT,
    decode::ATTENTION,
    decode::LATENT,
    moe::FAMILY,
    moe::SKEW,
    linear::FAMILY,
    collective::NCCL,
    collective::ALL_REDUCE,
    exchange::INSIDE,
    exchange::BETWEEN,
];

/// The family called `name`.
pub fn family_named(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}
