//! Hardware: shipped specs are sound, checks fire, catalogues overlay.

use std::path::Path;

use memwall::hardware::{Catalog, Class, Engine, Finding, HardwareError, Severity, check};
use memwall::units::Bytes;

const GIB: f64 = 1_073_741_824.0;

fn fixture(name: &str) -> (String, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/hardware").join(name);
    (name.into(), std::fs::read_to_string(path).unwrap())
}

fn findings(name: &str) -> Vec<Finding> {
    let (path, text) = fixture(name);
    check(&path, &text)
}

/// Whether one of `findings` is about `key`, on `line`, and says `phrase`.
#[track_caller]
fn expect(findings: &[Finding], severity: Severity, (key, line): (&str, usize), phrase: &str) {
    let found = findings.iter().any(|finding| {
        finding.severity == severity
            && finding.key == key
            && finding.line == Some(line)
            && finding.message.contains(phrase)
    });
    assert!(found, "no {severity} on {key}, line {line}: {phrase}\n{findings:#?}");
}

fn shipped() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("hw-specs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                files.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            } else if path.is_dir() && !path.ends_with("calibration") {
                folders.push(path);
            }
        }
    }
    files
}

#[test]
fn no_check_finds_anything_in_the_shipped_files() {
    let catalog = Catalog::embedded();
    let found: Vec<_> =
        shipped().iter().flat_map(|(path, text)| catalog.check(path, text)).collect();
    assert_eq!(found, []);
}

#[test]
fn every_shipped_file_is_a_part_under_its_own_name() {
    let catalog = Catalog::embedded();
    for (path, text) in shipped() {
        let stem = Path::new(&path).file_stem().unwrap().to_str().unwrap();
        if ["sources", "hbm", "hbm-timing", "ladder"].contains(&stem) {
            continue;
        }
        if text.contains("\naccelerators") {
            assert_eq!(catalog.system(stem).unwrap().name, stem);
        } else {
            assert_eq!(catalog.chip(stem).unwrap().name, stem);
        }
    }
}

#[test]
fn stacks_add_up_to_what_is_printed() {
    let catalog = Catalog::embedded();
    let (mut capacities, mut rates) = (0, 0);
    for chip in catalog.chips() {
        let memory = &catalog.spec(&chip.name).unwrap().memory;
        let Some(stacks) = &chip.memory.stacks else { continue };
        assert_eq!(chip.memory.physical, stacks.capacity());
        assert_eq!(chip.memory.bandwidth, stacks.bandwidth());
        assert!(chip.memory.usable <= chip.memory.physical, "{}", chip.name);
        let printed = memory.printed_capacity.as_ref().unwrap();
        let off = stacks.capacity() / *printed.get() - 1.0;
        assert!(off.abs() < 0.01, "{}: capacity {:+.2} %", chip.name, off * 100.0);
        capacities += 1;
        // A derived pin rate came from the total: it checks nothing.
        if memory.pin_rate.as_ref().is_some_and(|rate| !rate.derived) {
            let off = stacks.bandwidth() / *memory.printed_bandwidth.as_ref().unwrap().get() - 1.0;
            assert!(off.abs() < 0.01, "{}: bandwidth {:+.2} %", chip.name, off * 100.0);
            rates += 1;
        }
    }
    assert!(capacities >= 30 && rates >= 8, "{capacities} capacities, {rates} pin rates");
}

#[test]
fn the_ladder_rises_from_h100_to_rubin_ultra() {
    let catalog = Catalog::embedded();
    let ladder = catalog.ladder();
    let names: Vec<_> = ladder.iter().map(|chip| chip.name.as_str()).collect();
    assert_eq!(names.first(), Some(&"h100-sxm"));
    assert_eq!(names.last(), Some(&"rubin-ultra-1tb"));
    assert_eq!(names.len(), 12);
    for chip in &ladder {
        assert_eq!(chip.simulable(), Ok(()));
        assert!(catalog.system_of(chip).is_some(), "{} is sold in nothing", chip.name);
    }
}

#[test]
fn every_chip_says_where_every_figure_is_from() {
    let catalog = Catalog::embedded();
    for chip in catalog.chips() {
        let rows = catalog.figures(&chip.name);
        assert!(!rows.is_empty());
        for row in rows.iter().filter(|row| !row.key.starts_with("derived.")) {
            let keys: Vec<_> = row.source.split("; ").collect();
            let known = keys.iter().all(|key| catalog.source(key).is_some());
            assert!(known, "{} {}: {keys:?}", chip.name, row.key);
        }
    }
    for system in catalog.systems() {
        assert!(catalog.system_figures(&system.name).iter().all(|row| !row.source.is_empty()));
        assert!(catalog.chip(&system.chip).is_ok());
    }
}

