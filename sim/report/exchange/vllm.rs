//! The JSON of `vllm bench serve --save-result --save-detailed`.

use serde_json::{Map, Value, json};

use super::samples::{Bench, Figures};
use crate::report::to_json;

const MS_PER_S: f64 = 1000.0;

/// The run as `vllm bench serve` would have saved it. What only a real server knows (`date`,
/// texts, single token gaps) is left out; `std_itl_ms` likewise.
pub fn vllm_json(bench: &Bench) -> String {
    let document = bench.document;
    let (tokens, throughput) = (&document.tokens, &document.throughput);
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| fields.insert(key.into(), value);
    put("backend", json!(document.engine_profile));
    put("model_id", json!(document.model));
    put("tokenizer_id", json!(document.model));
    put("num_prompts", json!(document.requests.submitted));
    put("request_rate", bench.rate.map_or(json!("inf"), |rate| json!(rate)));
    put("burstiness", json!(1.0));
    put("max_concurrency", json!(bench.concurrency));
    put("duration", json!(document.sim.simulated_s));
    put("completed", json!(bench.outcomes.len()));
    put("failed", json!(document.requests.rejected));
    put("total_input_tokens", json!(tokens.prompt));
    put("total_output_tokens", json!(tokens.output));
    put("request_throughput", json!(throughput.requests_per_s));
    put("request_goodput", Value::Null);
    put("output_throughput", json!(throughput.output_tok_s));
    put("total_token_throughput", json!(throughput.total_tok_s));
    let mut latency = |name: &str, figures: Option<Figures>| {
        let Some(figures) = figures else { return };
        put(&format!("mean_{name}_ms"), json!(figures.mean()));
        put(&format!("median_{name}_ms"), json!(figures.quantile(0.5)));
        put(&format!("std_{name}_ms"), json!(figures.std()));
        put(&format!("p99_{name}_ms"), json!(figures.quantile(0.99)));
    };
    latency("ttft", Figures::of(bench.ttft_ms()));
    latency("tpot", Figures::of(bench.tpot_ms()));
    latency("e2el", Figures::of(bench.e2e_ms()));
    let itl = &document.latency.itl_ms;
    put("mean_itl_ms", json!(itl.mean));
    put("median_itl_ms", json!(itl.p50));
    put("p99_itl_ms", json!(itl.p99));
    put("input_lens", bench.prompts().collect());
    put("output_lens", bench.outputs().collect());
    put("ttfts", bench.ttft_ms().map(|ms| ms / MS_PER_S).collect());
    put("latencies", bench.e2e_ms().map(|ms| ms / MS_PER_S).collect());
    let starts = bench.outcomes.iter();
    let starts = starts.map(|outcome| outcome.arrival.since_start().as_ms() / MS_PER_S);
    put("start_times", starts.collect());
    put("errors", bench.outcomes.iter().map(|_| "").collect());
    put("simulator", json!(format!("memwall {}", document.memwall_version)));
    to_json(&fields)
}
