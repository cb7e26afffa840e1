//! A row of InferenceX, once `InferenceMAX`.

use serde_json::{Map, Value, json};

use super::samples::{Bench, Figures};
use crate::report::to_json;

const MS_PER_S: f64 = 1000.0;

/// The run as a row of InferenceX's results: latencies in seconds, interactivity in tokens per
/// second and user, throughput per GPU.
pub fn inferencex_json(bench: &Bench) -> String {
    let (document, plan) = (bench.document, bench.plan);
    let gpus = f64::from(document.all_gpus());
    let throughput = &document.throughput;
    let input = throughput.total_tok_s.zip(throughput.output_tok_s).map(|(all, out)| all - out);
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| fields.insert(key.into(), value);
    put("hw", json!(document.chip));
    put("tp", json!(plan.tp));
    put("ep", json!(plan.ep));
    put("dp_attention", json!(plan.dp > 1));
    put("conc", json!(bench.concurrency));
    put("model", json!(document.model));
    put("framework", json!(document.engine_profile));
    put("precision", json!(document.weights));
    put("tput_per_gpu", json!(throughput.total_tok_s.map(|all| all / gpus)));
    put("output_tput_per_gpu", json!(throughput.output_tok_s.map(|out| out / gpus)));
    put("input_tput_per_gpu", json!(input.map(|input| input / gpus)));
    let mut latency = |name: &str, figures: Option<Figures>| {
        let Some(figures) = figures else { return };
        let values = [
            ("mean", figures.mean()),
            ("median", figures.quantile(0.5)),
            ("std", figures.std()),
            ("p99", figures.quantile(0.99)),
        ];
        for (kind, ms) in values {
            put(&format!("{kind}_{name}"), json!(ms / MS_PER_S));
            if name == "tpot" && kind != "std" {
                put(&format!("{kind}_intvty"), json!(MS_PER_S / ms));
            }
        }
    };
    latency("ttft", Figures::of(bench.ttft_ms()));
    latency("tpot", Figures::of(bench.tpot_ms()));
    latency("e2el", Figures::of(bench.e2e_ms()));
    let itl = &document.latency.itl_ms;
    for (kind, ms) in [("mean", itl.mean), ("median", itl.p50), ("p99", itl.p99)] {
        put(&format!("{kind}_itl"), json!(ms.map(|ms| ms / MS_PER_S)));
    }
    to_json(&fields)
}
