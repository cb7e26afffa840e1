//! Collectives on links: closed forms of what a narrower link costs.

use memwall::cost::{EngineProfile, StepProgram};
use memwall::hardware::{Chip, Fabric, Wiring};
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

fn wired(wiring: Wiring) -> Fabric {
    Fabric { wiring, ..Fabric::default() }
}

/// The bytes of P of 8 are (P − 1)/P of a tensor, and take 7/(P − 1) as long as on ports: what is
/// added is (8 − P)/P of a constant.
#[test]
fn part_of_a_mesh_costs_what_its_links_lack() {
    for kind in [CollectiveKind::AllGather, CollectiveKind::ReduceScatter] {
        let added = |ranks, rows| {
            let time = |fabric| seconds(&of(kind, ranks, fabric), &decode(rows, 1, &[]));
            time(wired(Wiring::Mesh)) - time(Fabric::default())
        };
        let constant = added(4, 4096);
        assert!(constant > 0.0 && (added(4, 8192) / constant / 2.0 - 1.0).abs() < 1e-6);
        for ranks in 2..8 {
            let share = (8.0 - f64::from(ranks)) / f64::from(ranks);
            assert!((added(ranks, 4096) / constant / share - 1.0).abs() < 1e-6, "{kind:?} {ranks}");
        }
    }
}

#[test]
fn whole_domains_of_a_mesh_cost_what_switched_ones_do() {
    for kind in KINDS {
        for ranks in [8, 16, 32] {
            let [mesh, plain] = [Wiring::Mesh, Wiring::Switched].map(|wiring| {
                seconds(&of(kind, ranks, wired(wiring)), &decode(512, 1, &[])).to_bits()
            });
            assert_eq!(mesh, plain, "{kind:?} {ranks}");
        }
    }
}

/// A ring of four with two of four links to a chip: rings get half of a port; where each sends to
/// each at once, a way is 4/3 links long.
#[test]
fn one_shot_all_reduces_on_a_torus_pass_through_chips() {
    let kind = CollectiveKind::AllReduce;
    let more = |fabric| {
        let [one, two] = [1, 2].map(|rows| seconds(&of(kind, 4, fabric), &decode(rows, 1, &[])));
        two - one
    };
    let ratio = more(wired(Wiring::Torus([4, 2, 1]))) / more(Fabric::default());
    assert!((ratio * 3.0 / 8.0 - 1.0).abs() < 1e-6, "{ratio}");
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
    assert_eq!(name(4, wired(Wiring::Mesh)).as_deref(), Some("NVLink link of two chips"));
    assert_eq!(name(32, wired(Wiring::Mesh)).as_deref(), Some("NIC of a chip"));
    assert_eq!(name(1, Fabric::default()), None);
}

/// Engines' kernels reach as far as peers' memory can be mapped; what they do beyond is slower, but
/// for TensorRT-LLM's over `NVLink`.
#[test]
fn beyond_a_tray_another_path_takes_over() {
    let time = |ranks, tray, engine| {
        let chip = Chip { fabric: Fabric { tray, ..Fabric::default() }, ..named("gb300") };
        let program =
            calibrated(collective(CollectiveKind::AllReduce, ranks, 65536.0), &chip, engine);
        seconds(&program, &decode(1, 1, &[]))
    };
    // 64 KiB between four chips of a tray and eight of two, in us: aiconfigurator-core 0.12.0.
    let measured = [
        (EngineProfile::Sglang, 4.142, 30.12),
        (EngineProfile::Vllm, 8.044, 14.02),
        (EngineProfile::Trtllm, 4.92, 4.553),
    ];
    for (engine, near, far) in measured {
        for (ranks, us) in [(4, near), (8, far)] {
            let off = time(ranks, Some(4), engine) * 1e6 / us - 1.0;
            assert!(off.abs() < 0.25, "{engine}, {ranks} ranks: {off:.2}");
        }
        // Boxes of eight have no such border, and within a tray there is none.
        for (ranks, tray) in [(8, 8), (4, 4)] {
            let border = time(ranks, Some(tray), engine);
            assert_eq!(time(ranks, None, engine).to_bits(), border.to_bits());
        }
    }
}

/// Tokens pass through memory beside the wire: the slower of the two counts.
#[test]
fn tokens_go_to_experts_no_faster_than_through_memory() {
    let time = |link: f64, memory: f64| {
        let mut chip = named("h100-sxm");
        chip.memory.bandwidth = chip.memory.bandwidth * memory;
        chip.scale_up.as_mut().unwrap().bandwidth =
            chip.scale_up.as_ref().unwrap().bandwidth * link;
        let kind = collective(CollectiveKind::Dispatch, 8, 16384.0);
        seconds(&calibrated(kind, &chip, EngineProfile::Sglang), &decode(4096, 1, &[]))
    };
    assert!(time(1e6, 1.0) > time(1e6, 2.0), "no wire to speak of, and memory does not count");
    assert_eq!(time(0.01, 1.0).to_bits(), time(0.01, 2.0).to_bits());
}
