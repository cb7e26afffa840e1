//! `memwall calibrate`, on a small sample of measured kernels.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli::program::{memwall, memwall_on_threads};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/silicon/kernels");

/// A folder of one's own, empty.
fn scratch(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("calibrate").join(name);
    // Nothing to remove on the first run.
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).expect("the target folder can be written");
    path.display().to_string()
}

/// Every file of a folder, by name.
fn contents(folder: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<(String, String)> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("text"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn the_same_data_make_the_same_files_on_any_number_of_threads() {
    // A folder that is not there is made.
    let [one, two] = ["one", "two"].map(|name| scratch(name) + "/new/folder");
    let fit = |out: &str, threads| {
        memwall_on_threads(&["calibrate", "--data", SAMPLE, "--out", out, "--json"], threads)
            .document("memwall.calibrate/1")
    };
    let (first, second) = (fit(&one, 1), fit(&two, 2));
    assert_eq!(first["rows"], second["rows"]);
    let files = contents(&one);
    assert_eq!(files, contents(&two));
    assert!(files.len() >= 6, "{:?}", files.iter().map(|file| &file.0).collect::<Vec<_>>());
    for (name, text) in files {
        let table: toml::Table = text.parse().expect("a TOML file");
        assert!(table.contains_key("form") && table.contains_key("chips"), "{name}");
    }
}

#[test]
fn a_chip_that_is_left_out_is_predicted_from_its_donor() {
    let arguments =
        ["calibrate", "--data", SAMPLE, "--family", "gemm", "--leave-out", "b200-sxm", "--json"];
    let document = memwall(&arguments).document("memwall.calibrate/1");
    let rows = document["rows"].as_array().expect("rows");
    assert!(rows.iter().any(|row| row["place"] == "b200-sxm"));
    for row in rows {
        let error = row["held_out"]["median"].as_f64().expect("a median");
        assert!(error > 0.0 && error < 0.5, "{row}");
    }
}

#[test]
fn bad_rows_are_named_and_the_rest_is_fitted() {
    let folder = scratch("bad");
    let text = fs::read_to_string(format!("{SAMPLE}/gemm.csv")).expect("the sample");
    let bad = "no-such-chip,sglang,1,k,bfloat16,4,4096,4096,9.0\n\
               h100_sxm,sglang,1,k,bfloat16,4,4096,4096,0\n\
               h100_sxm,sglang,1,k,bfloat16,4,4096,4096,NaN\n\
               h100_sxm,sglang,1,k,bfloat17,4,4096,4096,9.0\n\
               h100_sxm,sglang,1,k,bfloat16,4096,4096,4096,90\n\
               h100_sxm,sglang,1,k,bfloat16\n";
    fs::write(format!("{folder}/gemm.csv"), text.clone() + bad).expect("the scratch folder");
    let answer = memwall(&["calibrate", "--data", &folder, "--family", "gemm"]);
    let line = text.lines().count();
    for (i, problem) in [
        "unknown chip `no-such-chip`",
        "`latency_us` is 0",
        "`latency_us` is NaN",
        "bfloat17",
        "more than the 990 of the data sheet",
        "5 fields",
    ]
    .iter()
    .enumerate()
    {
        let place = format!("gemm.csv:{}: ", line + 1 + i);
        let named = |told: &&str| told.contains(&place) && told.contains(problem);
        assert!(answer.stderr.lines().any(|told| named(&told)), "{problem}: {}", answer.stderr);
    }
    assert!(answer.done().contains("h100-sxm"));
}

#[test]
fn tables_without_a_column_or_with_two_of_a_name_leave_nothing_to_fit() {
    let whole = "chip,engine,version,op,dtype,num_gpus,bytes,latency_us";
    let twice = format!("{whole},latency_us");
    for (header, problem) in [("chip,op", "no column"), (&twice, "two columns latency_us")] {
        let folder = scratch("column");
        fs::write(format!("{folder}/nccl.csv"), header).expect("written");
        let answer = memwall(&["calibrate", "--data", &folder, "--family", "nccl"]);
        assert!(answer.stderr.contains(&format!("nccl.csv:1: {problem}")), "{}", answer.stderr);
        assert!(answer.stderr.contains("no table has a usable row"), "{}", answer.stderr);
        assert_eq!(answer.code, 2);
    }
}

#[test]
fn a_folder_without_tables_is_refused() {
    let folder = scratch("empty");
    let answer = memwall(&["calibrate", "--data", &folder]);
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("gemm.csv"), "{}", answer.stderr);
}

#[test]
fn bands_without_every_table_are_refused_by_name() {
    let folder = scratch("bands");
    let answer = memwall(&["calibrate", "--data", SAMPLE, "--bands", "--out", &folder]);
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("recurrent"), "{}", answer.stderr);
    assert!(contents(&folder).is_empty());
}

#[test]
fn latencies_that_shrink_with_the_clock_and_one_donor_are_tried_too() {
    let arguments =
        ["calibrate", "--data", SAMPLE, "--family", "nccl", "--leave-out", "b200-sxm", "--json"];
    let document = memwall(&arguments).document("memwall.calibrate/1");
    let error = |rule: &str| {
        let of = |row: &&Value| row["place"] == "all" && row["inherited"] == rule;
        let row = document["rows"].as_array().expect("rows").iter().find(of);
        row.unwrap_or_else(|| panic!("no row of {rule}"))["held_out"]["bias"].as_f64()
    };
    // No share of a compute peak in them; the clock of the donors is another.
    assert_eq!(error("shares"), error("power-law"));
    assert_ne!(error("clocks"), error("power-law"));
    assert!(error("nearest").is_some());
}

