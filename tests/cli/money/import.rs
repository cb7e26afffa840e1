//! `memwall import`: real logs, against what ccusage made of them.

use std::fs;

use serde_json::Value;

use crate::cli::program::{memwall, scratch};

const CLAUDE: &str = "tests/data/usage/claude";
const CODEX: &str = "tests/data/usage/codex";

fn recorded(name: &str) -> Value {
    let path = format!("tests/data/usage/ccusage/{name}.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn import(agent: &str, path: &str, more: &[&str]) -> Value {
    memwall(&[&["import", agent, path, "--json"], more].concat()).document("memwall.import/1")
}

/// Tokens are equal, dollars to the six digits of a document.
#[track_caller]
fn same_totals(ours: &Value, theirs: &Value) {
    let count = |value: &Value, key: &str| value[key].as_u64().unwrap();
    let tokens = &ours["tokens"];
    for (our, their) in [
        ("input", "inputTokens"),
        ("cache_write", "cacheCreationTokens"),
        ("cache_read", "cacheReadTokens"),
        ("output", "outputTokens"),
        ("total", "totalTokens"),
    ] {
        assert_eq!(count(tokens, our), count(theirs, their), "{our}");
    }
    let usd = theirs["totalCost"].as_f64().or(theirs["costUSD"].as_f64()).unwrap();
    assert!((ours["usd"].as_f64().unwrap() / usd - 1.0).abs() < 1e-5, "{} {usd}", ours["usd"]);
}

#[test]
fn claude_code_comes_to_what_ccusage_counted() {
    let ours = import("claude-code", CLAUDE, &[]);
    let daily = recorded("claude_daily");
    same_totals(&ours, &daily["totals"]);
    let days = ours["periods"].as_array().unwrap();
    assert_eq!(days.len(), daily["daily"].as_array().unwrap().len());
    for (ours, theirs) in days.iter().zip(daily["daily"].as_array().unwrap()) {
        assert_eq!(ours["name"], theirs["date"]);
        same_totals(ours, theirs);
    }
    // 25 lines of one session are 10 calls; the other two have 5.
    assert_eq!((ours["calls"].as_u64(), ours["repeated_lines"].as_u64()), (Some(15), Some(15)));
    assert_eq!(ours["sessions"], recorded("claude_session")["sessions"].as_array().unwrap().len());
}

#[test]
fn codex_comes_to_what_ccusage_counted() {
    let ours = import("codex", CODEX, &[]);
    let theirs = recorded("codex_daily");
    same_totals(&ours, &theirs["totals"]);
    assert_eq!(ours["tokens"]["reasoning"], theirs["totals"]["reasoningOutputTokens"]);
}

#[test]
fn every_output_of_ccusage_is_read_to_its_own_totals() {
    for name in [
        "all_daily",
        "all_session",
        "claude_daily",
        "claude_daily_instances",
        "claude_monthly",
        "claude_session",
        "claude_weekly",
        "codex_daily",
        "codex_session",
    ] {
        let ours = import("ccusage", &format!("tests/data/usage/ccusage/{name}.json"), &[]);
        same_totals(&ours, &recorded(name)["totals"]);
    }
    let blocks = import("ccusage", "tests/data/usage/ccusage/claude_blocks.json", &[]);
    same_totals(&blocks, &recorded("claude_daily")["totals"]);
}

#[test]
fn litellm_prices_give_the_same_dollars() {
    let ours = import("codex", CODEX, &["--prices", "tests/data/usage/litellm-sample.json"]);
    same_totals(&ours, &recorded("codex_daily")["totals"]);
    assert_eq!(ours["usd"], ours["usd_at_list_price"]);
}

#[test]
fn the_workload_runs() {
    for (agent, path) in [
        ("claude-code", CLAUDE),
        ("codex", CODEX),
        ("ccusage", "tests/data/usage/ccusage/all_daily.json"),
    ] {
        let file = scratch(&format!("import-{agent}")).join("mine.toml");
        let file = file.to_str().unwrap();
        assert_eq!(import(agent, path, &["--out", file])["workload"], file);
        let arguments = ["run", "--workload", file, "--model", "llama-3.1-8b", "--chip", "gb300"];
        let more = ["--tasks", "20", "--concurrency", "4", "--json"];
        let run = memwall(&[arguments.as_slice(), &more].concat()).document("memwall.run/1");
        assert_eq!(run["workload"], "mine");
        assert_eq!(run["requests"]["submitted"], run["requests"]["completed"]);
    }
}

#[test]
fn broken_lines_are_skipped_counted_and_told() {
    let folder = scratch("import-broken");
    let good = fs::read_to_string(format!("{CLAUDE}/project-beta/session-beta/chat.jsonl"));
    let text = format!("{{\"type\": \"assistant\"\n{}not json\n", good.unwrap());
    fs::write(folder.join("s.jsonl"), text).unwrap();
    let arguments = ["import", "claude-code", folder.to_str().unwrap()];
    let answer = memwall(&arguments);
    assert!(answer.stderr.contains("2 lines could not be read"), "{}", answer.stderr);
    assert!(answer.stderr.contains("s.jsonl:1"), "{}", answer.stderr);
    let document = import("claude-code", folder.to_str().unwrap(), &[]);
    assert_eq!(document["skipped_lines"][1]["line"], 4);
    assert_eq!(document["calls"], 2);
}

#[test]
fn what_holds_no_usage_is_refused() {
    memwall(&["import", "codex", CLAUDE]).refused(&[CLAUDE, "no call", "~/.codex/sessions"]);
    memwall(&["import", "claude-code", "no-such"]).refused(&["no-such"]);
    let prices = "tests/data/usage/ccusage/all_daily.json";
    memwall(&["import", "codex", CODEX, "--prices", prices]).refused(&["all_daily", "LiteLLM"]);
}
