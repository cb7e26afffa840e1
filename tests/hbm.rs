//! The channel model of stacked memory: laws, closed forms, measured streams, what-ifs.

use memwall::cost::EngineProfile;
use memwall::hardware::{Access, Achieved, Catalog, Chip, Format, Hbm, Pattern, Refresh, Stacks};
use memwall::model::OpKind;

use super::cost::decode;
use super::cost::{calibrated, gemm, seconds};

const CHIPS: [&str; 6] =
    ["a100-80gb", "h100-sxm", "b200-sxm", "b300-sxm", "rubin", "rubin-ultra-384gb"];

/// Sampling at the edges of the measured window.
const NOISE: f64 = 0.006;

fn chip(name: &str) -> Chip {
    Catalog::embedded().chip(name).unwrap().clone()
}

fn hbm(name: &str) -> Hbm {
    Hbm::of(&chip(name).memory).unwrap()
}

fn achieved(name: &str, pattern: &str, reads: f64, refresh: Refresh) -> Achieved {
    let pattern: Pattern = pattern.parse().unwrap();
    hbm(name).achieved(Access { pattern, reads, refresh })
}

#[test]
fn shares_are_of_one_whole() {
    for name in CHIPS {
        for pattern in ["stream", "paged:16KiB", "random:64B"] {
            for reads in [1.0, 0.5, 0.0] {
                let found = achieved(name, pattern, reads, Refresh::PerBank);
                assert!(found.fraction > 0.0 && found.fraction <= 1.0, "{name} {found:?}");
                assert!((found.fraction + found.losses.total() - 1.0).abs() < 1e-9, "{name}");
            }
        }
    }
}

#[test]
fn mixing_writes_in_lowers_a_stream_and_turnaround_is_why() {
    for name in CHIPS {
        let [all, most, triad] =
            [1.0, 0.95, 2.0 / 3.0].map(|reads| achieved(name, "stream", reads, Refresh::PerBank));
        assert!(all.fraction + NOISE >= most.fraction, "{name} {all:?} {most:?}");
        assert!(most.fraction > triad.fraction, "{name} {most:?} {triad:?}");
        assert!(all.losses.turnaround == 0.0 && triad.losses.turnaround > 0.005, "{name}");
    }
}

#[test]
fn bigger_pages_are_never_worse() {
    for name in CHIPS {
        let shares = ["random:64B", "paged:4KiB", "paged:64KiB", "paged:1MiB", "paged:16MiB"]
            .map(|pattern| achieved(name, pattern, 1.0, Refresh::PerBank).fraction);
        for pair in shares.windows(2) {
            // Which banks pages fall on is chance: a per cent or two of it show.
            assert!(pair[1] >= pair[0] - 0.02, "{name} {shares:?}");
        }
        let stream = achieved(name, "stream", 1.0, Refresh::PerBank).fraction;
        assert!(shares[1] > 0.93 * stream, "{name}: pages of a cache stream: {shares:?} {stream}");
    }
}

#[test]
fn refresh_costs_least_where_there_is_none_and_most_where_all_banks_stop() {
    for name in CHIPS {
        for pattern in ["stream", "random:64B"] {
            let [none, per_bank, all_bank] = [Refresh::None, Refresh::PerBank, Refresh::AllBank]
                .map(|refresh| achieved(name, pattern, 1.0, refresh).fraction);
            assert!(none + NOISE >= per_bank, "{name} {pattern} {none} {per_bank}");
            assert!(per_bank > all_bank, "{name} {pattern} {per_bank} {all_bank}");
        }
    }
}

#[test]
fn a_stream_without_refresh_fills_the_bus() {
    for name in CHIPS {
        let share = achieved(name, "stream", 1.0, Refresh::None).fraction;
        assert!(share > 0.98, "{name} {share}");
    }
}

/// tRFC of all banks over tREFI; besides it, rows close and open again.
#[test]
fn all_bank_refresh_takes_trfc_of_every_trefi() {
    for (name, trfc) in
        [("h100-sxm", 350.0), ("b200-sxm", 450.0), ("b300-sxm", 550.0), ("rubin", 530.0)]
    {
        let lost = achieved(name, "stream", 1.0, Refresh::AllBank).losses.refresh;
        let bound = trfc / 3900.0;
        assert!(lost > bound - 1e-3 && lost < bound + 0.02, "{name} {lost} {bound}");
    }
}

/// Four activates in a tFAW of 15 ns, each for 64 of the bytes that a pseudo-channel of 32 pins
/// moves meanwhile.
#[test]
fn random_access_is_bound_by_activates() {
    for name in ["b200-sxm", "b300-sxm", "rubin", "rubin-ultra-384gb"] {
        let share = achieved(name, "random:64B", 1.0, Refresh::None).fraction;
        let pin_rate = chip(name).memory.stacks.unwrap().pin_rate;
        let bound = 4.0 * 64.0 / (15e-9 * 32.0 * pin_rate / 8.0);
        // Times are rounded up to whole clocks.
        assert!(share < bound * 1.005 && share > bound * 0.95, "{name} {share} {bound}");
    }
}

struct Measured {
    chip: String,
    share: f64,
    modelled: f64,
}

