//! Collectives on links: closed forms of what a narrower link costs.

use memwall::cost::{EngineProfile, StepProgram};
use memwall::hardware::{Chip, Fabric};
use memwall::model::CollectiveKind;

use crate::cost::{calibrated, collective, decode, named, seconds};

const KINDS: [CollectiveKind; 5] = [
    CollectiveKind::AllReduce,
    CollectiveKind::AllGather,
    CollectiveKind::ReduceScatter,
    CollectiveKind::Dispatch,
    CollectiveKind::Combine,
];

/// A collective of `ranks` H100s in boxes of eight.
fn of(kind: CollectiveKind, ranks: u32, fabric: Fabric) -> StepProgram {
    let chip = Chip { fabric, ..named("h100-sxm") };
    calibrated(collective(kind, ranks, 16384.0), &chip, EngineProfile::Vllm)
}

fn leaves(ratio: f64) -> Fabric {
    Fabric { oversubscription: Some(ratio), ..Fabric::default() }
}

#[test]
fn every_step_of_oversubscription_costs_the_bytes_that_cross_once_more() {
    for kind in KINDS {
        let time = |ratio| seconds(&of(kind, 32, leaves(ratio)), &decode(4096, 1, &[]));
        let (one, two, four) = (time(1.0), time(2.0), time(4.0));
        assert!(two > one && four > two, "{kind:?}");
        // Of dispatch and combine there are two kernels, of which the faster one counts.
        if !matches!(kind, CollectiveKind::Dispatch | CollectiveKind::Combine) {
            assert!(((four - one) / (two - one) / 3.0 - 1.0).abs() < 1e-6, "{kind:?}");
        }
    }
}

#[test]
fn two_chips_to_a_nic_cost_what_leaves_of_two_to_one_do() {
    for kind in KINDS {
        let batch = decode(1024, 1, &[]);
        let shared = of(kind, 16, Fabric { nics: Some(4), ..Fabric::default() });
        let (shared, narrow) =
            (seconds(&shared, &batch), seconds(&of(kind, 16, leaves(2.0)), &batch));
        assert!((shared / narrow - 1.0).abs() < 1e-9, "{kind:?}");
    }
}

#[test]
fn what_stays_in_a_domain_does_not_feel_leaves() {
    for kind in KINDS {
        let batch = decode(64, 1, &[]);
        let [plain, narrow] = [1.0, 8.0].map(|ratio| seconds(&of(kind, 8, leaves(ratio)), &batch));
        assert_eq!(plain.to_bits(), narrow.to_bits(), "{kind:?}");
    }
}

#[test]
fn the_link_that_binds_is_named() {
    let batch = decode(4096, 1, &[]);
    let name = |ranks, fabric| {
        of(CollectiveKind::Dispatch, ranks, fabric).narrowest(&batch).map(|link| link.name)
    };
    assert_eq!(name(8, Fabric::default()).as_deref(), Some("NVLink port of a chip"));
    assert_eq!(name(32, Fabric::default()).as_deref(), Some("NIC of a chip"));
    assert_eq!(name(32, leaves(4.0)).as_deref(), Some("leaf to spine, 4:1"));
    assert_eq!(name(1, Fabric::default()), None);
}
