//! `run --trace` on agents' runs that other tools recorded.

use super::program::memwall;

fn data(name: &str) -> String {
    format!("{}/tests/data/traces/agents/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_format_is_recognised_and_replayed_whole() {
    // Requests, prompt and output tokens as the files have them.
    let files = [
        ("agentic-mooncake.jsonl", [3, 12, 6]),
        ("request-events.jsonl", [4, 16, 8]),
        ("request-events-alone.jsonl", [2, 8, 4]),
        ("servingsim-mixed-head.jsonl", [100, 1_110_648, 195_020]),
    ];
    for (name, [requests, prompt, output]) in files {
        let path = data(name);
        for engine in ["macro", "stepwise"] {
            let words = ["run", "--model", "llama-3.1-8b", "--trace", &path, "--engine", engine];
            let document = memwall(&[&words, ["--json"].as_slice()].concat());
            let document = document.document("memwall.run/1");
            assert_eq!(document["requests"]["completed"], requests, "{name}");
            assert_eq!(document["tokens"]["prompt"], prompt, "{name}");
            assert_eq!(document["tokens"]["output"], output, "{name}");
        }
    }
}

#[test]
fn spans_say_that_their_lengths_are_estimates() {
    let path = data("multi_agent_research.json");
    let ran = memwall(&["run", "--model", "llama-3.1-8b", "--trace", &path, "--json"]);
    let document = ran.document("memwall.run/1");
    assert_eq!(document["requests"]["completed"], 12);
    let warnings = document["warnings"].to_string();
    assert!(warnings.contains("lengths of 12 of 12 calls are not recorded"), "{warnings}");
}

#[test]
fn graphs_have_no_times_to_be_sent_at() {
    let path = data("agentic-mooncake.jsonl");
    let words = ["run", "--model", "llama-3.1-8b", "--trace", &path];
    memwall(&[&words, ["--open-loop"].as_slice()].concat())
        .refused(&["--open-loop", "agentic Mooncake JSONL has no times"]);
    // A closed loop, and a fleet, are other ways to replay one.
    for more in [["--concurrency", "2"], ["--replicas", "2"]] {
        let document = memwall(&[&words, ["--json"].as_slice(), &more].concat());
        assert_eq!(document.document("memwall.run/1")["requests"]["completed"], 3);
    }
    let stats = memwall(&["trace", "stats", &path, "--json"]).document("memwall.trace/1");
    assert_eq!((&stats["requests"], &stats["output_tokens"]), (&3.into(), &6.into()));
}
