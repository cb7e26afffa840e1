//! The JSON documents, and what a terminal shows of them.

use memwall::report::{Quantiles, RunDocument, render_run, render_wall_table, to_json};
use serde_json::Value;

use super::sample::{sample, shares};

const SHARE_KEYS: &str = "compute hbm_bandwidth hbm_capacity interconnect latency host idle";

/// Every path that each row of a wall document has.
fn promised_paths() -> Vec<String> {
    let flat = "chip system gpus parallel class output_tok_s_per_gpu total_tok_s_per_gpu \
        tok_s_per_user_p50 ttft_ms_p50 ttft_ms_p99 tpot_ms_p50 tpot_ms_p99 tasks_per_hour_per_gpu \
        kv_hit_rate mfu mbu energy_j_per_output_tok usd_per_task tok_s_per_facility_mw title \
        concurrency weights kv precision hbm_tb_s hbm_gb reason";
    let nested = [
        ("time_share", SHARE_KEYS),
        ("decode_bound", SHARE_KEYS),
        ("elasticity", "hbm_bandwidth hbm_capacity compute interconnect host"),
        ("band", "low high"),
    ];
    let below = nested.iter().flat_map(|(group, keys)| {
        keys.split_whitespace().map(move |key| format!("/{group}/{key}"))
    });
    flat.split_whitespace().map(|key| format!("/{key}")).chain(below).collect()
}

#[test]
fn every_row_has_every_promised_key_whether_the_model_fits_or_not() {
    let json: Value = serde_json::from_str(&to_json(&sample().document)).unwrap();
    assert_eq!(json["schema"], "memwall.wall/1");
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 9);
    for row in rows {
        for path in promised_paths() {
            assert!(row.pointer(&path).is_some(), "{} lacks {path}", row["chip"]);
        }
        let ran = row["reason"].is_null();
        assert_eq!(row["output_tok_s_per_gpu"].is_number(), ran, "{}", row["chip"]);
        for group in ["time_share", "decode_bound"] {
            let parts = row[group].as_object().unwrap().values();
            let sum: f64 = parts.filter_map(Value::as_f64).sum();
            assert!((sum - f64::from(u8::from(ran))).abs() < 1e-5, "{group} sums to {sum}");
        }
    }
}

#[test]
fn numbers_in_json_have_six_digits_at_most() {
    let json: Value = serde_json::from_str(&to_json(&sample().document)).unwrap();
    assert_eq!(json["rows"][0]["ttft_ms_p50"].to_string(), "410.483");
    assert_eq!(json["rows"][0]["class"], "datasheet");
}

#[test]
fn the_table_keeps_within_its_width_and_names_what_it_drops() {
    let document = sample().document;
    for width in [60, 80, 100, 120, 160] {
        let text = render_wall_table(&document, width);
        for line in text.lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
        assert!(text.contains("H100 SXM"), "{text}");
        assert!(text.contains("HBM bw 71 %"), "{text}");
        let text = text.replace('\n', " ");
        assert!(text.contains("Tiny L4 has no result: the weights take"), "{text}");
    }
    assert!(render_wall_table(&document, 80).contains("No room for:"));
    assert!(!render_wall_table(&document, 250).contains("No room for:"));
}

#[test]
fn a_run_is_told_in_full_and_its_wall_time_only_on_request() {
    let mut run = RunDocument {
        model: "llama-3.1-70b".into(),
        gpus: 8,
        replicas: 1,
        ..RunDocument::default()
    };
    run.latency.ttft_ms =
        Quantiles { mean: Some(410.0), p50: Some(333.0), p90: Some(800.0), p99: Some(1999.0) };
    run.decode_bound = shares(0.6, 0.1, 0.0);
    let json: Value = serde_json::from_str(&to_json(&run)).unwrap();
    assert_eq!(json["schema"], "memwall.run/1");
    for path in [
        "/latency/itl_ms/p90",
        "/kv/peak_used_fraction",
        "/cost/usd_per_task",
        "/energy/it_j_per_output_tok",
    ] {
        assert_eq!(json.pointer(path), Some(&Value::Null), "{path}");
    }
    assert_eq!(json.pointer("/sim/wall_s"), None);
    run.sim.wall_s = Some(0.5);
    let json: Value = serde_json::from_str(&to_json(&run)).unwrap();
    assert_eq!(json["sim"]["wall_s"], 0.5);

    let text = render_run(&run, 80);
    assert!(text.contains("1999"), "{text}");
    assert!(
        text.contains("Decode is held back most by HBM bandwidth (60 % of its time)."),
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}