fn measured() -> Vec<Measured> {
    let text = include_str!("data/hardware/hbm-streams.csv");
    let rows = text.lines().skip(1).map(|line| line.splitn(5, ',').collect::<Vec<_>>());
    rows.map(|row| Measured {
        chip: row[0].into(),
        share: row[3].parse().unwrap(),
        modelled: achieved(row[0], row[1], row[2].parse().unwrap(), Refresh::PerBank).fraction,
    })
    .collect()
}

#[test]
fn the_model_lies_between_the_best_measured_stream_and_the_peak() {
    for Measured { chip, share, modelled } in measured() {
        assert!(modelled >= share && modelled <= 1.0, "{chip}: {share} measured, {modelled}");
    }
}

#[test]
fn the_on_die_factor_is_the_mean_of_what_the_model_does_not_explain() {
    for kind in ["HBM2e", "HBM3", "HBM3e"] {
        let of_kind = |row: &Measured| hbm(&row.chip).kind() == kind;
        let ratios: Vec<_> =
            measured().iter().filter(|row| of_kind(row)).map(|r| r.share / r.modelled).collect();
        let catalog = Catalog::embedded();
        let mut chips = catalog.chips().filter_map(|chip| Hbm::of(&chip.memory));
        let on_die = chips.find(|hbm| hbm.kind() == kind).unwrap().on_die().clone();
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        assert_eq!(on_die.n as usize, ratios.len(), "{kind}");
        assert!((on_die.factor - mean).abs() < 0.004, "{kind}: {} is not {mean}", on_die.factor);
    }
}

#[test]
fn more_pins_are_never_slower_and_a_failed_stack_is_a_stack_less() {
    for name in CHIPS {
        let memory = chip(name).memory;
        let bandwidth = |stacks| {
            let memory = memwall::hardware::Memory { stacks: Some(stacks), ..memory.clone() };
            Hbm::of(&memory).unwrap().achieved(Access::STREAM).bandwidth.get()
        };
        let stacks = memory.stacks.unwrap();
        let whole = bandwidth(stacks);
        let mut last = 0.0;
        for pins in [0.8, 0.9, 1.0, 1.1, 1.2] {
            let mut faster = stacks;
            faster.pin_rate *= pins;
            let now = bandwidth(faster);
            assert!(now >= last, "{name} at {pins} × pins: {now} after {last}");
            last = now;
        }
        let mut failed = stacks;
        failed.count -= 1;
        let share = f64::from(failed.count) / f64::from(stacks.count);
        assert!((bandwidth(failed) / whole - share).abs() < 1e-9, "{name}");
    }
}

/// Seconds of a product that only reads weights, and of activations on their way.
fn times(chip: &Chip) -> [f64; 2] {
    let kinds = [gemm(16384, 16384, Format::Bf16), OpKind::Elementwise { bytes_per_token: 1e9 }];
    kinds.map(|kind| {
        let program = calibrated(kind, chip, EngineProfile::Vllm);
        seconds(&program, &decode(1, 1, program.clips()))
    })
}

fn with(chip: &Chip, change: impl Fn(&mut Stacks)) -> Chip {
    let mut changed = chip.clone();
    let stacks = changed.memory.stacks.as_mut().unwrap();
    change(stacks);
    changed.memory.bandwidth = stacks.bandwidth();
    changed
}

#[test]
fn what_ifs_act_on_what_a_step_costs() {
    for name in ["h100-sxm", "b200-sxm", "rubin", "mi355x"] {
        let chip = chip(name);
        let base = times(&chip);
        assert_eq!(times(&with(&chip, |_| ())).map(f64::to_bits), base.map(f64::to_bits), "{name}");
        let slower = |change: fn(&mut Stacks)| {
            let changed = times(&with(&chip, change));
            assert!(changed[0] > base[0] && changed[1] > base[1], "{name} {changed:?} {base:?}");
        };
        slower(|stacks| stacks.count -= 1);
        slower(|stacks| stacks.refresh = Refresh::AllBank);
        slower(|stacks| stacks.pin_rate *= 0.9);
        let faster = times(&with(&chip, |stacks| stacks.pin_rate *= 1.1));
        assert!(faster[0] < base[0] && faster[1] < base[1], "{name} {faster:?} {base:?}");
    }
}

/// A measured chip's constants hold what its memory reached; nothing is taken off them again.
#[test]
fn a_measured_chip_takes_its_own_share_alone() {
    let chip = chip("h100-sxm");
    let mut unknown = chip.clone();
    unknown.memory.kind = "a kind without times".into();
    assert_eq!(times(&chip)[0].to_bits(), times(&unknown)[0].to_bits());
}

#[test]
fn every_table_of_times_has_a_class_and_a_known_source() {
    let catalog = Catalog::embedded();
    let text = include_str!("../hw-specs/hbm-timing.toml");
    let file: toml::Table = text.parse().unwrap();
    let tables = file.iter().flat_map(|(kind, table)| {
        if kind == "controller" {
            return vec![(kind.clone(), table)];
        }
        let parts = table.as_table().unwrap().iter();
        parts.map(|(part, table)| (format!("{kind}.{part}"), table)).collect()
    });
    for (name, table) in tables {
        assert!(table.get("class").is_some(), "{name} has no class");
        let sources = table["source"].as_str().unwrap();
        for source in sources.split(';').map(str::trim) {
            assert!(catalog.source(source).is_some(), "{name}: `{source}`");
        }
    }
}
