//! `memwall wall`: the ladder's document, its report, and what is refused.

use std::fs;

use serde_json::Value;

use super::program::{memwall, memwall_on_threads, scratch};

/// A ladder that takes a moment: two chips, short conversations, a fixed load.
const SHORT: [&str; 9] = [
    "wall",
    "--chips",
    "h100-sxm,b200-sxm",
    "--model",
    "llama-3.1-8b",
    "--workload",
    "chat",
    "--concurrency",
    "4",
];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [SHORT.as_slice(), more].concat()
}

/// Keys that every row has, whatever is known.
const KEYS: [&str; 23] = [
    "chip",
    "system",
    "gpus",
    "parallel",
    "class",
    "output_tok_s_per_gpu",
    "total_tok_s_per_gpu",
    "tok_s_per_user_p50",
    "ttft_ms_p50",
    "ttft_ms_p99",
    "tpot_ms_p50",
    "tpot_ms_p99",
    "tasks_per_hour_per_gpu",
    "kv_hit_rate",
    "mfu",
    "mbu",
    "time_share",
    "decode_bound",
    "elasticity",
    "energy_j_per_output_tok",
    "usd_per_task",
    "tok_s_per_facility_mw",
    "band",
];

fn sum(shares: &Value) -> f64 {
    shares.as_object().unwrap().values().map(|share| share.as_f64().unwrap()).sum()
}

/// A replica of one chip bears few tasks; one of eight answers faster.
#[test]
fn a_load_that_was_asked_for_gets_a_plan_that_bears_it() {
    let load = |slo: &'static str| {
        let arguments =
            ["wall", "--chips", "h100-sxm", "--model", "llama-3.1-8b", "--concurrency", "48"];
        let more = ["--slo-ttft", "60s", "--slo-tpot", slo, "--json", "--no-report"];
        let document = memwall(&[arguments.as_slice(), &more].concat()).document("memwall.wall/1");
        let row = document["rows"][0].clone();
        (row, document["warnings"].as_array().unwrap().len())
    };
    let (slow, warnings) = load("60s");
    assert_eq!((slow["meets_slo"].as_bool(), warnings), (Some(true), 0));
    let (fast, _) = load("12ms");
    assert!(
        fast["meets_slo"].as_bool() == Some(true) && fast["gpus"].as_u64() > slow["gpus"].as_u64()
    );
    let (hopeless, warnings) = load("1us");
    assert_eq!((hopeless["meets_slo"].as_bool(), warnings), (Some(false), 1));
}

#[test]
fn bands_hold_the_figure_and_are_wider_for_what_nobody_measured() {
    let chips = ["wall", "--chips", "b200-sxm,rubin,mi455x", "--model", "llama-3.1-8b"];
    let more = ["--workload", "chat", "--concurrency", "64", "--explain", "--json", "--no-report"];
    let arguments = [chips.as_slice(), &more].concat();
    let document = memwall(&arguments).document("memwall.wall/1");
    let mut widths = Vec::new();
    for row in document["rows"].as_array().unwrap() {
        let bands = row["bands"].as_object().unwrap();
        for (key, band) in bands {
            let [low, high] = ["low", "high"].map(|end| band[end].as_f64().unwrap());
            let figure = row.pointer(&format!("/{}", key.replace('.', "/"))).unwrap();
            let figure = figure.as_f64().unwrap();
            assert!(low <= figure && figure <= high, "{key}: {low} {figure} {high}");
            let of_time = ["time_share", "decode_bound", "overlap"];
            let is_share = of_time.iter().any(|kind| key.starts_with(kind));
            assert!((is_share && low >= 0.0 && high <= 1.0) || low > 0.0, "{key}: {low} {high}");
        }
        for key in
            ["time_share.latency", "decode_bound.hbm_bandwidth", "kv_hit_rate", "overlap.decode"]
        {
            assert!(bands.contains_key(key), "{key} has no band");
        }
        let tpot = &row["bands"]["tpot_ms_p50"];
        widths.push(tpot["high"].as_f64().unwrap() / tpot["low"].as_f64().unwrap());
        assert_eq!(row["band"], row["bands"]["output_tok_s_per_gpu"]);
        let causes = row["band_causes"].as_object().unwrap();
        let known: f64 = causes.values().map(|part| part.as_f64().unwrap()).sum();
        assert!(known <= 1.0 + 1e-6 && !causes.contains_key("time.experts"), "{causes:?}");
    }
    assert!(widths.is_sorted(), "{widths:?}");
}

