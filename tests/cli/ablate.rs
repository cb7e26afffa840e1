//! `memwall ablate`: gains that add up, equal bytes on any threads, and what is refused.

use std::fs;

use serde_json::Value;

use super::program::{memwall, memwall_on_threads, scratch};

/// A study that takes a moment: short conversations at a fixed load.
const SHORT: [&str; 13] = [
    "ablate",
    "--model",
    "llama-3.1-8b",
    "--workload",
    "chat",
    "--plan",
    "tp1",
    "--concurrency",
    "8",
    "--techniques",
    "prefix-cache,kv-precision,weight-precision",
    "--repeats",
    "2",
];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [SHORT.as_slice(), more].concat()
}

fn document(arguments: &[&str]) -> Value {
    let answer = memwall(arguments);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    serde_json::from_str(&answer.stdout).expect("it is JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn shapley_values_multiply_to_the_joint_gain_on_every_chip() {
    let document = document(&with(&["--chips", "h100-sxm,b200-sxm", "--json"]));
    assert_eq!(document["schema"], "memwall.ablate/1");
    let techniques = document["techniques"].as_array().unwrap();
    assert_eq!(techniques.len(), 6);
    for chip in document["chips"].as_array().unwrap() {
        let own = techniques.iter().filter(|technique| technique["chip"] == chip["chip"]);
        let product: f64 = own.clone().map(|technique| number(&technique["shapley"])).product();
        assert!((product / number(&chip["joint"]) - 1.0).abs() < 1e-4, "{chip}");
        let (none, all) = (&chip["none_output_tok_s_per_gpu"], &chip["all_output_tok_s_per_gpu"]);
        let ratio = number(all) / number(none);
        assert!((ratio / number(&chip["joint"]) - 1.0).abs() < 1e-4);
        assert!(own.clone().all(|technique| number(&technique["alone_error"]) > 0.0));
    }
    assert_eq!(document["interactions"].as_array().unwrap().len(), 6);
    assert_eq!(document["configurations"].as_array().unwrap().len(), 16);
}

#[test]
fn threads_do_not_show() {
    let arguments = with(&["--json"]);
    let [one, many] = [1, 4].map(|threads| memwall_on_threads(&arguments, threads).stdout);
    assert!(!one.is_empty());
    assert_eq!(one, many);
}

#[test]
fn the_table_says_what_its_numbers_mean_within_a_hundred_columns() {
    let answer = memwall(&with(&[]));
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    for word in ["alone", "last", "Shapley", "kv-precision", "Together they take", "KV in bf16"] {
        assert!(answer.stdout.contains(word), "{word}: {}", answer.stdout);
    }
    assert!(answer.stdout.lines().all(|line| line.chars().count() <= 100), "{}", answer.stdout);
}

#[test]
fn what_is_not_possible_is_left_out_or_refused_with_its_reason() {
    let dense = ["--techniques", "wide-ep", "--model", "llama-3.1-8b"];
    let answer = memwall(&[&["ablate"], dense.as_slice()].concat());
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("llama-3.1-8b has no routed experts"), "{}", answer.stderr);
    let unknown = memwall(&["ablate", "--techniques", "magic"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("prefix-cache, kv-precision"), "{}", unknown.stderr);
}

/// 405 billion parameters in BF16 do not fit on eight H100: FP8 is no gain, but what makes it run.
#[test]
fn what_nothing_runs_without_is_said() {
    let document = document(&[
        "ablate",
        "--model",
        "llama-3.1-405b",
        "--workload",
        "chat",
        "--plan",
        "tp8",
        "--concurrency",
        "4",
        "--repeats",
        "1",
        "--techniques",
        "weight-precision,kv-precision",
        "--json",
    ]);
    let weights = &document["techniques"][1];
    assert_eq!(weights["name"], "weight-precision");
    assert!(weights["shapley"].is_null());
    let reason = weights["reason"].as_str().unwrap();
    assert!(reason.contains("nothing runs without it"), "{reason}");
    assert_eq!(document["chips"][0]["needed"][0], "weight-precision");
    let kv = &document["techniques"][0];
    assert!((number(&kv["shapley"]) - number(&document["chips"][0]["joint"])).abs() < 1e-5);
}

/// `wall --techniques` says of its chip what `ablate` says.
#[test]
fn a_wall_with_techniques_says_what_ablate_does() {
    let alone = document(&with(&["--json"]));
    let plan = ["--plan", "tp1", "--concurrency", "8"];
    let wall = ["wall", "--model", "llama-3.1-8b", "--workload", "chat", "--chips"];
    let study = ["--techniques", "prefix-cache,kv-precision,weight-precision", "--json"];
    let both = [&wall[..], &["h100-sxm,b200-sxm"], &plan, &study].concat();
    assert_eq!(document(&both)["ablation"], alone);
    let other = [&both[..], &["--techniques-on", "b200-sxm"]].concat();
    assert_eq!(document(&other)["ablation"]["chips"][0]["chip"], "b200-sxm");
    let without = [&wall[..], &["h100-sxm"], &plan, &["--json"]].concat();
    assert!(document(&without)["ablation"].is_null());
}

#[test]
fn techniques_are_refused_where_they_cannot_be_compared() {
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&["wall", "--techniques", "kv-precision"], more].concat()).refused(parts);
    };
    refused(&["--rate", "1"], &["--techniques", "--rate"]);
    refused(&["--kv-tiers", "host"], &["--techniques", "kv-offload"]);
    refused(&["--concurrency", "4"], &["--techniques", "--plan"]);
    memwall(&["wall", "--techniques-on", "h100-sxm"]).refused(&["--techniques"]);
}

#[test]
fn a_page_and_pictures_are_kept() {
    let folder = scratch("ablate-page");
    let (page, figures) = (folder.join("gains.html"), folder.join("figures"));
    let names = [page.to_str().unwrap(), figures.to_str().unwrap()];
    let more = ["--report", names[0], "--figures", names[1], "--chips", "h100-sxm,b200-sxm"];
    let answer = memwall(&[&SHORT[..], &more].concat());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("What each technique gains"));
    for chart in ["techniques-h100-sxm", "techniques-b200-sxm", "pairs-h100-sxm"] {
        assert!(fs::read_to_string(figures.join(format!("{chart}.svg"))).unwrap().contains("svg"));
        assert!(fs::read(figures.join(format!("{chart}.png"))).unwrap().starts_with(b"\x89PNG"));
    }
}
