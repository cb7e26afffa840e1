//! `memwall trace stats`: exact counts on real traces, and refusals that name the place.

use std::fs;
use std::path::Path;

use super::program::{memwall, memwall_into_closed_pipe, scratch};

const MOONCAKE: &str = "tests/data/traces/mooncake_conversation.jsonl.gz";

#[test]
fn the_document_has_the_exact_counts_of_a_real_trace() {
    let document = memwall(&["trace", "stats", MOONCAKE, "--json"]).document("memwall.trace/1");
    assert_eq!(document["requests"], 12_031);
    let rows = document["reuse"].as_array().unwrap();
    let hits = |policy: &str, capacity: Option<u64>| {
        let row = rows.iter().find(|row| {
            row["policy"] == policy && row["capacity_blocks"] == serde_json::json!(capacity)
        });
        row.unwrap()["hit_blocks"].as_u64().unwrap()
    };
    // Counted by two other programs, one an ordered dictionary.
    assert_eq!(hits("leaf-first", Some(1000)), 12_847);
    assert_eq!(hits("head-first", Some(1000)), 12_831);
    assert_eq!(hits("leaf-first", Some(10_000)), 61_046);
    assert_eq!(hits("head-first", None), 105_710);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let run = || memwall(&["trace", "stats", MOONCAKE, "--json", "--ttl-s", "60,inf"]).done();
    assert_eq!(run(), run());
}

#[test]
fn a_closed_standard_output_is_no_failure() {
    for format in [&["--json"], &["--quiet"]] {
        let answer =
            memwall_into_closed_pipe(&[["trace", "stats", MOONCAKE].as_slice(), format].concat());
        assert_eq!((answer.code, answer.stderr.as_str()), (0, ""));
    }
}

/// The complaint about a trace of these bytes.
#[track_caller]
fn refused(name: &str, bytes: &[u8], parts: &[&str]) {
    let path = scratch(&format!("trace-{name}")).join(name);
    fs::write(&path, bytes).unwrap();
    let answer = memwall(&["trace", "stats", path.to_str().unwrap()]);
    answer.refused(&[&[name], parts].concat());
}

fn row(time: i64) -> String {
    let lengths = "\"input_length\": 600, \"output_length\": 9, \"hash_ids\": [1, 2]";
    format!("{{\"timestamp\": {time}, {lengths}}}\n")
}

#[test]
fn a_missing_file_is_named() {
    memwall(&["trace", "stats", "no-such.jsonl"]).refused(&["no-such.jsonl", "check"]);
}

#[test]
fn a_broken_line_is_named() {
    let text = format!("{}{}{{\"timestamp\": 3, \"inp\n", row(1), row(2));
    refused("broken.jsonl", text.as_bytes(), &["line 3"]);
}

#[test]
fn a_value_that_cannot_be_is_named() {
    let negative = row(5).replace("600", "-600");
    refused("negative.jsonl", (row(1) + &negative).as_bytes(), &["line 2", "input_length", "-600"]);
}

#[test]
fn time_that_goes_back_is_named() {
    refused("back.jsonl", (row(2000) + &row(1000)).as_bytes(), &["line 2", "timestamp", "1000"]);
}

#[test]
fn an_empty_trace_is_refused() {
    refused("empty.jsonl", b"", &["no requests"]);
    let folder = scratch("trace-empty-folder");
    let folder = folder.to_str().unwrap();
    memwall(&["trace", "stats", folder]).refused(&[folder, "holds no"]);
    refused("header.csv", b"TIMESTAMP,ContextTokens,GeneratedTokens\n", &["no requests"]);
}

#[test]
fn a_truncated_archive_is_refused() {
    let whole = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(MOONCAKE)).unwrap();
    refused("cut.jsonl.gz", &whole[..whole.len() / 2], &["cannot be read"]);
}

#[test]
fn a_file_of_another_kind_is_refused_with_the_formats_that_are_read() {
    refused("notes.txt", b"hello\n", &["Mooncake", "Azure"]);
    refused("noise.bin", &[0xff; 64], &[]);
}

#[test]
fn flags_that_cannot_be_are_refused() {
    for (flag, value) in [
        ("--capacity-blocks", "0"),
        ("--capacity-blocks", "many"),
        ("--ttl-s", "-1"),
        ("--ttl-s", "nan"),
        ("--stagger-s", "1e300"),
        ("--policy", "random"),
    ] {
        let flag_and_value = format!("{flag}={value}");
        memwall(&["trace", "stats", MOONCAKE, &flag_and_value]).refused(&[flag, value]);
    }
    let sessions = "tests/data/traces/claude-code";
    memwall(&["trace", "stats", sessions, "--stagger-s", "9e6"]).refused(&["days", "stagger"]);
}
