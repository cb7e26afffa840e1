//! What others say that techniques gain.

use std::sync::LazyLock;

use crate::insight::Technique;
use crate::planning::{Sourced, Supply};

/// Who says so.
pub(super) const SOURCE: &str =
    "\"Token Demand Inflection, Buildout Bottlenecks, and Relative Winners\", March 2026";

/// The scenario that holds the claims.
static MEMO: LazyLock<Supply> =
    LazyLock::new(|| Supply::embedded("memo").expect("the memo's scenario is shipped"));

/// What is said of `technique`.
pub(super) fn of(technique: Technique) -> Option<[f64; 2]> {
    let key = match technique {
        Technique::MoeSparsity => "MoE sparsity",
        Technique::KvPrecision => "KV compression",
        Technique::Speculation => "speculation",
        Technique::Disaggregation => "disaggregation",
        Technique::BiggerBatches => "batching",
        Technique::KvOffload => "memory hierarchy",
        Technique::PrefixCache
        | Technique::WeightPrecision
        | Technique::Chunking
        | Technique::WideEp
        | Technique::Sram
        | Technique::Pim
        | Technique::LargerModel => return None,
    };
    MEMO.efficiency.gains.get(key).and_then(|gain| gain.range)
}

/// What is said of all of them together.
pub(super) fn together() -> [f64; 2] {
    let together: Option<&Sourced> = MEMO.efficiency.together.as_ref();
    together.and_then(|sourced| sourced.range).expect("the memo gives a range")
}

/// Whether `gain` is within `range`.
pub(super) fn holds(gain: f64, [low, high]: [f64; 2]) -> bool {
    (low..=high).contains(&gain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memo_is_read_as_it_is() {
        assert!(holds(3.0, together()) && holds(8.0, together()) && !holds(8.01, together()));
        let claimed: Vec<_> = Technique::ALL.into_iter().filter_map(of).collect();
        assert_eq!(claimed.len(), 6);
        assert!(claimed.iter().all(|&range| holds(1.2, range) && !holds(2.01, range)));
    }
}
