//! Shipped scenarios beside themselves with their mechanism otherwise.

use serde_json::Value;

use super::program::memwall;

/// The scenario `name`, made short.
fn run(name: &str, more: &[&str]) -> Value {
    lasting(name, ["20min", "10min"], more)
}

fn lasting(name: &str, [duration, warmup]: [&str; 2], more: &[&str]) -> Value {
    let times = ["run", name, "--json", "--duration", duration, "--warmup", warmup];
    memwall(&[&times, more].concat()).document("memwall.run/1")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is a number"))
}

#[test]
fn kv_in_half_as_many_bytes_has_room_for_twice_as_many_contexts() {
    let [fp8, bf16] = ["fp8", "bf16"].map(|format| run("kv-precision", &["--kv", format]));
    let pages = |run: &Value| number(&run["kv"]["pages"]);
    assert!((pages(&fp8) / pages(&bf16) - 2.0).abs() < 0.01);
    let output = |run: &Value| number(&run["throughput"]["output_tok_s"]);
    assert!(output(&fp8) > 1.5 * output(&bf16));
}

#[test]
fn what_is_forgotten_sooner_is_found_less_and_written_at_a_lower_price() {
    let [minutes, hour] = ["5min", "1h"].map(|ttl| run("cache-ttl", &["--ttl", ttl]));
    assert!(number(&minutes["kv"]["hit_rate"]) < number(&hour["kv"]["hit_rate"]));
    let fresh = |run: &Value| number(&run["task"]["tokens"]["fresh"]);
    assert!(fresh(&minutes) > fresh(&hour));
    let price = |run: &Value| number(&run["task"]["api"]["usd_per_task"]);
    assert!(price(&minutes) < price(&hour), "an hour is sold for more than it saves here");
}

#[test]
fn more_load_than_chips_bear_lets_fewer_tasks_be_done_in_time() {
    let at = |rate| lasting("deadlines", ["4h", "2h"], &["--rate", rate]);
    let [much, too_much] = ["0.02", "0.03"].map(at);
    let met = |run: &Value| number(&run["task"]["deadline"]["met"]);
    assert!(met(&much) > met(&too_much) && met(&much) < 1.0);
    assert!((number(&much["task"]["attempts"]) - 1.0 / 0.9).abs() < 1e-4);
}

#[test]
fn an_answer_that_is_reserved_is_never_thrown_out() {
    let by = |engine| lasting("engines", ["4min", "1min"], &["--engine-profile", engine]);
    let [vllm, sglang, trtllm] = ["vllm", "sglang", "trtllm"].map(by);
    let thrown_out = |run: &Value| number(&run["requests"]["preempted"]);
    assert!(thrown_out(&vllm) > 0.0 && thrown_out(&sglang) > 0.0);
    assert_eq!(thrown_out(&trtllm).to_bits(), 0.0_f64.to_bits());
    let tpot = |run: &Value| number(&run["latency"]["tpot_ms"]["p50"]);
    assert!(tpot(&trtllm) < tpot(&vllm), "fewer run");
}

/// The mean over seeds of what `figure` finds.
fn mean_of(figure: impl Fn(&str) -> f64) -> f64 {
    let seeds = ["0", "1", "2", "3", "4", "5", "6", "7"];
    seeds.iter().map(|seed| figure(seed)).sum::<f64>() / seeds.len() as f64
}

#[test]
fn contexts_that_are_fetched_while_tools_run_wait_less_on_average() {
    let run = |seed: &str, lead: &str| {
        lasting("prefetch", ["60min", "30min"], &["--seed", seed, "--kv-prefetch", lead])
    };
    let wait = |lead| mean_of(|seed| number(&run(seed, lead)["latency"]["ttft_ms"]["mean"]));
    let [late, early] = ["1ms", "5s"].map(wait);
    assert!(early < late, "{early} {late}");
    let kv = &run("0", "5s")["kv"];
    assert!(number(&kv["tiers"]["prefetches"]) > 0.0, "{kv}");
    assert!(number(&kv["clairvoyant_hit_rate"]) > number(&kv["hit_rate"]), "{kv}");
}

#[test]
fn sub_agents_wait_for_main_agents_where_they_come_last() {
    let p99 = |rule, class: usize| {
        mean_of(|seed| {
            let flags = ["--scheduling", rule, "--seed", seed];
            let run = lasting("sub-agents", ["90min", "1h"], &flags);
            assert_eq!(run["classes"][1]["class"], "sub-agents");
            number(&run["classes"][class]["ttft_ms"]["p99"])
        })
    };
    assert!(p99("priority", 0) < p99("fcfs", 0), "main agents");
    assert!(p99("priority", 1) > p99("fcfs", 1), "sub-agents");
}

#[test]
fn histories_on_other_ranks_are_prefilled_and_handed_over_again() {
    let by = |balance| lasting("wide-ep-rack", ["12min", "4min"], &["--dp-balance", balance]);
    let [shared, loaded, prefix] = ["perfect", "least-loaded", "prefix"].map(by);
    let sent = |run: &Value| number(&run["fleet"]["handoff"]["sent_gb"]);
    assert!(sent(&loaded) > 5.0 * sent(&prefix), "{} {}", sent(&loaded), sent(&prefix));
    let prefilled = |run: &Value| number(&run["tokens"]["prefilled"]);
    assert!(prefilled(&loaded) > 1.5 * prefilled(&prefix));
    let ttft = |run: &Value| number(&run["latency"]["ttft_ms"]["p50"]);
    assert!(ttft(&shared) < ttft(&prefix) && ttft(&prefix) < ttft(&loaded));
    for (pool, groups) in [(0, 16), (1, 8)] {
        assert!(shared["fleet"]["pools"][pool].get("ranks").is_none());
        let ranks = &loaded["fleet"]["pools"][pool]["ranks"];
        assert_eq!(ranks["groups"], groups);
        assert!((0.05..1.0).contains(&number(&ranks["lost_share"])), "{ranks}");
    }
}