/// A table of all-reduces that take what NCCL's form says, times `factor` of release and chip.
fn drawn_from_the_form(measured: &[(&str, &str, f64)]) -> String {
    let mut text = String::from("chip,engine,version,op,dtype,num_gpus,bytes,latency_us\n");
    for (chip, version, factor) in measured {
        for (ranks, power) in (2..=8).flat_map(|ranks| (9..30).map(move |power| (ranks, power))) {
            let others = f64::from(ranks - 1);
            let bytes = f64::from(1_u32 << power);
            let sent = 2.0 * others / f64::from(ranks) * bytes;
            let micros = 6.0 + others + sent / 360e3 + 2e-3 * sent.sqrt();
            let micros = micros * factor;
            writeln!(text, "{chip},nccl,{version},all_reduce,half,{ranks},{bytes},{micros:.4}")
                .expect("a string");
        }
    }
    text
}

/// The document of `--floor` over NCCL's table alone.
fn floors(name: &str, table: &str) -> Value {
    let folder = scratch(name);
    fs::write(format!("{folder}/nccl.csv"), table).expect("the scratch folder");
    let arguments = ["calibrate", "--data", &folder, "--family", "nccl", "--floor", "--json"];
    memwall(&arguments).document("memwall.calibrate/1")
}

#[test]
fn a_table_drawn_from_the_form_is_better_told_by_the_form_than_by_its_own_rows() {
    let document = floors("drawn", &drawn_from_the_form(&[("h100_sxm", "2.29.2", 1.0)]));
    let all = |row: &&Value| row["place"] == "all" && row["key"] == "all";
    let row = document["rows"].as_array().expect("rows").iter().find(all).expect("a pool");
    let p90 = |score: &Value| score["p90"].as_f64().expect("a score");
    let form = p90(&row["held_out"]);
    let [table, joined] = ["table", "joined"].map(|by| p90(&row["floor"][by]));
    assert_eq!(row["held_out"]["n"], row["floor"]["table"]["n"]);
    assert!(form < 0.02 && table > 2.0 * form, "{form} {table}");
    assert!(joined < 0.02, "nothing to add to a form that fits: {joined}");
}

#[test]
fn twins_are_releases_and_chips_that_the_form_cannot_tell_apart() {
    let table = drawn_from_the_form(&[
        ("h100_sxm", "2.29.2", 1.0),
        ("h100_sxm", "2.23.4", 1.21),
        ("h200_sxm", "2.29.2", 1.0),
        ("a100_sxm", "2.29.2", 1.5),
    ]);
    let document = floors("twins", &table);
    let twins = document["twins"].as_array().expect("twins");
    let find = |differ: &str| {
        let of = |row: &&Value| row["twins_differ_in"] == differ && row["key"] == "all";
        twins.iter().find(of).unwrap_or_else(|| panic!("no {differ}: {twins:?}"))
    };
    // Off by a tenth and by an eleventh from their mean.
    let release = find("the release");
    assert_eq!(release["n"], 2 * 7 * 21);
    let [median, p90] = ["median", "p90"].map(|at| release[at].as_f64().expect("a share"));
    assert!(median > 1.0 / 11.0 - 1e-3 && p90 < 0.1 + 1e-3, "{median} {p90}");
    let chip = find("the chip");
    assert_eq!((&chip["place"], &chip["n"]), (&"hopper".into(), &(2 * 7 * 21).into()));
    assert_eq!(chip["p90"], 0.0);
    assert!(twins.iter().all(|row| row["twins_differ_in"] != "nothing stated"));
}

#[test]
fn floors_are_said_only_when_asked_for_and_the_same_on_any_number_of_threads() {
    let fit = |flags: &[&str], threads| {
        let arguments = [&["calibrate", "--data", SAMPLE, "--json"], flags].concat();
        memwall_on_threads(&arguments, threads).document("memwall.calibrate/1")
    };
    let [one, two] = [1, 2].map(|threads| fit(&["--floor"], threads));
    assert_eq!((&one["rows"], &one["twins"]), (&two["rows"], &two["twins"]));
    let plain = fit(&[], 2);
    let [with, without] = [&one, &plain].map(|document| document["rows"].as_array().expect("rows"));
    assert!(with.iter().any(|row| !row["floor"].is_null()));
    assert!(without.iter().all(|row| row["floor"].is_null()));
    assert_eq!(plain["twins"].as_array().map(Vec::len), Some(0));
    for (a, b) in with.iter().zip(without) {
        assert_eq!((&a["held_out"], &a["in_sample"]), (&b["held_out"], &b["in_sample"]));
    }
    let refused = memwall(&["calibrate", "--data", SAMPLE, "--floor", "--leave-out", "b200-sxm"]);
    assert_eq!(refused.code, 2);
    let shown = memwall(&["calibrate", "--data", SAMPLE, "--family", "gemm", "--floor"]).done();
    assert!(shown.contains("form + table") && shown.contains("Twins differ in"), "{shown}");
}
