//! `memwall run`: the document, the kept files, scenarios, and what is refused.

use std::fs;

use serde_json::Value;

use super::program::{memwall, scratch};

const SHORT: [&str; 11] = [
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
];

/// The same, but for the number of tasks.
fn run_of(more: &[&str]) -> Value {
    memwall(&[&SHORT[..9], more, &["--json"]].concat()).document("memwall.run/1")
}

fn run(more: &[&str]) -> Value {
    memwall(&[&SHORT, more, &["--json"]].concat()).document("memwall.run/1")
}

#[test]
fn nothing_is_lost_between_submission_and_the_document() {
    let document = run(&[]);
    let requests = &document["requests"];
    assert_eq!(requests["submitted"], requests["completed"]);
    assert_eq!(requests["rejected"], 0);
    let tokens = |key: &str| document["tokens"][key].as_u64().unwrap();
    assert!(tokens("cached") + tokens("prefilled") >= tokens("prompt"));
    assert!(tokens("output") > 0);
    let latency = &document["latency"];
    for (kind, quantiles) in latency.as_object().unwrap() {
        let value = |key: &str| quantiles[key].as_f64().unwrap();
        assert!(value("p50") <= value("p90") && value("p90") <= value("p99"), "{kind}");
    }
}

#[test]
fn wall_clock_figures_enter_only_when_asked_for() {
    assert!(run(&[])["sim"].get("wall_s").is_none_or(Value::is_null));
    assert!(run(&["--timing"])["sim"]["wall_s"].as_f64().unwrap() > 0.0);
}

