//! `memwall plan`, and what a task costs in `memwall run`.

use serde_json::Value;

use crate::cli::program::memwall;

const WORK: [&str; 4] = ["--model", "llama-3.1-8b", "--workload", "chat"];

fn plan(more: &[&str]) -> Value {
    let arguments = [&["plan", "--chips", "h100-sxm,gb300", "--json"], &WORK[..], more].concat();
    memwall(&arguments).document("memwall.plan/1")
}

#[test]
fn fleets_carry_the_peak_and_come_best_first() {
    let document = plan(&["--tasks-per-hour", "200000", "--peak", "2", "--spare", "1"]);
    let fleets = document["fleets"].as_array().unwrap();
    assert_eq!(fleets.len(), 2);
    let number = |fleet: &Value, key: &str| fleet[key].as_f64().unwrap();
    for fleet in fleets {
        let able = number(fleet, "replicas") * number(fleet, "tasks_per_hour_per_replica");
        let one = number(fleet, "tasks_per_hour_per_replica");
        assert!(able - one >= 399_999.0 && able - 2.0 * one < 400_000.0, "{fleet}");
        assert!((number(fleet, "load") - 400_000.0 / able).abs() < 1e-4);
        assert!(fleet["slo"]["ttft_ms_p99"].as_f64().unwrap() <= 10_000.0);
        assert!(!fleet["binding"].as_str().unwrap().is_empty());
    }
    assert!(number(&fleets[0], "usd_per_hour") <= number(&fleets[1], "usd_per_hour"));
    assert!(fleets.iter().any(|fleet| fleet["on_frontier"] == true));
}

#[test]
fn what_no_fleet_can_meet_names_the_constraint() {
    let arguments = [&["plan", "--chips", "gb300", "--tasks-per-hour", "1e6"], &WORK[..]].concat();
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&arguments, more].concat()).refused(parts);
    };
    refused(&["--max-gpus", "1"], &["--max-gpus 1", "gb300 needs", "GPUs"]);
    refused(&["--max-facility-kw", "0.5"], &["--max-facility-kw", "kW"]);
    refused(&["--slo-tpot", "100us"], &["gb300", "TPOT"]);
}

#[test]
fn a_task_costs_its_parts() {
    let run = |more: &[&str]| {
        let arguments = ["run", "--chip", "gb300", "--concurrency", "16", "--duration", "10min"];
        let all = [&arguments[..], &["--warmup", "1min", "--json"], &WORK, more].concat();
        memwall(&all).document("memwall.run/1")
    };
    let document = run(&["--usd-per-gpu-hour", "3", "--api", "gpt-5.4"]);
    let task = &document["task"];
    let number =
        |path: &str| path.split('.').fold(task, |value, key| &value[key]).as_f64().unwrap();
    // Seconds of a chip at three dollars an hour.
    assert!((number("usd") / (number("gpu_s") * 3.0 / 3600.0) - 1.0).abs() < 1e-4);
    assert!((number("usd_per_hour") - 3.0).abs() < 1e-9);
    let parts = ["idle", "compute", "memory", "links", "host"];
    let sum: f64 = parts.iter().map(|part| number(&format!("joules.{part}"))).sum();
    assert!((sum / number("joules.it") - 1.0).abs() < 1e-4);
    assert!((number("joules.facility") / number("joules.it") - 1.22).abs() < 1e-4);
    // By the list price of gpt-5.4: 2.50, 0.25 and 15 dollars a million.
    let listed = number("tokens.fresh") * 2.5e-6
        + number("tokens.cached") * 0.25e-6
        + number("tokens.output") * 15e-6;
    assert!((number("api.usd_per_task") / listed - 1.0).abs() < 1e-4);
    let share = number("usd") / number("api.usd_per_task");
    assert!((number("api.silicon_share") / share - 1.0).abs() < 1e-4);
    // What prefill and decode cost adds up to the whole.
    let by_kind = number("usd_per_mtok.fresh") * number("tokens.fresh")
        + number("usd_per_mtok.output") * number("tokens.output");
    assert!((by_kind / 1e6 / number("usd") - 1.0).abs() < 0.05, "{by_kind}");
    assert_eq!(run(&["--capex"])["task"]["basis"], "capex");
    memwall(&["run", "--api", "gpt-9"]).refused(&["gpt-9", "no list price"]);
}
