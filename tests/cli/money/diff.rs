//! `memwall diff`: a gate between two documents.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cli::program::{memwall, scratch};

const RUN: [&str; 12] = [
    "run",
    "--chip",
    "h100-sxm",
    "--model",
    "llama-3.1-8b",
    "--workload",
    "chat",
    "--concurrency",
    "4",
    "--tasks",
    "40",
    "--json",
];

/// The document of a run, and of one on a slower machine.
fn documents(name: &str) -> (String, String) {
    let folder = scratch(name);
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let run = memwall(&RUN).done();
    let mut slower: Value = serde_json::from_str(&run).unwrap();
    let ttft = slower["latency"]["ttft_ms"]["p99"].as_f64().unwrap();
    slower["latency"]["ttft_ms"]["p99"] = (ttft * 1.05).into();
    (write("base.json", run), write("new.json", slower.to_string()))
}

#[test]
fn a_slower_run_fails_the_gate_and_a_faster_one_passes() {
    let (base, new) = documents("diff-gate");
    let gate =
        |a: &str, b: &str, more: &[&str]| memwall(&[&["diff", a, b, "--json"], more].concat());
    assert_eq!(gate(&base, &base, &["--fail-over", "0"]).code, 0);
    let slower = gate(&base, &new, &[]);
    assert_eq!(slower.code, 1);
    let document: Value = serde_json::from_str(&slower.stdout).unwrap();
    assert_eq!(document["schema"], "memwall.diff/1");
    let metrics = document["metrics"].as_array().unwrap();
    let worse: Vec<_> = metrics.iter().filter(|metric| metric["ok"] == false).collect();
    assert_eq!(worse.len(), 1);
    assert_eq!(worse[0]["path"], "latency.ttft_ms.p99");
    assert!((worse[0]["change"].as_f64().unwrap() - 0.05).abs() < 1e-4);
    assert_eq!(worse[0]["allowed"], 0.02);
    assert_eq!(gate(&new, &base, &[]).code, 0);
    assert_eq!(gate(&base, &new, &["--fail-over", "6%"]).code, 0);
    assert_eq!(gate(&base, &new, &["--tolerance", "ttft_ms.p99=6%"]).code, 0);
}

#[test]
fn the_summary_is_written_whether_or_not_it_passes() {
    let (base, new) = documents("diff-markdown");
    let path = Path::new(&base).with_file_name("summary.md");
    let arguments = ["diff", &base, &new, "--markdown", path.to_str().unwrap()];
    assert_eq!(memwall(&arguments).code, 1);
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains("| `latency.ttft_ms.p99` |") && text.contains("+5.0 %"), "{text}");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let (base, _) = documents("diff-refused");
    let other = Path::new(&base).with_file_name("chips.json");
    fs::write(&other, memwall(&["chips", "list", "--json"]).done()).unwrap();
    let broken = Path::new(&base).with_file_name("broken.json");
    fs::write(&broken, "{\n\"schema\": ").unwrap();
    memwall(&["diff", &base, other.to_str().unwrap()]).refused(&["memwall.chips/1", "memwall.run"]);
    memwall(&["diff", &base, broken.to_str().unwrap()]).refused(&["broken.json:2"]);
    memwall(&["diff", &base, &base, "--tolerance", "no.such=1%"]).refused(&["no.such"]);
    memwall(&["diff", &base, &base, "--fail-over=-1"]).refused(&["--fail-over"]);
}