#[test]
fn kept_files_hold_what_was_printed() {
    let folder = scratch("run-out").join("results");
    let printed = run(&["--out", folder.to_str().unwrap()]);
    let summary = fs::read_to_string(folder.join("summary.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&summary).unwrap(), printed);
    let requests = fs::read_to_string(folder.join("requests.csv")).unwrap();
    let rows = requests.lines().count() as u64 - 1;
    assert_eq!(rows, printed["requests"]["completed"].as_u64().unwrap());
    assert!(folder.join("timeline.json.gz").is_file());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);
}

#[test]
fn a_scenario_is_the_flags_it_names_and_flags_win() {
    let path = scratch("run-scenario").join("short.toml");
    let text = "chip = \"h100-sxm\"\nmodel = \"llama-3.1-8b\"\nworkload = \"chat\"\n\
                concurrency = 4\ntasks = 40\n";
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let read = |more: &[&str]| {
        memwall(&[&["run", path, "--json"], more].concat()).document("memwall.run/1")
    };
    assert_eq!(read(&[]), run(&[]));
    assert_eq!(read(&["--seed", "3"]), run(&["--seed", "3"]));
    // Also over keys that the scenario has, and over those that cannot stand beside them.
    assert_eq!(read(&["--tasks", "7"])["requests"], run_of(&["--tasks", "7"])["requests"]);
    assert_eq!(read(&["--rate", "2"])["seed"], 0);
    let trace = "tests/data/traces/claude-code";
    assert_eq!(read(&["--trace", trace, "--tasks", "1"])["workload"], "claude-code");
    memwall(&["run", path, "--rate", "2", "--concurrency", "3"]).refused(&["cannot be used with"]);
}

#[test]
fn scenarios_are_refused_by_line() {
    let refused = |name: &str, line: &str, parts: &[&str]| {
        let path = scratch(&format!("run-{name}")).join("scenario.toml");
        fs::write(&path, format!("chip = \"h100-sxm\"\n{line}\n")).unwrap();
        let parts = [&["scenario.toml:2"], parts].concat();
        memwall(&["run", path.to_str().unwrap()]).refused(&parts);
    };
    refused("key", "max-seq = 3", &["max-seq", "did you mean `max-seqs`?"]);
    refused("value", "concurrency = -3", &["concurrency", "-3"]);
    refused("kind", "rate = \"fast\"", &["rate", "fast"]);
    refused("list", "seed = [1, 2]", &["`seed` takes a text or a number"]);
    refused("switch", "sub-agents-last = \"true\"", &["sub-agents-last", "without quotes"]);
    refused("number", "seed = \"x\"", &["--seed", "whole number in digits"]);
    refused("help", "help = true", &["unknown key `help`"]);
    refused("broken", "tasks = ", &[]);
}

#[test]
fn a_trace_replays_every_request() {
    let sessions = "tests/data/traces/claude-code";
    let arguments = ["run", "--chip", "b200-sxm", "--tp", "8", "--trace", sessions, "--json"];
    let document = memwall(&arguments).document("memwall.run/1");
    // The twelve sessions, as tests/data/traces/README.md and `trace stats` count them.
    assert_eq!(document["requests"]["submitted"], 453);
    assert_eq!(document["requests"]["completed"], 453);
}

#[test]
fn a_model_that_does_not_fit_is_refused_with_a_plan_that_does() {
    let arguments = ["run", "--chip", "h100-sxm", "--model", "llama-3.1-70b", "--weights", "bf16"];
    memwall(&arguments).refused(&["h100-sxm", "llama-3.1-70b", "tp1", "tp2 fits"]);
}

#[test]
fn flags_that_exclude_each_other_are_refused() {
    // A report that somebody has left there stays as it is.
    let report = || fs::metadata("memwall-wall.html").and_then(|file| file.modified()).ok();
    let before = report();
    memwall(&["run", "--rate", "1", "--concurrency", "2"]).refused(&["--rate", "--concurrency"]);
    memwall(&["run", "--trace", "no-such.jsonl"]).refused(&["no-such.jsonl"]);
    memwall(&["run", "no-such.toml"]).refused(&["no-such.toml"]);
    assert_eq!(report(), before);
}

#[test]
fn a_run_that_can_measure_nothing_is_refused() {
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&SHORT, more].concat()).refused(parts);
    };
    refused(&["--warmup", "1h", "--duration", "1min"], &["--warmup 3600 s", "after 60 s"]);
    let parts = ["--open-loop", "no recorded times", "--trace"];
    memwall(&["run", "--workload", "chat", "--open-loop"]).refused(&parts);
    refused(&["--plan", "tp8-tp4"], &["`tp8-tp4`", "`tp` twice"]);
    refused(&["--plan", "tp512-dp512"], &["`tp512-dp512`", "lower a degree"]);
    refused(&["--tp", "4294967295"], &["--tp", "4294967295"]);
}

#[test]
fn a_run_that_measured_nothing_fails() {
    let failed = |more: &[&str], part: &str| {
        let answer = memwall(&[&SHORT[..7], &["--tasks", "4"], more].concat());
        assert_eq!(answer.code, 1, "{}", answer.stderr);
        assert!(answer.stderr.contains(part), "{}", answer.stderr);
    };
    failed(&["--warmup", "99h"], "no request was answered");
    failed(&["--rate", "1e-300"], "simulated time ended after 213 days");
}

#[test]
fn kept_files_appear_together_or_not_at_all() {
    let folder = scratch("run-blocked");
    fs::write(folder.join("summary.json"), "old").unwrap();
    fs::create_dir(folder.join("requests.csv")).unwrap();
    let answer = memwall(&[&SHORT, ["--out", folder.to_str().unwrap()].as_slice()].concat());
    answer.refused(&["requests.csv: cannot be created", "directory"]);
    assert_eq!(fs::read_to_string(folder.join("summary.json")).unwrap(), "old");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
}

