//! A row of aiconfigurator's `pareto.csv` and `best_config_topn.csv`.

use super::samples::{Bench, Figures};
use crate::report::round6;

const MS_PER_S: f64 = 1000.0;

/// The run as a heading and a row of aiconfigurator's tables; what is not known is empty.
pub fn aiconfigurator_csv(bench: &Bench) -> String {
    let (document, plan) = (bench.document, bench.plan);
    let gpus = document.all_gpus();
    let mean = |figures: Option<Figures>| number(figures.map(|figures| figures.mean()));
    let throughput = &document.throughput;
    let per_gpu = |value: Option<f64>| number(value.map(|value| value / f64::from(gpus)));
    let tpot = Figures::of(bench.tpot_ms()).map(|figures| figures.mean());
    let power = document
        .energy
        .it_j_per_output_tok
        .zip(throughput.output_tok_s)
        .map(|(joules, rate)| joules * rate / f64::from(gpus));
    let (experts_tp, experts_ep) = if plan.ep > 1 { (1, plan.ep) } else { (plan.tp, 1) };
    let cached = bench.outcomes.iter().map(|outcome| f64::from(outcome.cached));
    let weights = document.weights.clone();
    let cells: [(&str, String); 32] = [
        ("model", document.model.clone()),
        ("isl", mean(Figures::of(bench.prompts().map(f64::from)))),
        ("osl", mean(Figures::of(bench.outputs().map(f64::from)))),
        ("prefix", mean(Figures::of(cached))),
        ("concurrency", bench.concurrency.map_or(String::new(), |clients| clients.to_string())),
        ("request_rate", number(throughput.requests_per_s)),
        ("bs", String::new()),
        ("global_bs", String::new()),
        ("ttft", mean(Figures::of(bench.ttft_ms()))),
        ("tpot", number(tpot)),
        ("request_latency", mean(Figures::of(bench.e2e_ms()))),
        ("seq/s", number(throughput.requests_per_s)),
        ("seq/s/gpu", per_gpu(throughput.requests_per_s)),
        ("tokens/s", number(throughput.output_tok_s)),
        ("tokens/s/gpu", per_gpu(throughput.output_tok_s)),
        ("tokens/s/user", number(tpot.map(|ms| MS_PER_S / ms))),
        ("num_total_gpus", gpus.to_string()),
        ("tp", plan.tp.to_string()),
        ("pp", plan.pp.to_string()),
        ("dp", plan.dp.to_string()),
        ("moe_tp", experts_tp.to_string()),
        ("moe_ep", experts_ep.to_string()),
        ("parallel", plan.to_string()),
        ("gemm", weights.clone()),
        ("kvcache", document.kv_format.clone()),
        ("fmha", String::new()),
        ("moe", weights),
        ("comm", String::new()),
        ("memory", String::new()),
        ("backend", document.engine_profile.clone()),
        ("version", format!("memwall {}", document.memwall_version)),
        ("system", document.chip.clone()),
    ];
    let mut names: Vec<_> = cells.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut values: Vec<_> = cells.into_iter().map(|(_, value)| quoted(value)).collect();
    names.push("power_w".into());
    values.push(number(power));
    format!("{}\n{}\n", names.join(","), values.join(","))
}

fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| round6(value).to_string())
}

fn quoted(cell: String) -> String {
    if cell.contains([',', '"']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}
