//! A cheap model first: what goes on to a better one, and what that takes.

use serde_json::Value;

use super::program::memwall;

const SHORT: [&str; 12] = [
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
    "12",
    "--json",
];

const BETTER: [&str; 6] =
    ["--escalate-to", "llama-3.1-70b", "--escalate-plan", "tp4", "--escalate-chip", "h200-sxm"];

fn run(more: &[&str]) -> Value {
    memwall(&[&SHORT, more].concat()).document("memwall.run/1")
}

fn at_rate(rate: &str, more: &[&str]) -> Value {
    run(&[BETTER.as_slice(), &["--escalate", rate, "--replicas", "2"], more].concat())
}

fn number(document: &Value, path: &str) -> f64 {
    document.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path}"))
}

#[test]
fn a_better_model_that_nothing_goes_to_changes_nothing() {
    let (alone, none) = (run(&["--replicas", "2"]), at_rate("0", &[]));
    for key in ["requests", "tokens", "latency", "decode_bound"] {
        assert_eq!(alone[key], none[key], "{key}");
    }
    assert_eq!(alone["fleet"]["pools"], none["fleet"]["pools"]);
    assert_eq!(alone["throughput"]["output_tok_s"], none["throughput"]["output_tok_s"]);
    // Its chips are there, and cost.
    assert_eq!((&alone["fleet"]["gpus"], &none["fleet"]["gpus"]), (&2.into(), &6.into()));
    assert_eq!(none["fleet"]["escalation"]["escalated"], 0);
    assert!(none["fleet"]["escalation"]["usd_per_escalation"].is_null());
}

#[test]
fn what_fails_is_not_counted_twice() {
    let arguments = [&SHORT, BETTER.as_slice(), &["--escalate", "0.5", "--success", "0.5"]];
    memwall(&arguments.concat()).refused(&["--success", "--escalate"]);
}

#[test]
fn escalated_tasks_are_done_twice_and_paid_for_twice() {
    let (alone, some, all) = (run(&["--replicas", "2"]), at_rate("0.3", &[]), at_rate("1", &[]));
    for path in ["/requests/completed", "/tokens/output", "/tokens/prompt"] {
        let count = |document: &Value| document.pointer(path).and_then(Value::as_u64).unwrap();
        let [alone, some, all] = [&alone, &some, &all].map(count);
        assert!(all == 2 * alone && alone < some && some < all, "{path}: {alone} {some} {all}");
    }
    let escalation = &some["fleet"]["escalation"];
    let (tasks, escalated) = (number(escalation, "/tasks"), number(escalation, "/escalated"));
    assert_eq!(escalation["tasks"], 60);
    assert!((8.0..=30.0).contains(&escalated), "{escalated}");
    let first = number(escalation, "/first_wall_s/p50");
    assert!(number(escalation, "/escalated_wall_s/p50") > first);
    // An average task pays for its attempt, and for its share of the escalations.
    let usd = number(escalation, "/usd_per_attempt")
        + escalated / tasks * number(escalation, "/usd_per_escalation");
    assert!((usd / number(&some, "/task/usd") - 1.0).abs() < 1e-4, "{usd}");
    // The better model computes as much as the first where all goes on to it.
    let seconds = number(&all, "/sim/simulated_s");
    let of = |pool: &Value| {
        let gpus = number(pool, "/gpus") * number(pool, "/replicas");
        number(pool, "/output_tok_s_per_gpu") * gpus * seconds
    };
    let [first, better] = [&all["fleet"]["pools"][0], &all["fleet"]["escalation"]["pool"]].map(of);
    assert!((first / better - 1.0).abs() < 1e-3, "{first} {better}");
}

#[test]
fn both_engines_agree_and_other_mechanisms_stay_on() {
    let more = ["--host-cores", "4", "--outage", "0@20s+5s", "--routing", "session-affinity"];
    let fast = at_rate("0.5", &more);
    let slow = at_rate("0.5", &[&more, ["--engine", "stepwise"].as_slice()].concat());
    assert_eq!(fast, slow);
    assert!(number(&fast, "/fleet/faults/failures") >= 1.0);
    let requests = &fast["requests"];
    assert_eq!(requests["submitted"], requests["completed"]);
}

#[test]
fn escalation_is_told_and_refused_with_the_reason() {
    let words = [&SHORT[..11], &BETTER, ["--escalate", "0.5"].as_slice()].concat();
    let text = memwall(&words).done();
    assert!(text.contains("better   1 × h200-sxm tp4") && text.contains("Escalated: "), "{text}");
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&SHORT, more].concat()).refused(parts);
    };
    refused(&["--escalate", "0.5"], &["--escalate", "no better model", "--escalate-to"]);
    refused(&["--escalate-to", "llama-3.1-70b"], &["--escalate"]);
    refused(&["--escalate-to", "gpt-9", "--escalate", "1"], &["gpt-9"]);
    refused(&["--escalate", "1.5"], &["1.5", "a share from 0 to 1"]);
    let explained = [&BETTER[..4], &["--escalate", "1", "--explain"]].concat();
    refused(&explained, &["--explain"]);
    let scenario = ["run", "model-routing", "--duration", "10min", "--warmup", "2min", "--json"];
    let document = memwall(&scenario).document("memwall.run/1");
    assert!(number(&document, "/fleet/escalation/escalated") > 0.0);
}
