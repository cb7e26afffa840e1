//! The list of families.

use super::{collective, exchange, gemm, prefill};
use crate::fidelity::fit::family::Family;

/// Every family, in the order of reports.
pub const FAMILIES: &[Family] = &[
    gemm::FAMILY,
    prefill::ATTENTION,
    prefill::LATENT,
    collective::NCCL,
    collective::ALL_REDUCE,
    exchange::INSIDE,
    exchange::BETWEEN,
];

/// The family called `name`.
pub fn family_named(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}
