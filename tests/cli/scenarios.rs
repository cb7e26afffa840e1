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
fn what_is_forgotten_sooner_is_found_less_and_costs_more() {
    let [minutes, hour] = ["5min", "1h"].map(|ttl| run("cache-ttl", &["--ttl", ttl]));
    assert!(number(&minutes["kv"]["hit_rate"]) < number(&hour["kv"]["hit_rate"]));
    let price = |run: &Value| number(&run["task"]["api"]["usd_per_task"]);
    assert!(price(&minutes) > price(&hour));
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

#[test]
fn a_context_that_is_fetched_while_a_tool_runs_waits_less() {
    let [late, early] = ["1ms", "5s"].map(|lead| run("prefetch", &["--kv-prefetch", lead]));
    let waits = |run: &Value| number(&run["latency"]["ttft_ms"]["mean"]);
    assert!(waits(&early) < waits(&late), "{} {}", waits(&early), waits(&late));
    let kv = &early["kv"];
    assert!(number(&kv["tiers"]["prefetches"]) > 0.0, "{kv}");
    assert!(number(&kv["clairvoyant_hit_rate"]) > number(&kv["hit_rate"]), "{kv}");
}

#[test]
fn sub_agents_wait_for_main_agents_where_they_come_last() {
    let by = |rule| lasting("sub-agents", ["90min", "1h"], &["--scheduling", rule]);
    let [in_turn, last] = ["fcfs", "priority"].map(by);
    let p99 = |run: &Value, class: usize| number(&run["classes"][class]["ttft_ms"]["p99"]);
    assert_eq!(last["classes"][1]["class"], "sub-agents");
    assert!(p99(&last, 0) < p99(&in_turn, 0) && p99(&last, 1) > p99(&in_turn, 1));
}
