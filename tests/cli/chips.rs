//! `memwall chips`: the catalogue, files of one's own, and what is refused.

use std::fs;
use std::path::PathBuf;

use super::program::{memwall, scratch};

/// A chip that nobody ships: an H100 with two changes of the caller's.
fn file(test: &str, from: &str, to: &str) -> PathBuf {
    let manifest = env!("CARGO_MANIFEST_DIR");
    let h100 = fs::read_to_string(format!("{manifest}/hw-specs/nvidia/h100-sxm.toml")).unwrap();
    assert!(h100.contains(from), "the fixture lost `{from}`");
    let text = h100.replace("name = \"h100-sxm\"", "name = \"mine\"").replacen(from, to, 1);
    let path = scratch(&format!("chips-{test}")).join("mine.toml");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_list_has_the_ladder_with_units_in_its_keys() {
    let document = memwall(&["chips", "list", "--json"]).document("memwall.chips/1");
    let chips = document["chips"].as_array().unwrap();
    let chip = |name: &str| chips.iter().find(|chip| chip["name"] == name).unwrap();
    assert!(
        (chip("h100-sxm")["memory_bandwidth_tb_s"].as_f64().unwrap() / 3.35 - 1.0).abs() < 0.01
    );
    assert_eq!(chip("h100-sxm")["class"], "datasheet");
    assert_eq!(chip("rubin-ultra-192gb")["stacks"]["count"], 8);
    // What nobody has published is null, never zero.
    assert!(chip("feynman")["memory_bandwidth_tb_s"].is_null());
    assert!(memwall(&["chips", "list"]).done().contains("h100-sxm"));
}

#[test]
fn every_figure_shown_has_a_class_and_its_source_is_spelt_out() {
    let document = memwall(&["chips", "show", "H100_SXM", "--json"]).document("memwall.chip/1");
    assert_eq!(document["name"], "h100-sxm");
    let figures = document["figures"].as_array().unwrap();
    assert!(figures.len() > 30);
    for figure in figures.iter().filter(|figure| !figure["derived"].as_bool().unwrap()) {
        let first = figure["source"].as_str().unwrap().split(';').next().unwrap();
        assert!(document["sources"][first]["title"].is_string(), "{figure}");
    }
    let text = memwall(&["chips", "show", "h100-sxm"]).done();
    assert!(text.contains("memory.pin_rate") && text.contains("Sources"), "{text}");
}

#[test]
fn a_system_shows_too() {
    let document =
        memwall(&["chips", "show", "gb200-nvl72", "--json"]).document("memwall.system/1");
    assert_eq!(document["accelerators"], 72);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_a_failure_that_is_told() {
    let answer = super::program::memwall_into_full_disk(&["chips", "list"]);
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.starts_with("error: cannot write the results"), "{}", answer.stderr);
}

#[test]
fn an_unknown_name_gets_the_nearest_one() {
    memwall(&["chips", "show", "h100-smx"]).refused(&["h100-smx", "did you mean `h100-sxm`?"]);
}

#[test]
fn a_chip_shows_how_its_domain_is_wired() {
    for (name, wiring) in [("mi300x", "mesh"), ("h100-sxm", "switched"), ("trainium2", "4x4x4")] {
        let text = memwall(&["chips", "show", name]).done();
        assert!(text.contains(&format!("wiring: {wiring} (")), "{text}");
        let document = memwall(&["chips", "show", name, "--json"]).document("memwall.chip/1");
        assert_eq!(document["wiring"], wiring);
    }
}

#[test]
fn a_file_of_one_s_own_shows_and_overlays_the_catalogue() {
    let path = file("own", "\"700 W\"", "\"650 W\"");
    let document =
        memwall(&["chips", "show", path.to_str().unwrap(), "--json"]).document("memwall.chip/1");
    assert_eq!((&document["name"], document["tdp_w"].as_f64()), (&"mine".into(), Some(650.0)));
    let folder = path.parent().unwrap().to_str().unwrap();
    let text = memwall(&["chips", "list", "--specs", folder]).done();
    assert!(text.contains("mine") && text.contains("h100-sxm"), "{text}");
}

#[test]
fn the_catalogue_over_itself_changes_nothing() {
    let list = memwall(&["chips", "list", "--json"]).done();
    // Calibrations and workloads are no chips, and do not get in the way.
    for folder in ["hw-specs", "workloads"] {
        let path = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(memwall(&["chips", "list", "--json", "--specs", &path]).done(), list);
    }
}

#[test]
fn a_variation_needs_only_what_differs_and_foreign_files_are_passed_over() {
    let folder = scratch("chips-variation");
    let text = "name = \"nine\"\nbase = \"b200-sxm\"\n\
                memory.stacks = { value = 9, class = \"estimate\", source = \"what if\" }\n";
    let path = folder.join("nine.toml");
    fs::write(&path, text).unwrap();
    fs::write(folder.join("Cargo.toml"), "[package]\nversion = \"1.0.0\"\n").unwrap();
    fs::write(folder.join("scenario.toml"), "chip = \"nine\"\nconcurrency = 4\n").unwrap();
    for specs in [folder.to_str().unwrap(), path.to_str().unwrap()] {
        let arguments = ["chips", "show", "nine", "--json", "--specs", specs];
        let document = memwall(&arguments).document("memwall.chip/1");
        assert_eq!(document["stacks"]["count"], 9);
        assert_eq!(document["tdp_w"].as_f64(), Some(1000.0));
    }
}

#[test]
fn two_files_of_one_name_are_refused() {
    let folder = scratch("chips-twins");
    for (file, stacks) in [("a.toml", 9), ("b.toml", 10)] {
        let text = format!(
            "name = \"nine\"\nbase = \"b200-sxm\"\n\
             memory.stacks = {{ value = {stacks}, class = \"estimate\", source = \"what if\" }}\n"
        );
        fs::write(folder.join(file), text).unwrap();
    }
    let arguments = ["chips", "list", "--specs", folder.to_str().unwrap()];
    memwall(&arguments).refused(&["b.toml:1", "nine", "a.toml", "rename"]);
}

#[test]
fn the_shipped_catalogue_has_no_errors() {
    let document = memwall(&["chips", "check", "--json"]).document("memwall.check/1");
    assert_eq!(document["errors"], 0);
    assert!(document["files"].as_u64().unwrap() > 30);
}

/// Asserts that `chips check`, `chips show` and `--specs` all refuse the changed file.
#[track_caller]
fn refused(test: &str, (from, to): (&str, &str), parts: &[&str]) {
    let path = file(test, from, to);
    let text = fs::read_to_string(&path).unwrap();
    let line = text.lines().position(|line| line.contains(to)).unwrap() + 1;
    let place = format!("mine.toml:{line}");
    let parts = [&[place.as_str()], parts].concat();
    let path = path.to_str().unwrap();
    let folder = path.strip_suffix("mine.toml").unwrap();
    memwall(&["chips", "check", path]).refused(&parts);
    memwall(&["chips", "show", path]).refused(&parts);
    memwall(&["chips", "list", "--specs", folder]).refused(&parts);
}

#[test]
fn a_volume_is_no_bandwidth() {
    let change = ("\"450 GB/s\"", "\"450 GB\"");
    refused("dimension", change, &["scale_up.bandwidth", "450 GB", "data rate", "3.35 TB/s"]);
}

#[test]
fn an_unknown_key_gets_the_nearest_one() {
    refused("key", ("tdp   ", "tdpp  "), &["power.tdpp", "did you mean `tdp`?"]);
}

#[test]
fn negative_and_undefined_numbers_are_refused() {
    refused("negative", ("\"700 W\"", "\"-700 W\""), &["power.tdp", "-700 W"]);
    refused("nan", ("\"1.83 GHz\"", "nan"), &["silicon.clock", "nan"]);
    refused("stacks", ("value = 5,", "value = -5,"), &["memory.stacks", "-5"]);
}

#[test]
fn a_bare_number_is_refused_with_an_example() {
    refused("bare", ("\"450 GB/s\"", "450"), &["scale_up.bandwidth", "450", "3.35 TB/s"]);
}

#[test]
fn a_sparse_peak_among_the_dense_ones_is_found() {
    let path = file("sparse", "\"1979 TFLOP/s\",  class", "\"3958 TFLOP/s\",  class");
    memwall(&["chips", "check", path.to_str().unwrap()]).refused(&[
        "mine.toml:",
        "compute.dense.fp8",
        "3958 TFLOP/s",
        "sparse",
    ]);
}

#[test]
fn broken_missing_and_foreign_files_are_refused() {
    let folder = scratch("chips-broken");
    let broken = folder.join("broken.toml");
    fs::write(&broken, "name = \"mine\nmaker = ").unwrap();
    memwall(&["chips", "check", broken.to_str().unwrap()]).refused(&["broken.toml:1"]);
    let noise = folder.join("noise.toml");
    fs::write(&noise, [0xff, 0xfe, 0x00]).unwrap();
    memwall(&["chips", "check", noise.to_str().unwrap()]).refused(&["noise.toml", "UTF-8"]);
    memwall(&["chips", "check", "no-such.toml"]).refused(&["no-such.toml", "check the name"]);
    memwall(&["chips", "show", "no-such.toml"]).refused(&["no-such.toml"]);
    memwall(&["chips", "list", "--specs", "no-such-folder"]).refused(&["no-such-folder"]);
}

#[test]
fn a_figure_without_its_table_is_shown_how_to_write_it() {
    let folder = scratch("chips-plain");
    let text = "name = \"mine\"\nbase = \"h100-sxm\"\n[memory]\npin_rate = \"9 Gbit/s\"\n";
    fs::write(folder.join("mine.toml"), text).unwrap();
    let arguments = ["chips", "list", "--specs", folder.to_str().unwrap()];
    memwall(&arguments).refused(&["mine.toml:4", "write `pin_rate = { value = \"9 Gbit/s\" }`"]);
    fs::write(folder.join("mine.toml"), "base = \"h100-sxm\"\n").unwrap();
    let answer = memwall(&arguments);
    assert_eq!(answer.stderr.matches("error: ").count(), 1, "{}", answer.stderr);
    answer.refused(&["mine.toml:1: missing field `name`"]);
    fs::write(folder.join("mine.toml"), "name = \"\"\nbase = \"h100-sxm\"\n").unwrap();
    memwall(&arguments).refused(&["mine.toml", "without a name"]);
}

#[test]
fn a_figure_without_effect_is_told_before_the_results() {
    let folder = scratch("chips-printed");
    let figure = "printed_bandwidth = { value = \"9 TB/s\" }";
    let text = format!("name = \"mine\"\nbase = \"l40s\"\n[memory]\n{figure}\n");
    fs::write(folder.join("mine.toml"), text).unwrap();
    let answer = memwall(&["chips", "show", "mine", "--specs", folder.to_str().unwrap()]);
    for part in ["warning: ", "mine.toml:4", "memory.printed_bandwidth"] {
        assert!(answer.stderr.contains(part), "{}", answer.stderr);
    }
    answer.done();
}

#[test]
fn a_link_in_both_directions_is_found_in_files_of_ones_own() {
    let manifest = env!("CARGO_MANIFEST_DIR");
    let links = format!("{manifest}/tests/data/hardware/links.toml");
    memwall(&["chips", "check", &links]).refused(&[
        "links.toml:6",
        "scale_up.bandwidth",
        "twice the 450 GB/s",
        "host.bandwidth",
        "give one",
    ]);
    // Two files of the same mistake do not bear each other out.
    let first = file("links-one", "450 GB/s", "900 GB/s");
    let text = fs::read_to_string(&first).unwrap();
    let second = first.with_file_name("other.toml");
    fs::write(&second, text.replace("name = \"mine\"", "name = \"other\"")).unwrap();
    let [first, second] = [first, second].map(|path| path.display().to_string());
    memwall(&["chips", "check", &first, &second]).refused(&["mine.toml", "other.toml", "twice"]);
}

#[test]
fn links_of_a_system_are_listed_and_drawn() {
    let document = memwall(&["chips", "links", "hgx-h100", "--json"]).document("memwall.links/1");
    let rows = document["links"].as_array().unwrap();
    // Eight chips with four switches, in two domains.
    let ports = rows.iter().find(|row| row["to"] == "switch").unwrap();
    assert_eq!((&ports["count"], &ports["gb_s"]), (&64.into(), &112.5.into()));
    let by_chip = memwall(&["chips", "links", "h100-sxm", "--json"]).document("memwall.links/1");
    assert_eq!(by_chip, document);
    let table = memwall(&["chips", "links", "mi300x-box"]).done();
    assert!(table.contains("56") && table.contains("priced on these links"), "{table}");
    let torus = memwall(&["chips", "links", "trainium2", "--json"]).document("memwall.links/1");
    assert_eq!((&torus["wiring"], &torus["priced_as"]), (&"4x4x4".into(), &"4x4x4".into()));
    let dot = memwall(&["chips", "links", "gh200-nvl32", "--dot"]).done();
    assert!(
        dot.starts_with("graph {") && dot.matches(" -- ").count() == 2 * (32 * 9 + 64 + 1),
        "{dot:.300}"
    );
    memwall(&["chips", "links", "no-such"]).refused(&["no-such"]);
}
