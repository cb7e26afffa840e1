//! The families.

mod gemm;

use super::family::Family;

/// Every family, in the order of reports.
pub const FAMILIES: &[Family] = &[gemm::FAMILY];

/// The family called `name`.
pub fn family_named(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}
