//! What a folder holds.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::support::{FAST, FAST_POINTS, bytes, rows, sweep, with_spec};
use crate::cli::program::memwall;

#[test]
fn every_point_is_there_once_with_its_end_and_its_seed() {
    let (folder, spec) = with_spec("sweep-folder", FAST);
    let out = folder.join("out");
    let document = sweep(&spec, &out, &["--json"]).document("memwall.sweep/1");
    assert_eq!(document["points"], FAST_POINTS);
    assert_eq!(document["states"]["done"], FAST_POINTS / 2);
    assert_eq!(document["states"]["impossible"], FAST_POINTS / 2);
    let rows = rows(&out);
    let numbers: Vec<_> = rows.iter().map(|row| row["point"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..FAST_POINTS).collect::<Vec<_>>());
    let seeds: BTreeSet<_> = rows.iter().map(|row| row["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds.len() as u64, FAST_POINTS);
    for row in &rows {
        let is_impossible = row["plan"] == "tp3";
        assert_eq!(row["state"] == "impossible", is_impossible, "{row}");
        assert_eq!(row["reason"].as_str().is_some_and(|why| why.contains("tp 3")), is_impossible);
        assert_eq!(row["output_tok_s"].is_null(), is_impossible);
        assert!(row["figure_memory_pin_rate_multiple"].as_f64().unwrap() >= 0.8);
    }
}

#[test]
fn a_point_is_the_run_of_its_flags() {
    let (folder, spec) = with_spec("sweep-point", FAST);
    let out = folder.join("out");
    sweep(&spec, &out, &[]).done();
    let rows = rows(&out);
    let row = rows.iter().find(|row| row["plan"] == "tp1" && row["concurrency"] == 3).unwrap();
    let specs = folder.join("specs");
    fs::create_dir(&specs).unwrap();
    // The same what-if as a file of one's own.
    let shown = memwall(&["chips", "show", row["chip"].as_str().unwrap(), "--json"]);
    let shown = shown.document("memwall.chip/1");
    let rate = shown["stacks"]["pin_rate_gbit_s"].as_f64().unwrap()
        * row["figure_memory_pin_rate_multiple"].as_f64().unwrap();
    let text = format!(
        "name = \"mine\"\nbase = \"{}\"\nmemory.pin_rate.value = \"{rate} Gbit/s\"\n",
        row["chip"].as_str().unwrap(),
    );
    fs::write(specs.join("mine.toml"), text).unwrap();
    let seed = row["seed"].as_u64().unwrap().to_string();
    let flags = [
        ["run", "--chip=mine", "--plan=tp1", "--concurrency=3", "--tasks=3"],
        ["--model=llama-3.1-8b", "--workload=chat", "--json", "--seed", &seed],
    ];
    let specs = ["--specs", specs.to_str().unwrap()];
    let run = memwall(&[&flags.concat()[..], &specs].concat()).document("memwall.run/1");
    assert_eq!(row["ttft_ms_p99"], run["latency"]["ttft_ms"]["p99"]);
    assert_eq!(row["output_tok_s"], run["throughput"]["output_tok_s"]);
    assert_eq!(row["tokens_output"], run["tokens"]["output"]);
    assert_eq!(row["decode_bound_hbm_bandwidth"], run["decode_bound"]["hbm_bandwidth"]);
    assert!(every_leaf_has_a_column(&run, row));
}

/// Whether each figure of a run's document has a value in its row.
fn every_leaf_has_a_column(run: &Value, row: &Value) -> bool {
    let known = row.as_object().unwrap();
    let known = known.values().filter(|value| !value.is_null()).count();
    let left_out =
        ["schema", "memwall_version", "seed", "constants", "bands", "band_causes", "warnings"];
    let fields = run.as_object().unwrap().iter();
    let leaves: usize =
        fields.filter(|(key, _)| !left_out.contains(&key.as_str())).map(|(_, v)| leaves(v)).sum();
    // Beside them: point, seed, state, warnings and the settings that the document lacks.
    assert_eq!(known, leaves + 4 + 3, "a figure of the document has no column");
    true
}

fn leaves(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.values().map(leaves).sum(),
        Value::Null => 0,
        _ => 1,
    }
}

#[test]
fn threads_do_not_change_a_byte() {
    let (folder, spec) = with_spec("sweep-threads", FAST);
    let [one, four] = ["one", "four"].map(|name| folder.join(name));
    sweep(&spec, &one, &["--threads", "1"]).done();
    sweep(&spec, &four, &["--threads", "4"]).done();
    assert_eq!(bytes(&one).len() as u64, FAST_POINTS / 8 + 1);
    assert!(bytes(&one) == bytes(&four));
}

#[test]
fn another_sweep_s_folder_is_refused() {
    let (folder, spec) = with_spec("sweep-other", FAST);
    let out = folder.join("out");
    sweep(&spec, &out, &[]).done();
    let before = bytes(&out);
    let other = folder.join("other.toml");
    fs::write(&other, format!("seed = 1\n{FAST}")).unwrap();
    let refused = sweep(other.to_str().unwrap(), &out, &[]);
    refused.refused(&["another sweep", "spec hash", "name another folder"]);
    assert!(bytes(&out) == before);
    // The same sweep again has nothing to do, and changes nothing.
    sweep(&spec, &out, &[]).done();
    assert!(bytes(&out) == before);
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told_and_leaves_what_was_written() {
    use std::process::Command;
    // One part of all points is larger than the limit, which the manifest keeps below.
    let text = FAST.replace("part-points = 8", "part-points = 320");
    let (folder, spec) = with_spec("sweep-full", &text);
    let out = folder.join("out");
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" sweep \"$1\" --out \"$2\"";
    let memwall = env!("CARGO_BIN_EXE_memwall");
    let mut command = Command::new("sh");
    command.args(["-c", script, memwall, &spec, out.to_str().unwrap()]);
    let output = command.output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("part-00000.parquet: cannot be written"), "{told}");
    let left = bytes(&out);
    assert_eq!(left.keys().collect::<Vec<_>>(), ["_manifest.json"]);
    // With room again it goes on.
    sweep(&spec, &out, &[]).done();
    assert_eq!(rows(&out).len() as u64, FAST_POINTS);
}
