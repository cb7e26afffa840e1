//! Who is served first, and when: priorities, delayed prompts, overlap scheduling, compaction.

use serde_json::Value;

use super::program::memwall;

fn run(arguments: &[&str]) -> Value {
    memwall(&[&["run", "--json"], arguments].concat()).document("memwall.run/1")
}

fn refused(arguments: &[&str], parts: &[&str]) {
    memwall(&[&["run"], arguments].concat()).refused(parts);
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is a number"))
}

/// The median time to first token of the class at `place`.
fn wait(document: &Value, place: usize) -> f64 {
    number(&document["classes"][place]["ttft_ms"]["p50"])
}

#[test]
fn the_urgent_wait_less_and_others_more() {
    let short = ["--duration", "40min", "--warmup", "15min"];
    let of = |more: &[&str]| run(&[&["priorities"], short.as_slice(), more].concat());
    let (ranked, alike) = (of(&[]), of(&["--scheduling", "fcfs"]));
    assert_eq!(ranked["classes"][0]["class"], "foreground");
    assert_eq!(ranked["classes"][1]["class"], "background");
    let requests = |document: &Value| {
        let classes = document["classes"].as_array().unwrap();
        classes.iter().map(|class| number(&class["requests"])).sum::<f64>()
    };
    let rate = number(&ranked["throughput"]["requests_per_s"]);
    assert!((requests(&ranked) / (rate * 25.0 * 60.0) - 1.0).abs() < 0.01, "{rate}");
    assert!(3.0 * wait(&ranked, 0) < wait(&ranked, 1), "{}", ranked["classes"]);
    assert!(wait(&ranked, 0) < wait(&alike, 0), "{}", alike["classes"]);
    // Who takes places waits least of all, and others are computed again for it.
    let taking = of(&["--scheduling", "preemptive"]);
    let longest = |document: &Value| number(&document["classes"][0]["ttft_ms"]["p99"]);
    assert!(longest(&taking) < longest(&ranked), "{}", taking["classes"]);
    let preempted = |document: &Value| number(&document["classes"][1]["preempted"]);
    assert!(preempted(&taking) > preempted(&ranked), "{}", taking["classes"]);
    // A run whose requests are all alike has no classes.
    let plain = run(&["--workload", "chat", "--tasks", "20"]);
    assert!(plain.get("classes").is_none());
    let work = ["--workload", "chat"];
    let refused = |more: &[&str], parts: &[&str]| refused(&[&work, more].concat(), parts);
    refused(&["--scheduling", "priority"], &["equally urgent", "--background"]);
    let urgent = ["--background", "0.5", "--scheduling", "preemptive"];
    refused(
        &[&urgent, ["--engine-profile", "trtllm"].as_slice()].concat(),
        &["preemptive", "answer"],
    );
    refused(&["--background", "0.5", "--percentiles", "sketch"], &["--percentiles sketch"]);
    refused(&["--background", "2"], &["--background", "at most 1"]);
    refused(&["--sub-agents-last"], &["--sub-agents-last", "has none"]);
}

#[test]
fn marking_the_background_changes_nothing_but_the_report() {
    let work = ["--model", "llama-3.1-8b", "--workload", "agentic-coding", "--tasks", "6"];
    let plain = run(&work);
    for more in [["--sub-agents-last"].as_slice(), &["--background", "0.3"]] {
        let mut marked = run(&[&work, more].concat());
        assert!(marked.as_object_mut().unwrap().remove("classes").is_some(), "{more:?}");
        assert_eq!(marked, plain);
    }
}

#[test]
fn delayed_prompts_stop_answers_less_often() {
    let short = ["--duration", "4min", "--warmup", "1min"];
    let delayed = run(&[["prefill-delay"].as_slice(), &short].concat());
    let work = ["--model", "llama-3.1-8b", "--chip", "h200-sxm", "--workload", "chat"];
    let how = ["--engine-profile", "sglang", "--limits", "shipped", "--rate", "12"];
    let plain = run(&[work.as_slice(), &how, &short].concat());
    let of = |document: &Value, latency: &str| number(&document["latency"][latency]["mean"]);
    assert!(of(&delayed, "tpot_ms") < of(&plain, "tpot_ms"));
    assert!(of(&delayed, "ttft_ms") > of(&plain, "ttft_ms"));
    // Chunks of a prompt are many and small where they are bounded.
    let whole = run(&[work.as_slice(), &["--tasks", "40"]].concat());
    let bounded = run(&[work.as_slice(), &["--tasks", "40", "--longest-chunk", "64"]].concat());
    assert_eq!(bounded["tokens"], whole["tokens"]);
    assert!(of(&bounded, "ttft_ms") > of(&whole, "ttft_ms"));
    memwall(&["run", "--prefill-fill", "0.5"]).refused(&["--prefill-delay"]);
}

