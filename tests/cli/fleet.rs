//! Fleets from the command line: shipped scenarios, what they report, and what is refused.

use serde_json::Value;

use super::program::memwall;

const SHORT: [&str; 10] = [
    "run",
    "--model",
    "llama-3.1-8b",
    "--chip",
    "h100-sxm",
    "--workload",
    "chat",
    "--tasks",
    "60",
    "--concurrency",
];

fn run(more: &[&str]) -> Value {
    memwall(&[&SHORT, ["16", "--json"].as_slice(), more].concat()).document("memwall.run/1")
}

#[test]
fn a_single_replica_says_nothing_of_fleets() {
    assert!(run(&[]).get("fleet").is_none());
    assert_eq!(run(&["--routing", "kv-aware", "--replicas", "1"]), run(&[]));
}

#[test]
fn every_request_of_a_fleet_is_answered_once() {
    let alone = run(&[]);
    let disaggregated = ["--replicas", "2", "--prefill-replicas", "1", "--local-below", "200"];
    let fails = ["--replicas", "3", "--fail-every", "20s", "--repair", "5s"];
    let outage = ["--replicas", "2", "--outage", "1@5s+10s", "0@30s+5s"];
    for flags in [disaggregated.as_slice(), &fails, &outage] {
        let document = run(flags);
        assert_eq!(document["requests"]["completed"], alone["requests"]["completed"], "{flags:?}");
        assert_eq!(document["tokens"]["output"], alone["tokens"]["output"], "{flags:?}");
        assert_eq!(document["tokens"]["prompt"], alone["tokens"]["prompt"], "{flags:?}");
        let both = [flags, &["--engine", "stepwise"]].concat();
        assert_eq!(run(&both), document, "{flags:?}");
    }
}

#[test]
fn pools_hand_overs_and_failures_are_reported() {
    let more = ["--replicas", "2", "--prefill-replicas", "1", "--prefill-chip", "b200-sxm"];
    let fleet = &run(&[more.as_slice(), &["--kv", "fp8", "--fail-every", "10s"]].concat())["fleet"];
    let pools = fleet["pools"].as_array().unwrap();
    let roles: Vec<_> = pools.iter().map(|pool| pool["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["decode", "prefill"]);
    assert_eq!((&fleet["gpus"], &pools[1]["chip"]), (&3.into(), &"b200-sxm".into()));
    assert_eq!(fleet["handoff"]["link"], "network");
    assert!(fleet["handoff"]["prompts"].as_u64().unwrap() > 0);
    assert!(fleet["faults"]["failures"].as_u64().unwrap() > 0);
}

#[test]
fn switching_a_mechanism_off_leaves_the_others_as_they_were() {
    // Failures that come after the end, and cores for all, change nothing but their own figures.
    let document = |more: &[&str]| {
        let mut document = run(&[&["--replicas", "2", "--outage", "0@5s+5s"], more].concat());
        document["fleet"].as_object_mut().unwrap().remove("tools");
        document
    };
    let cores = ["--host-cores", "100000"];
    assert_eq!(document(&cores), document(&[]));
    assert_eq!(document(&["--fail-every", "2000h"])["latency"], document(&[])["latency"]);
}

#[test]
fn shipped_scenarios_run_and_flags_win() {
    let names = ["disaggregated", "failures", "host-cores", "prefill-on-older-chips", "routing"];
    for name in names.into_iter().chain(["speculative"]) {
        let arguments = ["run", name, "--duration", "3min", "--warmup", "30s", "--json"];
        let document = memwall(&arguments).document("memwall.run/1");
        assert!(document["requests"]["completed"].as_u64().unwrap() > 0, "{name}");
        let fleet = document["fleet"].as_object().unwrap();
        for (key, owner) in
            [("handoff", "disaggregated"), ("faults", "failures"), ("tools", "host-cores")]
        {
            assert!(fleet.contains_key(key) || name != owner, "{name} has no {key}");
        }
    }
    assert!(
        memwall(&["run", "routing", "--duration", "3min", "--warmup", "30s"])
            .done()
            .contains("kv-aware")
    );
}

#[test]
fn drafts_speed_decode_up_as_far_as_they_are_accepted() {
    let tpot = |more: &[&str]| {
        let document = run(more);
        document["latency"]["tpot_ms"]["p50"].as_f64().unwrap()
    };
    let plain = tpot(&[]);
    let drafts = ["--draft-tokens", "2", "--acceptance", "1.8,2.4"];
    assert!(tpot(&drafts) < 0.75 * plain);
    assert!(tpot(&["--draft-tokens", "2", "--acceptance", "1,1"]) > plain);
    // Where drafts are never accepted, none is made.
    let careful = tpot(&["--draft-tokens", "2", "--acceptance", "1,1", "--adaptive-depth"]);
    assert!((careful / plain - 1.0).abs() < 1e-3, "{careful} {plain}");
    assert_eq!(run(&[&drafts, ["--engine", "stepwise"].as_slice()].concat()), run(&drafts));
}

#[test]
fn impossible_combinations_are_refused_with_the_reason() {
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&SHORT, ["4"].as_slice(), more].concat()).refused(parts);
    };
    refused(
        &["--local-below", "9"],
        &["--prefill-replicas 0: no replica prefills", "leave --local-below out"],
    );
    refused(&["--prefill-plan", "tp2"], &["--prefill-plan", "--prefill-replicas"]);
    refused(&["--replicas", "2", "--outage", "2@5s"], &["--outage 2", "numbered 0 to 1"]);
    refused(&["--outage", "0:5s"], &["0:5s", "2@10min"]);
    refused(&["--routing", "nearest"], &["nearest", "prefix-affinity"]);
    refused(&["--replicas", "2", "--explain"], &["--explain", "bands of fleets"]);
    refused(&["--replicas", "0"], &["--replicas", "0"]);
    refused(&["--draft-tokens", "2"], &["llama-3.1-8b accepts is not known", "--acceptance"]);
    refused(&["--adaptive-depth"], &["--adaptive-depth", "no token is drafted"]);
    let many = ["--draft-tokens", "1", "--acceptance", "2.5"];
    refused(&many, &["--acceptance", "1 draft tokens cannot gain 2.5", "give 1 to 2"]);
    let wire = ["--prefill-replicas", "1", "--handoff-bandwidth", "0GB/s"];
    refused(&wire, &["--handoff-bandwidth", "0GB/s", "more than nothing"]);
    refused(&["--fail-every", "1us"], &["--fail-every", "1us", "100ms"]);
    refused(&["--capex", "--pue", "0.2"], &["--pue", "0.2", "from 1 on"]);
    refused(&["--host-cores", "4", "--tool-cpu-share", "2"], &["--tool-cpu-share", "2"]);
    memwall(&["run", "no-such-scenario"]).refused(&["no-such-scenario"]);
}
