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
    for name in names.into_iter().chain(["speculative", "part-failures", "part-rates"]) {
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
    memwall(&["run", "no-such-scenario"]).refused(&["no-such-scenario", "run --help"]);
    memwall(&["run", "piplines"]).refused(&["piplines", "did you mean `pipeline`?"]);
}

#[test]
fn a_replica_without_a_stack_is_slower_until_it_is_back() {
    let work = ["run", "--model", "llama-3.1-8b", "--chip", "h100-sxm", "--json"];
    let work = [&work, ["--workload", "chat", "--tasks", "80", "--concurrency", "16"].as_slice()];
    let run =
        |more: &[&str]| memwall(&[work.concat(), more.to_vec()].concat()).document("memwall.run/1");
    let number = |document: &Value, path: &str| document.pointer(path).unwrap().as_f64().unwrap();
    let tpot = |document: &Value| number(document, "/latency/tpot_ms/p50");
    let whole = run(&["--outage", "0@1ms+1ms"]);
    let never_back = ["--part-fault", "0:stack@1ms", "--restart", "1ms"];
    let lesser = run(&never_back);
    // Of five stacks one is gone: decode, which reads, is slower by less than its share.
    let slower = tpot(&lesser) / tpot(&whole);
    assert!((1.03..1.25).contains(&slower), "{slower}");
    for document in [&whole, &lesser] {
        assert_eq!(document["requests"]["submitted"], document["requests"]["completed"]);
    }
    assert_eq!(whole["tokens"]["output"], lesser["tokens"]["output"]);
    assert_eq!(run(&[never_back.as_slice(), &["--engine", "stepwise"]].concat()), lesser);
    // In the middle of it, with a replica beside it, and back: one failure, two starts, and work
    // done again.
    let middle = ["--replicas", "2", "--part-fault", "1:stack@20s+30s", "--restart", "5s"];
    let document = run(&middle);
    let faults = &document["fleet"]["faults"];
    assert_eq!((&faults["failures"], &faults["degraded_s"]), (&1.into(), &30.0.into()));
    assert_eq!(faults["down_s"], 10.0);
    assert_eq!(document["requests"]["completed"], whole["requests"]["completed"]);
    assert_eq!(document["tokens"]["output"], whole["tokens"]["output"]);
    assert_eq!(run(&[middle.as_slice(), &["--engine", "stepwise"]].concat()), document);
    // What was at work there is done again elsewhere, once.
    let busy = ["--rate", "2", "--replicas", "2", "--part-fault", "1:stack@20s+30s"];
    let work = ["run", "--model", "llama-3.1-8b", "--workload", "chat", "--tasks", "120"];
    let busy = [work.as_slice(), &busy, &["--restart", "5s", "--json"]].concat();
    let document = memwall(&busy).document("memwall.run/1");
    assert!(number(&document, "/fleet/faults/lost_tokens") > 0.0);
    assert_eq!(document["requests"]["submitted"], document["requests"]["completed"]);
    // A chip takes its replica along, as an outage does.
    let chip = run(&["--replicas", "2", "--part-fault", "1:chip@20s+30s"]);
    assert_eq!(chip, run(&["--replicas", "2", "--outage", "1@20s+30s"]));
}

#[test]
fn a_replica_with_less_of_its_links_waits_longer_for_them() {
    let run = |more: &[&str]| {
        let work = [&SHORT, ["8", "--json", "--tp", "4"].as_slice(), more].concat();
        memwall(&work).document("memwall.run/1")
    };
    let tpot = |document: &Value| document["latency"]["tpot_ms"]["p50"].as_f64().unwrap();
    let whole = run(&["--outage", "0@1ms+1ms"]);
    let lesser = run(&["--part-fault", "0:link=0.9@1ms", "--restart", "1ms"]);
    assert!(tpot(&lesser) > tpot(&whole), "{} {}", tpot(&lesser), tpot(&whole));
    let links = |document: &Value| document["time_share"]["interconnect"].as_f64();
    assert!(links(&lesser) > links(&whole));
}

#[test]
fn parts_that_are_not_there_do_not_fail() {
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&SHORT, ["4"].as_slice(), more].concat()).refused(parts);
    };
    refused(&["--part-fault", "0:fan@5s"], &["0:fan@5s", "0:stack@10min+5min"]);
    refused(&["--part-fault", "1:stack@5s"], &["--part-fault 1", "numbered 0 to 0"]);
    refused(&["--part-fault", "0:link=1@5s"], &["--part-fault", "more than 0 and less than 1"]);
    refused(&["--restart", "5s"], &["--restart", "no part fails"]);
    let twice = ["--part-fault", "0:stack@5s", "0:link=0.5@9s"];
    refused(&twice, &["--part-fault 0", "two parts of one replica"]);
    let flags = ["--chip", "l40s", "--part-fault", "0:stack@5s"];
    memwall(&[["run", "--model", "llama-3.1-8b"].as_slice(), &flags].concat())
        .refused(&["--part-fault l40s", "no stacks"]);
}

