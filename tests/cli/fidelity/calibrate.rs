//! `memwall calibrate`, on a small sample of measured kernels.

use std::fs;
use std::path::Path;

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
        let of = |row: &&serde_json::Value| row["place"] == "all" && row["inherited"] == rule;
        let row = document["rows"].as_array().expect("rows").iter().find(of);
        row.unwrap_or_else(|| panic!("no row of {rule}"))["held_out"]["bias"].as_f64()
    };
    // No share of a compute peak in them; the clock of the donors is another.
    assert_eq!(error("shares"), error("power-law"));
    assert_ne!(error("clocks"), error("power-law"));
    assert!(error("nearest").is_some());
}