#[cfg(unix)]
#[test]
fn kept_files_are_written_through_links_and_into_devices() {
    let folder = scratch("run-linked");
    let elsewhere = scratch("run-elsewhere").join("kept.json");
    fs::write(&elsewhere, "old").unwrap();
    std::os::unix::fs::symlink(&elsewhere, folder.join("summary.json")).unwrap();
    std::os::unix::fs::symlink("/dev/null", folder.join("requests.csv")).unwrap();
    let printed = run(&["--out", folder.to_str().unwrap()]);
    let kept = fs::read_to_string(&elsewhere).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), printed);
    for name in ["summary.json", "requests.csv"] {
        assert!(folder.join(name).is_symlink(), "{name}");
    }
}

#[test]
fn both_engines_give_the_same_document() {
    assert_eq!(run(&["--engine", "stepwise"]), run(&["--engine", "macro"]));
}

#[test]
fn bands_hold_the_figures_of_a_run() {
    let arguments = ["run", "--chip", "rubin", "--model", "llama-3.1-8b", "--workload", "chat"];
    let more = ["--concurrency", "64", "--duration", "2min", "--warmup", "10s", "--explain"];
    let all = [arguments.as_slice(), &more].concat();
    let document = memwall(&[all.as_slice(), &["--json"]].concat()).document("memwall.run/1");
    let bands = document["bands"].as_object().unwrap();
    assert!(bands.contains_key("latency.tpot_ms.p50"));
    for (path, band) in bands {
        let figure = path.split('.').fold(&document, |value, key| &value[key]).as_f64().unwrap();
        let [low, high] = ["low", "high"].map(|end| band[end].as_f64().unwrap());
        assert!(low <= figure && figure <= high, "{path}: {low} {figure} {high}");
    }
    assert!(memwall(&all).done().contains("With 80 % probability: output tok/s"));
}

#[test]
fn sketched_percentiles_are_near_the_exact_ones() {
    let (exact, sketch) = (run(&[]), run(&["--percentiles", "sketch"]));
    for (kind, quantiles) in exact["latency"].as_object().unwrap() {
        for (name, value) in quantiles.as_object().unwrap() {
            let [value, found] =
                [value, &sketch["latency"][kind][name]].map(|figure| figure.as_f64().unwrap());
            // Half a step of the sketch, and the six digits of the document.
            assert!((found / value - 1.0).abs() < 5e-4, "{kind} {name}: {found} for {value}");
            assert!(name != "mean" || (found / value - 1.0).abs() < 1e-9, "{kind}");
        }
    }
    for key in ["requests", "tokens", "throughput", "kv", "time_share", "sim"] {
        assert_eq!(exact[key], sketch[key], "{key}");
    }
    let folder = scratch("run-sketch").join("kept");
    let flags = ["--percentiles", "sketch", "--out", folder.to_str().unwrap()];
    memwall(&[&SHORT, flags.as_slice()].concat()).refused(&["--percentiles sketch", "--out"]);
    assert!(!folder.exists());
}

#[test]
fn a_trace_is_replayed_while_it_is_read() {
    let line = |ms: u32, first: u32| {
        format!(
            "{{\"timestamp\": {ms}, \"input_length\": 700, \"output_length\": 20, \"hash_ids\": \
             [{first}, {}], \"tool\": \"x\"}}\n",
            first + 1
        )
    };
    let text: String = (0..3000).map(|i| line(i * 40, i * 7)).collect();
    let folder = scratch("run-streamed");
    let keep = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let run = |path: &str, more: &[&str]| {
        memwall(&[&SHORT[..5], &["--trace", path, "--json"], more].concat())
    };
    let plain = run(&keep("a.jsonl", &text), &[]).document("memwall.run/1");
    assert_eq!(plain["requests"]["completed"], 3000);
    // A late conversation has the file read as a whole; it shares nothing with the others.
    let late = format!("{text}{}", line(120_000, 0).replace("\"tool\"", "\"session_id\""));
    let whole = run(&keep("b.jsonl", &late), &[]).document("memwall.run/1");
    assert_eq!(whole["requests"]["completed"], 3001);
    assert_eq!(whole["workload"], "b.jsonl");
    let back = format!("{text}{}", line(119_000, 0));
    let answer = run(&keep("c.jsonl", &back), &[]);
    answer.refused(&["c.jsonl, line 3001", "timestamp", "earlier than the line before"]);
    // What is never reached is never read.
    assert_eq!(run(&keep("c.jsonl", &back), &["--tasks", "5"]).code, 0);
}