#[test]
fn parts_fail_at_rates_and_switching_a_kind_off_leaves_the_others() {
    let work = ["run", "--model", "llama-3.1-8b", "--workload", "chat", "--concurrency", "16"];
    let length = ["--duration", "10min", "--warmup", "1min", "--restart", "10s", "--json"];
    let work = [work.as_slice(), &length, &["--replicas", "3", "--repair", "30s"]].concat();
    let run = |rates: &[&str]| {
        let rates = [["--part-faults"].as_slice(), rates].concat();
        memwall(&[work.as_slice(), &rates].concat()).document("memwall.run/1")
    };
    let parts = |document: &Value| document["fleet"]["faults"]["parts"].clone();
    let chips = run(&["chip=5min"]);
    let both = run(&["chip=5min", "stack=1h"]);
    // Three chips for ten minutes: six failures on average. Those of stacks come on top.
    assert!((1..=14).contains(&parts(&chips)["chips"].as_u64().unwrap()), "{}", parts(&chips));
    assert_eq!(parts(&both)["chips"], parts(&chips)["chips"]);
    assert_eq!((&parts(&chips)["stacks"], &parts(&chips)["links"]), (&0.into(), &0.into()));
    assert!(parts(&both)["stacks"].as_u64() > Some(0), "{}", parts(&both));
    let sum: u64 = ["chips", "stacks", "links", "nics"]
        .map(|k| parts(&both)[k].as_u64().unwrap())
        .iter()
        .sum();
    assert_eq!(both["fleet"]["faults"]["failures"], sum);
    let stepwise = ["chip=5min", "stack=1h", "--engine", "stepwise"];
    assert_eq!(run(&stepwise), both);
    // As often as published nothing fails in ten minutes.
    assert_eq!(run(&["published"])["fleet"]["faults"]["failures"], 0);
    assert!(run(&["published", "x1e6"])["fleet"]["faults"]["failures"].as_u64() > Some(0));
}

#[test]
fn nics_delay_hand_overs_and_restart_what_spans_domains() {
    let work = ["run", "--model", "llama-3.1-8b", "--workload", "chat", "--rate", "6"];
    let length = ["--duration", "3min", "--warmup", "10s", "--json"];
    let pools = ["--prefill-replicas", "1", "--tp", "4", "--handoff-bandwidth", "300MB/s"];
    let work = [work.as_slice(), &length, &pools].concat();
    let run = |more: &[&str]| memwall(&[work.as_slice(), more].concat()).document("memwall.run/1");
    let p50 = |run: &Value| run["fleet"]["handoff"]["transfer_ms"]["p50"].as_f64().unwrap();
    let faults = |run: &Value| run["fleet"]["faults"].clone();
    let [whole, less] = [run(&[]), run(&["--part-fault", "1:nic=3@20s"])];
    assert!(p50(&less) > 2.0 * p50(&whole), "{} {}", p50(&less), p50(&whole));
    assert_eq!(faults(&less)["failures"], 1);
    assert!(faults(&less)["nics"]["narrow_s"].as_f64() > Some(150.0), "{}", faults(&less));
    let answered = |run: &Value| run["requests"]["completed"].as_u64().unwrap();
    assert!(answered(&less) <= answered(&whole), "what is asked next waits for the answer before");
    // A part of the hand-overs' link alone: nothing is lost, and no replica is down.
    assert_eq!((&faults(&less)["lost_tokens"], &faults(&less)["down_s"]), (&0.into(), &0.0.into()));
    let drawn = run(&["--part-faults", "nic=2min", "--repair", "5s"]);
    let nics = &faults(&drawn)["nics"];
    assert!(faults(&drawn)["parts"]["nics"].as_u64() > Some(3), "{}", faults(&drawn));
    assert!(nics["restarted_handoffs"].as_u64() > Some(0), "{nics}");
    let stepwise = ["--part-faults", "nic=2min", "--repair", "5s", "--engine", "stepwise"];
    assert_eq!(run(&stepwise), drawn);
    // Sixteen chips in two domains, one of which has a NIC left.
    let wide = ["run", "--model", "llama-3.1-8b", "--tp", "16", "--json", "--concurrency", "64"];
    let lacks = ["--part-fault", "0:nic=7@30s", "--restart", "5s"];
    let short = ["--duration", "60s", "--warmup", "40s", "--workload", "chat"];
    let run = |more: &[&str]| memwall(&[&wide, short.as_slice(), more].concat());
    let [whole, lesser] = [run(&[]), run(&lacks)].map(|run| run.document("memwall.run/1"));
    let tpot = |run: &Value| run["latency"]["tpot_ms"]["p50"].as_f64().unwrap();
    assert!(tpot(&lesser) > tpot(&whole), "{} {}", tpot(&lesser), tpot(&whole));
    assert_eq!(faults(&lesser)["down_s"].as_f64(), Some(5.0));
    let refused = |part: &str, parts: &[&str]| {
        memwall(&[&SHORT, ["4", "--part-fault", part].as_slice()].concat()).refused(parts);
    };
    refused("0:nic@5s", &["0:nic=1", "nothing passes over its NICs", "--handoff-bandwidth"]);
    refused("0:nic=0@5s", &["0:nic=0@5s", "2:nic=4@1min"]);
    refused("0:nic=9@5s", &["0:nic=9", "no more than 1", "fewer"]);
}

