//! `memwall validate` on points whose requests arrive at random.

use std::fs;

use serde_json::Value;

use crate::cli::program::{memwall, scratch};

const HEADER: &str = "chip,n_gpus,model,weight_dtype,kv_dtype,tp,pp,ep,dp,engine,scenario,\
input_len,output_len,metric,value,concurrency_or_batch,source,notes";

/// One figure of Llama-2-70B on a B200, as `MLPerf` gives them.
fn mlperf(metric: &str, notes: &str) -> String {
    format!(
        "B200,1,Llama-2-70B,nvfp4,fp8,1,1,,,TensorRT-LLM,online-server,222,274,{metric},10000,,\
         MLPerf Inference v5.1,tier=A; {notes}"
    )
}

fn predicted(rows: &[String], name: &str) -> Vec<Value> {
    let path = scratch(&format!("arrivals-{name}")).join("points.csv");
    fs::write(&path, format!("{HEADER}\n{}", rows.join("\n"))).unwrap();
    let flags = ["validate", "--points", path.to_str().unwrap(), "--json"];
    let document = memwall(&flags).document("memwall.validate/1");
    document["points"].as_array().unwrap().clone()
}

fn value(point: &Value) -> f64 {
    point["predicted"].as_f64().unwrap_or_else(|| panic!("{point}"))
}

/// What leaves a server that keeps up is what comes to it.
#[test]
fn a_server_that_keeps_up_yields_what_arrives() {
    let row = |rate: &str, metric: &str| {
        format!(
            "H100,1,Llama-3.1-8B,fp8,fp8,1,1,,,TensorRT-LLM,online-poisson-or-rate,467,256,\
             {metric},1,request rate {rate}/s,a benchmark,tier=A; 4000 requests"
        )
    };
    let rows = [
        row("4", "output_tok_s_total"),
        row("16", "output_tok_s_total"),
        row("4", "ttft_ms_mean"),
        row("16", "ttft_ms_mean"),
        row("inf", "output_tok_s_total"),
    ];
    let points = predicted(&rows, "rate");
    for (point, offered) in points.iter().zip([4.0 * 256.0, 16.0 * 256.0]) {
        assert!((value(point) / offered - 1.0).abs() < 0.05, "{point}: {offered} offered");
    }
    assert!(value(&points[3]) > value(&points[2]));
    assert!(value(&points[4]) > value(&points[1]), "all at once saturate it");
}

/// The rate that a level allows grows with it; at that rate latencies are within it.
#[test]
fn the_highest_rate_within_a_level_is_found() {
    let within = |ttft: u32, tpot: u32| {
        let limits = format!("SLO p99 TTFT<={ttft}ms TPOT<={tpot}ms; max batch per rank 768");
        mlperf("output_tok_s_total", &limits)
    };
    let points = predicted(&[within(450, 40), within(450, 60), within(1, 1)], "level");
    let (tight, loose) = (value(&points[0]), value(&points[1]));
    assert!(tight > 1000.0 && loose > tight * 1.05, "{tight} {loose}");
    let reason = points[2]["skipped"].as_str().unwrap();
    assert!(reason.contains("misses the service level at any rate"), "{reason}");
    // 274 tokens a request.
    let at = |share: f64, metric: &str| {
        let rate = tight * share / 274.0;
        mlperf(metric, &format!("Poisson arrivals target_qps={rate:.3}"))
    };
    let rows = [at(0.98, "tpot_ms_p99"), at(0.98, "ttft_ms_p99"), at(1.1, "tpot_ms_p99")];
    let points = predicted(&rows, "latency");
    assert!(value(&points[0]) < 41.0 && value(&points[1]) < 460.0, "{points:?}");
    assert!(value(&points[2]) > value(&points[0]), "{points:?}");
}

#[test]
fn a_load_that_is_not_stated_is_said() {
    let rows = [
        mlperf("output_tok_s_total", "samples/s=3"),
        mlperf("output_tok_s_total", "SLO p99 TTFT<=1ms TPOT<=1ms")
            .replace("Llama-2-70B", "gpt-oss-120b"),
        mlperf("ttft_ms_mean", "500 requests").replace("MLPerf Inference v5.1", "a benchmark"),
        mlperf("ttft_ms_mean", "Poisson arrivals target_qps=nan"),
        mlperf("ttft_ms_mean", "Poisson arrivals target_qps=1e9"),
        mlperf("output_tok_s_total", "SLO p99 TTFT<=450 TPOT<=40ms"),
        mlperf("output_tok_s_total", "SLO p99 TTFT<=2s TPOT<=40ms; max batch per rank 0"),
    ];
    let expected = [
        "neither its rate nor its service level is stated",
        "the lengths of its answers were not published",
        "no rate of arrivals in ``",
        "`target_qps` of nan",
        "arrivals in a thousand seconds",
        "TTFT <= 450",
        "`max batch per rank` of 0",
    ];
    for (point, text) in predicted(&rows, "unstated").iter().zip(expected) {
        assert!(point["skipped"].as_str().unwrap_or_default().contains(text), "{point}");
    }
}
