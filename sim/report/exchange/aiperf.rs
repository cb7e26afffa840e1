//! The JSON of `AIPerf`: `profile_export_aiperf.json`, schema 1.5.

use serde_json::{Map, Value, json};

use super::samples::{Bench, Figures};
use crate::report::to_json;

/// The quantiles that it has, in per cent.
const PERCENTILES: [u32; 9] = [1, 5, 10, 25, 50, 75, 90, 95, 99];

const MS_PER_S: f64 = 1000.0;

/// The run as `AIPerf` would have exported it; what is not known is left out, as there.
pub fn aiperf_json(bench: &Bench) -> String {
    let document = bench.document;
    let mut fields = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        value.map(|value| fields.insert(key.into(), value));
    };
    put("schema_version", Some(json!("1.5")));
    put("simulator", Some(json!(format!("memwall {}", document.memwall_version))));
    put("was_cancelled", Some(json!(false)));
    put("error_summary", Some(json!([])));
    put(
        "input_config",
        Some(json!({
            "endpoint": { "model_names": [document.model] },
            "loadgen": { "concurrency": bench.concurrency, "request_rate": bench.rate },
        })),
    );
    put("run_info", Some(json!({ "random_seed": document.seed })));
    put("time_to_first_token", measured("ms", bench.ttft_ms()));
    put("inter_token_latency", measured("ms", bench.tpot_ms()));
    put("request_latency", measured("ms", bench.e2e_ms()));
    put("input_sequence_length", measured("tokens", bench.prompts().map(f64::from)));
    put("output_sequence_length", measured("tokens", bench.outputs().map(f64::from)));
    let per_user = bench.tpot_ms().map(|ms| MS_PER_S / ms);
    put("output_token_throughput_per_user", measured("tokens/sec/user", per_user));
    let throughput = &document.throughput;
    put("output_token_throughput", derived("tokens/sec", throughput.output_tok_s));
    put("total_token_throughput", derived("tokens/sec", throughput.total_tok_s));
    put("request_throughput", derived("requests/sec", throughput.requests_per_s));
    put("request_count", derived("requests", Some(bench.outcomes.len() as f64)));
    put("benchmark_duration", derived("sec", Some(document.sim.simulated_s)));
    to_json(&fields)
}

fn measured(unit: &str, samples: impl Iterator<Item = f64>) -> Option<Value> {
    let figures = Figures::of(samples)?;
    let mut fields = Map::new();
    fields.insert("unit".into(), json!(unit));
    fields.insert("avg".into(), json!(figures.mean()));
    fields.insert("min".into(), json!(figures.min()));
    fields.insert("max".into(), json!(figures.max()));
    for percentile in PERCENTILES {
        let value = figures.quantile(f64::from(percentile) / 100.0);
        fields.insert(format!("p{percentile}"), json!(value));
    }
    fields.insert("std".into(), json!(figures.std()));
    fields.insert("count".into(), json!(figures.count()));
    fields.insert("sum".into(), json!(figures.sum()));
    Some(Value::Object(fields))
}

fn derived(unit: &str, value: Option<f64>) -> Option<Value> {
    value.map(|value| json!({ "unit": unit, "avg": value }))
}