#[test]
fn rows_have_every_key_and_shares_sum_to_one() {
    let document = memwall(&with(&["--json"])).document("memwall.wall/1");
    let rows = document["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        for key in KEYS {
            assert!(row.get(key).is_some(), "`{key}` is missing: {row}");
        }
        for shares in ["time_share", "decode_bound"] {
            assert!((sum(&row[shares]) - 1.0).abs() < 1e-4, "{shares}: {row}");
        }
        assert!(row["output_tok_s_per_gpu"].as_f64().unwrap() > 0.0);
    }
}

/// Little's law: clients in flight are tasks a second times the seconds of a task, of the very run
/// that the row is about.
#[test]
fn a_tasks_life_obeys_littles_law() {
    let document = memwall(&with(&["--json"])).document("memwall.wall/1");
    for row in document["rows"].as_array().unwrap() {
        let number = |path: &str| row.pointer(path).unwrap().as_f64().unwrap();
        let per_second = number("/tasks_per_hour_per_gpu") * number("/gpus") / 3600.0;
        let (life, elapsed) =
            (number("/life/seconds_per_task"), number("/life/elapsed_s_per_task"));
        assert!((elapsed * per_second / 4.0 - 1.0).abs() < 1e-4, "{elapsed} s at {per_second}/s");
        // Nobody in a chat has sub-agents.
        assert!((life / elapsed - 1.0).abs() < 1e-4, "{life} of {elapsed} s");
        assert!((number("/life/agents_at_work") / 4.0 - 1.0).abs() < 1e-4);
        assert!((sum(&row["life"]["share"]) - 1.0).abs() < 1e-4);
        let of = |stage: &Value| -> f64 {
            ["before_s", "prefill_s", "decode_s"].map(|part| sum(&stage[part])).iter().sum()
        };
        for along in ["by_context", "by_call"] {
            let all: f64 = row["life"][along].as_array().unwrap().iter().map(of).sum();
            assert!((all / life - 1.0).abs() < 1e-4, "{along}: {all} of {life} s");
        }
    }
}

#[test]
fn what_is_explained_says_where_decode_turns() {
    let text = memwall(&with(&["--explain", "--no-report", "--plan", "tp1"])).done();
    for word in ["8 k: KV", "FLOP/B", "Decode asks for", "reads more KV than", "format"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 160), "{text}");
}

#[test]
fn the_threads_do_not_show() {
    let one = with(&["--json", "--seed", "7"]);
    let bytes = memwall_on_threads(&one, 1).done();
    assert_eq!(memwall_on_threads(&one, 1).done(), bytes);
    assert_eq!(memwall_on_threads(&one, 2).done(), bytes);
    assert_ne!(memwall(&with(&["--json", "--seed", "8"])).done(), bytes);
}

#[test]
fn the_report_is_written_whole_and_stays_if_a_later_run_fails() {
    let folder = scratch("wall-report");
    let page = folder.join("wall.html");
    let path: &'static str = page.to_str().unwrap().to_owned().leak();
    let answer = memwall(&with(&["--report", path]));
    assert!(answer.stderr.contains("wall.html"), "{}", answer.stderr);
    assert!(answer.done().contains("H100 SXM"));
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.trim_end().ends_with("</html>"));
    memwall(&with(&["--report", path, "--plan", "tp7"])).refused(&["tp7"]);
    assert_eq!(fs::read_to_string(&page).unwrap(), html);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left");
}