#[test]
fn classes_are_those_of_the_weakest_link() {
    let catalog = Catalog::embedded();
    let class = |name: &str| catalog.chip(name).unwrap().class;
    assert_eq!(class("h100-sxm"), Class::Datasheet);
    assert_eq!(class("rubin-22tb"), Class::Announced);
    assert_eq!(class("rubin"), Class::Reported);
    assert_eq!(class("rubin-ultra-1tb"), Class::Estimate);
}

#[test]
fn peaks_and_exponentials_follow_from_cores_and_clock() {
    let catalog = Catalog::embedded();
    // FLOP per core and clock of BF16, and exponentials per second of the kernel study.
    for (name, flop, exp) in [
        ("a100-80gb", 2048.0, 2.44e12),
        ("h100-sxm", 4096.0, 3.86e12),
        ("b200-sxm", 8192.0, 4.40e12),
        ("gb200", 8192.0, 4.86e12),
        ("b300-sxm", 8192.0, 8.81e12),
        ("gb300", 8192.0, 9.73e12),
    ] {
        let chip = catalog.chip(name).unwrap();
        let cores_clock = f64::from(chip.cores.unwrap()) * chip.clock.unwrap().get();
        let peak = chip.peak(Engine::Bf16).unwrap().get();
        assert!((peak / (cores_clock * flop) - 1.0).abs() < 0.005, "{name}: peak");
        assert!((chip.exp_rate.unwrap().get() / exp - 1.0).abs() < 0.01, "{name}: exp");
    }
}

