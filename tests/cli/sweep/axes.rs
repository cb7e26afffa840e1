//! Axes of every kind, over everything that a run can be told.

use std::collections::BTreeSet;

use serde_json::Value;

use super::support::{rows, sweep, with_spec};
use crate::cli::program::memwall;

/// The rows of a sweep of `text`.
fn rows_of(name: &str, text: &str) -> Vec<Value> {
    let (folder, spec) = with_spec(name, text);
    let out = folder.join("out");
    sweep(&spec, &out, &[]).done();
    rows(&out)
}

fn distinct(rows: &[Value], column: &str) -> BTreeSet<String> {
    rows.iter().map(|row| row[column].to_string()).collect()
}

#[test]
fn chips_models_plans_engines_workloads_and_seeds_are_axes() {
    let rows = rows_of(
        "axes-grid",
        "[base]\ntasks = 3\nconcurrency = 2\n[grid]\nchip = [\"h100-sxm\", \"b200-sxm\"]\n\
         model = [\"llama-3.1-8b\", \"qwen3-8b\"]\nplan = [\"tp1\", \"tp2\"]\n\
         engine-profile = [\"vllm\", \"trtllm\"]\nworkload = [\"chat\", \"reasoning\"]\n\
         seed = [1, 2]\n",
    );
    assert_eq!(rows.len(), 64);
    assert!(rows.iter().all(|row| row["state"] == "done"), "{:?}", rows[0]);
    for column in ["chip", "model", "plan", "engine_profile", "workload", "seed"] {
        assert_eq!(distinct(&rows, column).len(), 2, "{column}");
        // Each axis reaches the simulation: nothing else tells the halves apart.
        let mut sums = std::collections::BTreeMap::new();
        for row in &rows {
            let sum = sums.entry(row[column].to_string()).or_insert(0.0);
            *sum += row["e2e_ms_mean"].as_f64().unwrap();
        }
        let sums: BTreeSet<_> = sums.values().map(ToString::to_string).collect();
        assert_eq!(sums.len(), 2, "{column} changes nothing");
    }
}

#[test]
fn figures_of_all_parts_of_a_chip_are_axes_of_every_block() {
    let rows = rows_of(
        "axes-figures",
        "seed = 3\n[base]\nseed = 1\nchip = \"h100-sxm\"\nmodel = \"llama-3.1-8b\"\n\
         workload = \"chat\"\ntasks = 3\nconcurrency = 2\nplan = \"tp2\"\n[[list]]\n\
         figure.memory.pin_rate = \"x1.1\"\nfigure.power.tdp = \"800 W\"\n[[list]]\n\
         figure.memory.pin_rate = \"x0.9\"\n[grid]\n\
         figure.memory.stacks = [4, 5]\n[random]\ncount = 6\n\
         figure.compute.dense.bf16 = { from = \"x0.9\", to = \"x1.1\" }\n\
         figure.scale_up.bandwidth = { from = \"x0.5\", to = \"x2\", scale = \"log\" }\n\
         ttl = [\"5min\", \"1h\"]\n",
    );
    assert_eq!(rows.len(), 2 * 2 * 6);
    assert!(rows.iter().all(|row| row["state"] == "done"), "{:?}", rows[0]);
    assert_eq!(distinct(&rows, "figure_power_tdp_w"), ["800.0", "null"].map(String::from).into());
    assert_eq!(distinct(&rows, "figure_compute_dense_bf16_multiple").len(), 6);
    // Faster pins, more stacks: more bandwidth, and shorter steps.
    let tpot = |row: &Value| row["tpot_ms_p50"].as_f64().unwrap();
    for place in 0..6 {
        let [slow, fast] = [&rows[12 + place], &rows[6 + place]];
        assert_eq!(
            slow["figure_compute_dense_bf16_multiple"],
            fast["figure_compute_dense_bf16_multiple"]
        );
        assert!(tpot(fast) < tpot(slow), "{fast} {slow}");
    }
}

#[test]
fn fleets_have_columns_and_settings_stay_where_a_point_is_impossible() {
    let rows = rows_of(
        "axes-fleet",
        "[base]\nmodel = \"llama-3.1-8b\"\nworkload = \"chat\"\ntasks = 20\nconcurrency = 4\n\
         engine-profile = \"sglang\"\nprefill-replicas = 1\n[grid]\nplan = [\"tp1\", \"tp3\"]\n\
         replicas = [1, 2]\n",
    );
    for row in &rows {
        let is_done = row["plan"] == "tp1";
        assert_eq!(row["state"] == "done", is_done, "{row}");
        assert_eq!(row["engine_profile"], "sglang");
        assert_eq!(row["prefill_replicas"], 1);
        assert_eq!(row["handoff_prompts"].as_u64().is_some_and(|count| count > 0), is_done);
        let gpus = row["replicas"].as_u64().unwrap() + 1;
        assert_eq!(row["fleet_gpus"], if is_done { gpus.into() } else { Value::Null });
    }
}

#[test]
fn without_an_out_the_folder_is_named_as_the_spec() {
    let text = "[base]\nmodel = \"llama-3.1-8b\"\nworkload = \"chat\"\ntasks = 2\n\
                [grid]\nconcurrency = [1, 2]\n";
    let (folder, spec) = with_spec("axes-out", text);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_memwall"));
    let output = command.args(["sweep", &spec]).current_dir(&folder).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(rows(&folder.join("sweep")).len(), 2);
    let all = memwall(&["sweep", "export", folder.join("sweep").to_str().unwrap(), "--json"]);
    let all = all.document("memwall.sweep-rows/1");
    assert_eq!(all["rows"].as_array().unwrap().len(), 2);
}