#[test]
fn rates_that_cannot_be_meant_are_refused() {
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&SHORT, ["4"].as_slice(), more].concat()).refused(parts);
    };
    refused(&["--part-faults", "fan=5h"], &["fan=5h", "published x100"]);
    refused(&["--part-faults", "x100"], &["--part-faults", "published x100"]);
    refused(&["--part-faults", "published", "chip=5h"], &["--part-faults", "either"]);
    refused(&["--part-faults", "published", "x2", "x3"], &["--part-faults", "twice"]);
    refused(&["--part-faults", "chip=5h chip=6h"], &["--part-faults", "twice"]);
    refused(&["--part-faults", "published x1e12"], &["x1e12", "x1000000000"]);
    let twice = ["--part-faults", "published", "--outage", "0@5s"];
    refused(&twice, &["--outage", "--part-faults"]);
    // What a schedule puts after the end of the run is said.
    let late = [&SHORT, ["4", "--outage", "0@100h", "--json"].as_slice()].concat();
    let document = memwall(&late).document("memwall.run/1");
    let warnings = document["warnings"].to_string();
    assert!(warnings.contains("1 of the faults") && warnings.contains("--duration"), "{warnings}");
}

#[test]
fn users_wait_at_the_door_for_their_own_tasks() {
    let work = ["run", "--model", "llama-3.1-8b", "--workload", "chat", "--tasks", "300"];
    let load = ["--rate", "2", "--seed", "3", "--json"];
    let run =
        |more: &[&str]| memwall(&[work.as_slice(), &load, more].concat()).document("memwall.run/1");
    let plain = run(&[]);
    assert!(plain.get("users").is_none());
    let strict = run(&["--users", "10", "--per-user", "2"]);
    let users = &strict["users"];
    assert_eq!((&users["tasks"], &users["waiting"]), (&300.into(), &0.into()));
    assert!(users["waited_share"].as_f64().unwrap() > 0.1, "{users}");
    assert!(users["wait_ms"]["p99"].as_f64() > users["wait_ms"]["mean"].as_f64(), "{users}");
    assert!((0.1..0.9).contains(&users["fairness"].as_f64().unwrap()), "{users}");
    // The same work is done, only later.
    for figure in ["output", "prompt"] {
        assert_eq!(strict["tokens"][figure], plain["tokens"][figure]);
    }
    let stepwise = run(&["--users", "10", "--per-user", "2", "--engine", "stepwise"]);
    assert_eq!(stepwise, strict);
    // A door that is wide enough holds nobody up.
    let wide = run(&["--users", "10", "--per-user", "300"]);
    assert_eq!(
        (&wide["users"]["waited_share"], &wide["latency"]),
        (&0.0.into(), &plain["latency"])
    );
    // Alike users get alike shares.
    let alike = run(&["--users", "10", "--per-user", "2", "--user-skew", "0"]);
    assert!(alike["users"]["fairness"].as_f64() > users["fairness"].as_f64());
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[["run", "--workload", "chat"].as_slice(), more].concat()).refused(parts);
    };
    let closed = ["--users", "4", "--per-user", "2", "--concurrency", "8"];
    refused(&closed, &["--users 4", "closed loop", "--rate"]);
    refused(&["--users", "4", "--rate", "1"], &["--users 4", "give --per-user"]);
    refused(&["--user-skew", "2", "--rate", "1"], &["--user-skew 2", "give --users"]);
    // Flags win over a scenario's keys, one by one.
    let short = ["--duration", "30min", "--warmup", "10min", "--json"];
    let scenario = |more: &[&str]| {
        memwall(&[["run", "per-user"].as_slice(), &short, more].concat()).document("memwall.run/1")
    };
    assert_eq!(scenario(&[])["users"]["per_user"], 4);
    assert_eq!(scenario(&["--per-user", "100"])["users"]["waited_share"], 0.0);
}