#[test]
fn names_of_measured_data_find_their_chip() {
    let catalog = Catalog::embedded();
    for (name, chip) in [
        ("A100-80GB", "a100-80gb"),
        ("a100_sxm", "a100-80gb"),
        ("a100_vidur", "a100-80gb"),
        ("A100-40GB", "a100-40gb"),
        ("H100", "h100-sxm"),
        ("h100_sxm", "h100-sxm"),
        ("h100_vidur", "h100-sxm"),
        ("H100-PCIe", "h100-pcie"),
        ("H100-NVL", "h100-nvl"),
        ("GH200-480GB", "gh200-96gb"),
        ("GH200-120GB", "gh200-96gb"),
        ("GH200-144GB", "gh200-144gb"),
        ("B200 SXM", "b200-sxm"),
        ("b300_sxm", "b300-sxm"),
        ("rtx_pro_6000_server", "rtx-pro-6000"),
        ("RTX-PRO-6000-Blackwell", "rtx-pro-6000"),
        ("VR200", "rubin"),
        ("R200", "rubin"),
        ("TPU7x-Ironwood", "tpu-v7"),
        ("WSE-3", "cerebras-wse3"),
    ] {
        assert_eq!(catalog.chip(name).unwrap().name, chip, "{name}");
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let catalog = Catalog::embedded();
    let error = catalog.chip("rubin-ulta-1tb").unwrap_err();
    assert_eq!(error.to_string(), "unknown chip `rubin-ulta-1tb`; did you mean `rubin-ultra-1tb`?");
    let error = catalog.system("gb200-nvl27").unwrap_err().to_string();
    assert!(error.contains("did you mean `gb200-nvl72`?"), "{error}");
}

#[test]
fn what_is_not_public_is_missing_not_guessed() {
    let catalog = Catalog::embedded();
    let feynman = catalog.chip("feynman").unwrap();
    let missing = feynman.simulable().unwrap_err();
    assert!(missing.contains("bandwidth") && missing.contains("capacity"), "{missing}");
    assert!(feynman.peaks.is_empty() && feynman.exp_rate.is_none());
}

#[test]
fn a_good_file_has_nothing_to_find() {
    assert_eq!(findings("good.toml"), []);
}

#[test]
fn sparse_peaks_are_recognised() {
    let found = findings("sparse.toml");
    expect(&found, Severity::Error, ("compute.dense.tf32", 6), "no less than the sparse peak");
    expect(&found, Severity::Error, ("compute.dense.bf16", 7), "per core and clock");
    // 3,341 TFLOP/s are another Hopper part's: H100 NVL's sparse 3,342.
    expect(&found, Severity::Error, ("compute.dense.fp8", 8), "sparse peak of `h100-nvl`");
    let text = "name = \"x\"\nbase = \"h20\"\n[compute.dense]\nfp8 = { value = \"592 TFLOP/s\" }";
    let known = check("x.toml", text);
    expect(&known, Severity::Error, ("compute.dense.fp8", 4), "sparse peak");
    let text = text.replace("592", "500");
    let odd = check("x.toml", &text);
    expect(&odd, Severity::Error, ("compute.dense.fp8", 4), "3.38 times the BF16 peak");
}

#[test]
fn memory_that_does_not_add_up_is_found() {
    let found = findings("memory.toml");
    expect(&found, Severity::Error, ("memory.pins", 6), "1024 data pins");
    expect(&found, Severity::Error, ("memory.pin_rate", 7), "beyond the fastest pins");
    expect(&found, Severity::Error, ("memory.printed_capacity", 8), "GB taken for GiB");
    expect(&found, Severity::Error, ("memory.printed_bandwidth", 9), "off the");
    expect(&found, Severity::Error, ("memory.usable_capacity", 10), "more than the");
    let (path, good) = fixture("good.toml");
    let decimal = check(&path, &good.replace("\"3 GiB\"", "\"3 GB\""));
    expect(&decimal, Severity::Error, ("memory.printed_capacity", 25), "GiB taken for GB");
    let open = good.lines().filter(|line| !line.starts_with("height")).collect::<Vec<_>>();
    let open = check(&path, &open.join("\n"));
    expect(&open, Severity::Error, ("memory.stacks", 20), "without height");
    let printed = check(&path, &good.replace("95 GiB", "96 GB"));
    expect(&printed, Severity::Warning, ("memory.usable_capacity", 27), "GB taken for GiB");
}

#[test]
fn doubled_links_and_mistaken_bytes_are_found() {
    let found = findings("links.toml");
    expect(&found, Severity::Error, ("scale_up.bandwidth", 6), "twice the 450 GB/s");
    expect(&found, Severity::Error, ("host.bandwidth", 9), "twice the 64 GB/s");
    expect(&found, Severity::Error, ("network.bandwidth", 12), "bytes taken for bits");
    expect(&found, Severity::Warning, ("power.facility", 15), "less than IT power");
    expect(&found, Severity::Note, ("power.facility", 15), "not in sources.toml");
}

#[test]
fn everything_unreadable_is_reported_at_once() {
    let found = findings("unreadable.toml");
    let error = |place, phrase| expect(&found, Severity::Error, place, phrase);
    error(("generatoin", 4), "unknown field");
    error(("memory.stacks", 7), "not a whole number");
    error(("memory.pinrate", 8), "unknown field");
    error(("memory.pin_rate", 9), "data volume");
    error(("memory.usable_capacity", 10), "-80 GiB");
    error(("memory.enabled_fraction", 11), "not a share");
    error(("power.tdp", 14), "has no unit");
    error(("power.it.class", 15), "unknown variant `rumour`");
    let remedies: Vec<_> = found.iter().map(|finding| finding.remedy.as_str()).collect();
    assert!(remedies.contains(&"did you mean `pin_rate`?"), "{remedies:?}");
    assert!(remedies.contains(&"did you mean `generation`?"), "{remedies:?}");
}

#[test]
fn figures_without_provenance_are_found() {
    let found = findings("unsourced.toml");
    expect(&found, Severity::Error, ("memory.capacity", 8), "no class and source");
    expect(&found, Severity::Note, ("memory.bandwidth", 9), "`a blog` is not in sources.toml");
    expect(&found, Severity::Error, ("power.tdp", 12), "no source");
    expect(&found, Severity::Warning, ("notes.power.tpd", 15), "does not give");
    assert!(found.iter().any(|f| f.key == "memory.usable_capacity" && f.line.is_none()));
}

#[test]
fn systems_are_checked_too() {
    let found = findings("system.toml");
    expect(&found, Severity::Error, ("chip", 5), "did you mean `h100-sxm`?");
    expect(&found, Severity::Error, ("domain", 8), "more than the 8 accelerators");
    expect(&found, Severity::Error, ("tray", 9), "more than the 16 of a domain");
}

#[test]
fn a_finding_shows_the_line_it_is_about() {
    let (path, text) = fixture("links.toml");
    let found = check(&path, &text);
    let network = found.iter().find(|finding| finding.key == "network.bandwidth").unwrap();
    let shown = network.render(&text);
    assert!(shown.contains("links.toml:12"), "{shown}");
    assert!(shown.contains("bandwidth = { value = \"400 GB/s\""), "{shown}");
    assert!(shown.contains("did you mean \"400 Gbit/s\"?"), "{shown}");
}

#[test]
fn a_variation_rederives_what_follows_from_the_change() {
    let catalog = Catalog::embedded().overlaid(&[fixture("what-if.toml")]).unwrap();
    let base = catalog.chip("b200-sxm").unwrap();
    let plus = catalog.chip("b200-plus").unwrap();
    assert!((plus.memory.physical / base.memory.physical - 1.5).abs() < 1e-12);
    assert!((plus.memory.usable / base.memory.usable - 1.5).abs() < 1e-12);
    assert!((plus.memory.bandwidth / base.memory.bandwidth - 9.4 / 7.52).abs() < 1e-12);
    assert_eq!(plus.peaks, base.peaks);
    assert_eq!(plus.scale_up, base.scale_up);
    assert_eq!(plus.generation, "blackwell");
    assert_eq!((base.class, plus.class), (Class::Datasheet, Class::Estimate));
    let severities: Vec<_> = findings("what-if.toml").iter().map(|f| f.severity).collect();
    assert_eq!(severities, [Severity::Note, Severity::Note]);
}

#[test]
fn a_replaced_part_keeps_its_place_and_its_variations_follow() {
    let before = Catalog::embedded();
    let (_, text) = shipped().into_iter().find(|(path, _)| path.ends_with("rubin.toml")).unwrap();
    let text = text.replace("value = 12,", "value = 16,").replace("\"288 GiB\"", "\"384 GiB\"");
    let after = Catalog::embedded().overlaid(&[("mine/rubin.toml".into(), text)]).unwrap();
    let order = |catalog: &Catalog| catalog.chips().map(|c| c.name.clone()).collect::<Vec<_>>();
    assert_eq!(order(&before), order(&after));
    let physical = |name: &str| after.chip(name).unwrap().memory.physical;
    assert_eq!(physical("rubin"), Bytes::new(384.0 * GIB));
    assert_eq!(physical("rubin-22tb"), Bytes::new(384.0 * GIB));
}

#[test]
fn no_value_of_any_figure_makes_it_panic() {
    let (path, good) = fixture("good.toml");
    let extremes = [
        "0",
        "-1",
        "4294967295",
        "1e300",
        "nan",
        "inf",
        "true",
        "[]",
        "\"\"",
        "\"1e23 B\"",
        "\"0 GiB\"",
        "\"1e-5 B\"",
        "\"1e23 bit/s\"",
        "\"1e-5 FLOP/s\"",
        "1e-6",
    ];
    let variation = "name = \"v\"\nbase = \"acme-one\"\n[memory]\nheight = { value = 16 }\n";
    let mut accepted = 0;
    for figure in good.lines().filter(|line| line.contains("{ value")) {
        let value = figure.split("value = ").nth(1).unwrap().split(',').next().unwrap();
        for extreme in extremes {
            let text = good.replace(figure, &figure.replacen(value, extreme, 1));
            assert_ne!(text, good);
            let findings = check(&path, &text);
            let files = [(path.clone(), text), ("v.toml".into(), variation.into())];
            let outcome = Catalog::embedded().overlaid(&files);
            accepted += usize::from(outcome.is_ok());
            assert!(outcome.is_ok() || !findings.is_empty(), "refused but not found: {figure}");
        }
    }
    assert!(accepted > 0, "the extremes test nothing beyond the parser");
}

#[test]
fn files_that_cannot_be_used_are_refused_with_every_reason() {
    let refuse = |text: &str| {
        let files = [("mine.toml".to_owned(), text.to_owned())];
        Catalog::embedded().overlaid(&files).unwrap_err().to_string()
    };
    let error = refuse("name = \"x\"\nbase = \"h1oo-sxm\"\n");
    assert!(error.contains("mine.toml:2: error") && error.contains("`h100-sxm`"), "{error}");
    assert!(refuse("name = \"x\"\nbase = \"x\"\n").contains("cannot vary itself"));
    assert!(refuse("name = \"x\"\n").contains("needs `maker`"));
    let beside = "name = \"x\"\nbase = \"h100\"\nmemory.bandwidth = { value = \"4 TB/s\" }\n";
    let error = refuse(beside);
    assert!(error.contains("mine.toml:3") && error.contains("pin_rate"), "{error}");
    assert!(refuse("name = ").starts_with("mine.toml:1: error"));
    let (path, text) = fixture("unreadable.toml");
    let Err(HardwareError::BadSpecs { findings }) = Catalog::embedded().overlaid(&[(path, text)])
    else {
        panic!("an unreadable file was accepted");
    };
    assert_eq!(findings.len(), 8);
}
