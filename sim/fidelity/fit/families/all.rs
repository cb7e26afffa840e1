//! The list of families.

use super::{collective, decode, exchange, gemm, linear, moe, prefill, sparse};
use crate::fidelity::fit::family::Family;

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
    sparse::FAMILY,
    collective::NCCL,
    collective::ALL_REDUCE,
    exchange::INSIDE,
    exchange::BETWEEN,
];

/// The family called `name`.
pub fn family_named(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}