#[test]
fn what_failed_attempts_cost_is_in_the_band_too() {
    let of = |success: &str| {
        let document = run(&["--explain", "--success", success, "--usd-per-gpu-hour", "9"]);
        let band = &document["bands"]["cost.usd_per_task"];
        [&document["cost"]["usd_per_task"], &band["low"], &band["high"]]
            .map(|v| v.as_f64().unwrap())
    };
    let (whole, half) = (of("1"), of("0.5"));
    assert!(whole[1] < whole[0] && whole[0] < whole[2], "{whole:?}");
    for (whole, half) in whole.iter().zip(half) {
        assert!((half / whole - 2.0).abs() < 1e-3, "{whole} and {half}");
    }
}

#[test]
fn a_timeline_does_not_take_the_place_of_what_is_kept() {
    let folder = scratch("run-timeline-clash").join("kept");
    let path = folder.join("summary.json");
    let flags = ["--out", folder.to_str().unwrap(), "--timeline", path.to_str().unwrap()];
    memwall(&[&SHORT, flags.as_slice()].concat()).refused(&["--timeline", "another name"]);
}

#[test]
fn an_engine_profile_brings_its_own_rule_for_what_shares_a_step() {
    let of = |flags: &[&str]| {
        let document = run(flags);
        let latency = |kind: &str| document["latency"][kind]["p99"].as_f64().unwrap();
        (latency("itl_ms"), latency("ttft_ms"))
    };
    let sglang = of(&["--engine-profile", "sglang"]);
    let apart = of(&["--engine-profile", "sglang", "--batching", "prefill-first"]);
    let mixed = of(&["--engine-profile", "sglang", "--batching", "mixed"]);
    assert_eq!(sglang, apart);
    assert_ne!(sglang, mixed);
    assert_eq!(of(&[]), of(&["--batching", "mixed"]));
}

#[test]
fn tasks_are_held_against_a_deadline() {
    let work = ["run", "--model", "llama-3.1-8b", "--workload", "chat", "--concurrency", "8"];
    let run = |more: &[&str]| {
        let document = memwall(&[&work, more].concat()).document("memwall.run/1");
        let deadline = document["task"]["deadline"].clone();
        (deadline["met"].as_f64(), document)
    };
    let horizon = ["--duration", "2h", "--warmup", "10min", "--json"];
    let met = |deadline| run(&[&horizon, ["--deadline", deadline].as_slice()].concat()).0.unwrap();
    let shares = ["1ms", "1min", "10min", "1h"].map(met);
    assert!(shares.windows(2).all(|pair| pair[0] <= pair[1]), "{shares:?}");
    assert!(shares[0] == 0.0 && shares[3] > 0.5, "{shares:?}");
    // Of tasks that began too late to say, nothing is said; and nothing of deadlines unless asked.
    assert_eq!(run(&[&horizon, ["--deadline", "3h"].as_slice()].concat()).0, None);
    assert!(run(&horizon).1["task"].get("deadline").is_none());
    // From beginning to end every fate is known.
    let all = ["--tasks", "30", "--json", "--deadline"];
    let (share, document) = run(&[&all, ["100h"].as_slice()].concat());
    assert!(share.is_none_or(|share| share >= 1.0), "{share:?}");
    assert_eq!(document["requests"]["submitted"], document["requests"]["completed"]);
    let sketch = [&work, ["--deadline", "1s", "--percentiles", "sketch"].as_slice()].concat();
    memwall(&sketch).refused(&["--percentiles", "sketch", "--deadline"]);
}