#[test]
fn scheduling_beside_the_kernels_hides_what_was_fitted_and_no_more() {
    let short = ["--duration", "1min", "--warmup", "10s"];
    let of = |how: &str| {
        let how = ["--overlap-scheduling", how];
        run(&[["overlap-scheduling"].as_slice(), &short, &how].concat())
    };
    let (full, shipped) = (of("full"), of("shipped"));
    let host = |document: &Value| number(&document["time_share"]["host"]);
    assert!(host(&full) < 0.5 * host(&shipped), "{}", full["time_share"]);
    let tpot = |document: &Value| number(&document["latency"]["tpot_ms"]["p50"]);
    // 696 us a step, and 7.5 us a sequence of at most 128.
    let spared = tpot(&shipped) - tpot(&full);
    assert!((0.3..=0.696 + 0.0075 * 128.0).contains(&spared), "{spared}");
    let refused = |more: &[&str], parts: &[&str]| {
        refused(&[["--workload", "chat", "--overlap-scheduling"].as_slice(), more].concat(), parts);
    };
    refused(&["off"], &["--overlap-scheduling off", "not measured"]);
    refused(&["full", "--engine-profile", "sglang"], &["gaps between kernels", "leave it out"]);
    refused(&["full", "--cost", "roofline"], &["no host"]);
    refused(&["full", "--plan", "tp1-pp4"], &["scheduler of their own"]);
    refused(&["full", "--explain"], &["as it was fitted"]);
}

#[test]
fn summaries_are_calls_that_read_all_and_contexts_stay_short() {
    let work = ["--model", "llama-3.1-8b", "--workload", "agentic-coding", "--tasks", "8"];
    let of = |more: &[&str]| run(&[&work, more].concat());
    let count = |value: &Value| value.as_u64().expect("it is a count");
    let submitted = |document: &Value| count(&document["requests"]["submitted"]);
    let tokens = |document: &Value, kind: &str| count(&document["tokens"][kind]);
    let (plain, early) = (of(&[]), of(&["--compact-at", "50000"]));
    // Without calls of their own summaries cost nothing but what is prefilled anew.
    assert_eq!(submitted(&early), submitted(&plain));
    assert_eq!(tokens(&early, "output"), tokens(&plain, "output"));
    assert!(tokens(&early, "prompt") < tokens(&plain, "prompt"));
    let written = ["--compact-at", "50000", "--summary-call", "3000"];
    let written = of(&written);
    let calls = submitted(&written) - submitted(&early);
    assert!(calls > 0);
    assert_eq!(tokens(&written, "output") - tokens(&early, "output"), 3000 * calls);
    refused(&["--workload", "chat", "--compact-at", "50000"], &["no agents", "agentic-coding"]);
    refused(&["--compact-at", "20000"], &["20000 tokens", "at least 30000"]);
    refused(&["--compact-keep", "20000"], &["--summary-call"]);
    let longer = ["--compact-at", "60000", "--summary-call", "59000"];
    refused(&longer, &["60000 tokens", "at least 92500"]);
}

#[test]
fn engines_are_equal_with_each_of_them() {
    let base = ["--model", "llama-3.1-8b", "--chip", "h100-sxm", "--concurrency", "40"];
    let short = ["--duration", "2min", "--warmup", "20s", "--max-seqs", "24"];
    for more in [
        ["--workload", "chat", "--scheduling", "priority", "--background", "0.4"].as_slice(),
        &["--workload", "agentic-coding", "--scheduling", "priority", "--sub-agents-last"],
        &["--workload", "chat", "--scheduling", "preemptive", "--background", "0.4"],
        &["--workload", "chat", "--prefill-delay", "12", "--engine-profile", "sglang"],
        &["--workload", "chat", "--prefill-delay", "12", "--prefill-fill", "0.3"],
        &["--workload", "chat", "--longest-chunk", "100"],
        &["--workload", "chat", "--overlap-scheduling", "full"],
        &["--workload", "agentic-coding", "--compact-at", "40000", "--summary-call", "2000"],
    ] {
        let flags = [base.as_slice(), &short, more].concat();
        let stepwise = [&flags, ["--engine", "stepwise"].as_slice()].concat();
        assert_eq!(run(&flags), run(&stepwise), "{more:?}");
    }
}