#[test]
fn a_chip_on_which_the_model_does_not_fit_says_why() {
    let arguments = ["wall", "--chips", "l40s,h200-sxm", "--plan", "tp1", "--json"];
    let more = ["--workload", "chat", "--concurrency", "1", "--weights", "fp8"];
    let document = memwall(&[&arguments[..], &more].concat()).document("memwall.wall/1");
    let rows = document["rows"].as_array().unwrap();
    assert!(rows[0]["reason"].as_str().unwrap().contains("weights"), "{}", rows[0]);
    assert!(rows[0]["output_tok_s_per_gpu"].is_null());
    assert!(rows[1]["output_tok_s_per_gpu"].as_f64().unwrap() > 0.0, "{}", rows[1]);
}

#[test]
fn a_model_that_fits_nowhere_is_refused_with_what_it_needs() {
    let arguments = ["wall", "--chips", "l40s,h100-sxm", "--model", "deepseek-r1", "--plan", "tp1"];
    memwall(&arguments).refused(&["l40s", "h100-sxm", "deepseek-r1", "weights"]);
}

#[test]
fn unknown_names_get_the_nearest_one() {
    memwall(&["wall", "--chips", "h100-sxm,h200-smx"]).refused(&["did you mean `h200-sxm`?"]);
    memwall(&["wall", "--model", "llama-3.1-70bb"]).refused(&["did you mean `llama-3.1-70b`?"]);
    memwall(&["wall", "--workload", "agentic-codin"]).refused(&["did you mean `agentic-coding`?"]);
}

#[test]
fn flags_that_cannot_be_are_refused() {
    for (flag, value) in [
        ("--concurrency", "0"),
        ("--rate", "-1"),
        ("--rate", "nan"),
        ("--slo-ttft", "10"),
        ("--slo-tpot", "10 GB"),
        ("--plan", "8"),
        ("--kv", "fp3"),
        ("--max-batched-tokens", "0"),
        ("--cost", "guess"),
    ] {
        memwall(&["wall", &format!("{flag}={value}")]).refused(&[flag, value]);
    }
}

#[test]
fn figures_are_kept_as_svg_and_png() {
    let folder = scratch("wall-figures").join("figures");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("ladder.svg"), "old").unwrap();
    let name = folder.to_str().unwrap();
    memwall(&[SHORT.as_slice(), &["--json", "--figures", name]].concat()).done();
    let names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for chart in ["ladder", "shares", "roofline-h100-sxm", "turns-b200-sxm", "multiples"] {
        for end in ["svg", "png"] {
            assert!(names.contains(&format!("{chart}.{end}")), "{chart}.{end} of {names:?}");
        }
    }
    assert!(fs::read_to_string(folder.join("ladder.svg")).unwrap().starts_with("<svg"));
    assert!(fs::read(folder.join("ladder.png")).unwrap().starts_with(b"\x89PNG"));
    assert!(names.iter().all(|name| !name.starts_with('.')), "no scraps: {names:?}");
}

#[test]
fn a_model_beyond_a_domain_is_tried_across_domains() {
    let wall = |model: &str| {
        let arguments = ["wall", "--chips", "h100-sxm", "--workload", "chat", "--concurrency", "4"];
        let more = ["--no-report", "--json", "--precision", "same", "--model", model];
        let document = memwall(&[&arguments[..], &more].concat()).document("memwall.wall/1");
        document["rows"][0].clone()
    };
    // 810 GB of weights on boxes of eight times 80 GB.
    let dense = wall("llama-3.1-405b");
    assert_eq!(dense["parallel"], "tp8-pp2", "{dense}");
    assert_eq!(dense["gpus"], 16);
}

#[test]
fn the_nearest_plan_that_fits_may_lie_across_domains() {
    let arguments = ["run", "--chip", "h100-sxm", "--tp", "8", "--model", "llama-3.1-405b"];
    let more = ["--weights", "bf16", "--workload", "chat"];
    memwall(&[&arguments[..], &more].concat()).refused(&["as tp8", "tp4-pp3 fits"]);
}
