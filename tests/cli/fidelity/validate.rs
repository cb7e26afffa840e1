//! `memwall validate`: the gate, bad rows, threads, and medians that may not rise.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::cli::program::{memwall, memwall_on_threads, scratch};

const HEADER: &str = "backend,model_path,system,precision,mode,isl,osl,gemm_quant_mode,batch_size,\
tp_size,pp_size,attention_dp_size,moe_ep_size,silicon_ttft_ms,silicon_tpot_ms,source,concurrency";

const GOOD: &str =
    "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4,4,1,1,1,120,14,,4";

fn file(name: &str, rows: &[&str]) -> PathBuf {
    let path = scratch(&format!("validate-{name}")).join("points.csv");
    fs::write(&path, [&[HEADER], rows].concat().join("\n")).unwrap();
    path
}

fn validate(rows: &[&str], name: &str) -> Value {
    let path = file(name, rows);
    memwall(&["validate", "--points", path.to_str().unwrap(), "--json"])
        .document("memwall.validate/1")
}

/// Why a point was skipped.
fn reason(point: &Value) -> &str {
    point["skipped"].as_str().unwrap_or_default()
}

#[test]
fn a_bad_row_is_named_and_the_rest_runs() {
    let bad = [
        GOOD,
        "vllm,meta-llama/Llama-3.1-70B,h900,fp8,agg,1024,1024,fp8,4,4,1,1,1,120,14,,4",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4,4,1,1,1,0,-14,,4",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4,4,1,1,1,NaN,0.014 s,,4",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024",
        "vllm,nobody/knows-it,h100_sxm,fp8,agg,1024,1024,fp8,4,4,1,1,1,120,14,,4",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4,7,1,1,1,120,14,,4",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4,0,1,1,1,120,14,,4",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4,4,1,1,1,120,14,,4e9",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4,4e9,1,1,1,120,14,,4",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4,8.5,1,1,1,120,14,,4",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4e9,1,1,8,1,120,14,,",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4,4,1,1,1,120,14,,1e300",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,8192,fp8,4,4,1,1,1,120,14,,5e4",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,4e9,1024,fp8,4,4,1,1,1,120,14,,4",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4,30000,1,30000,1,9,9,,4",
    ];
    let document = validate(&bad, "bad");
    let points = document["points"].as_array().unwrap();
    let of_row = |row: u64| points.iter().filter(move |point| point["row"] == row);
    assert!(of_row(0).all(|point| point["predicted"].as_f64().unwrap() > 0.0));
    let expected = [
        (1, "unknown chip `h900`"),
        (2, "not greater than zero"),
        (4, "6 cells, the header 17"),
        (5, "no model is called `nobody/knows-it`"),
        (6, "tp7"),
        (7, "`tp_size = 0` is not greater than zero"),
        (8, "4000000000 in flight are more than"),
        (9, "tp4000000000 takes more than 32768 chips"),
        (10, "`tp_size = 8.5` is not a whole number; correct it or remove the row"),
        (11, "32000000000 in flight are more than the 65536 simulated"),
        (12, "`concurrency = 1e300` is too large"),
        (13, "50000 requests of 1024 + 8192 tokens are more than the 268435456 tokens"),
        (14, "`isl = 4e9` is too large"),
        (15, "tp30000-dp30000 takes more than 32768 chips"),
    ];
    for (row, text) in expected {
        assert!(of_row(row).count() > 0);
        assert!(of_row(row).all(|point| reason(point).contains(text)), "{row}: {document:#}");
    }
    let reasons: Vec<_> = of_row(3).map(reason).collect();
    assert!(reasons[0].contains("`silicon_ttft_ms = NaN`"), "{reasons:?}");
    assert!(reasons[1].contains("not a plain number; write it without a unit, in ms"));
    assert_eq!(document["summary"][0]["n"], 1);
}

#[test]
fn what_was_skipped_is_said_with_its_first_row() {
    let half = GOOD.replace("fp8,4,4,", "fp8,4,8.5,");
    let path = file("skipped", &[GOOD, &half, &half]);
    let answer = memwall(&["validate", "--points", path.to_str().unwrap()]);
    let line = answer.stdout.lines().find(|line| line.contains("tp_size = 8.5"));
    let line = line.unwrap_or_else(|| panic!("{}", answer.stdout));
    assert!(line.trim_start().starts_with("4  ") && line.ends_with("points.csv, row 1)"), "{line}");
}

/// Launch scripts, FP8 caches and lengths of `InferenceX` are for its dumps alone.
#[test]
fn a_row_of_ones_own_is_simulated_as_it_says() {
    let header = HEADER.replace("backend,", "backend,backend_version,");
    let row = |source: &str| {
        let what = "b200_sxm,fp8,agg,1024,1024,fp8,4,4,1,1,1,99,9";
        format!("trtllm,,meta-llama/Llama-3.1-70B,{what},{source},16")
    };
    let sources =
        ["db-dump/2026-04-27", "source_file=a.csv", "source_file=", "", "mine", "db-dump/"];
    let path = scratch("validate-source").join("points.csv");
    fs::write(&path, [header, sources.map(row).join("\n")].join("\n")).unwrap();
    let document = memwall(&["validate", "--points", path.to_str().unwrap(), "--json"])
        .document("memwall.validate/1");
    let points = document["points"].as_array().unwrap();
    let reasons: Vec<_> = points.iter().map(reason).collect();
    // One run is listed six times: only the first counts, whichever it is.
    assert!(reasons[2..].iter().all(|reason| reason.contains("the same figures")), "{reasons:?}");
    let ttft = |source: &str| {
        let header = HEADER.replace("backend,", "backend,backend_version,");
        fs::write(&path, [header, row(source)].join("\n")).unwrap();
        let document = memwall(&["validate", "--points", path.to_str().unwrap(), "--json"])
            .document("memwall.validate/1");
        document["points"][0]["predicted"].as_f64().unwrap()
    };
    let [database, file, unnamed, none, mine, bare] = sources.map(ttft);
    assert_eq!(database.to_bits(), file.to_bits());
    for other in [none, mine, bare] {
        assert_eq!(other.to_bits(), unnamed.to_bits());
    }
    // InferenceX's prompts wait for company.
    assert!(database > 1.5 * unnamed, "{database} {unnamed}");
}

/// The same load on a pool that decodes, behind pools of one, twelve, unknown and too many workers
/// that prefill.
#[test]
fn who_prefills_too_slowly_leaves_few_to_decode() {
    let pools = "concurrency,prefill_num_workers,prefill_tp_size,decode_num_workers,decode_tp_size";
    let header = HEADER.replace("concurrency", pools);
    let row = |workers: &str| {
        let what = "trtllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,disagg,8192,512,fp8,,,,,";
        format!("{what},10000,20,,128,{workers},4,1,4")
    };
    let path = scratch("validate-pools").join("points.csv");
    fs::write(&path, [header, row("1"), row("12"), row(""), row("4e9")].join("\n")).unwrap();
    let document = memwall(&["validate", "--points", path.to_str().unwrap(), "--json"])
        .document("memwall.validate/1");
    let points = document["points"].as_array().unwrap();
    let of = |row: u64, metric: &str| {
        points.iter().find(|point| point["row"] == row && point["metric"] == metric).unwrap()
    };
    let ratio = |metric| {
        let [few, many] = [0, 1].map(|row| of(row, metric)["predicted"].as_f64().unwrap());
        few / many
    };
    assert!(ratio("ttft_ms") > 5.0, "{document:#}");
    assert!(ratio("tpot_ms") < 0.8, "{document:#}");
    for metric in ["ttft_ms", "tpot_ms"] {
        let skipped = reason(of(2, metric));
        assert!(skipped.contains("number of prefill workers is not stated"), "{skipped}");
        let skipped = reason(of(3, metric));
        assert!(skipped.contains("`prefill_num_workers = 4000000000` is more"), "{skipped}");
    }
}

/// One run that two dumps list, one of them rounded; and another run. Of a dump that does not say
/// whether tokens were drafted, what was run with drafts, too.
#[test]
fn runs_listed_twice_count_once_and_those_that_may_have_drafted_not_at_all() {
    let header = HEADER.replace("backend,", "backend,backend_version,");
    let row = |version: &str, model: &str, source: &str, (ttft, tpot): (&str, &str)| {
        let what = format!("b200_sxm,fp8,agg,1024,1024,fp8,4,8,1,1,8,{ttft},{tpot},{source},4");
        format!("trtllm,{version},deepseek-ai/{model},{what}")
    };
    let plain = "1.2.0rc6.post2";
    let rows = [
        row(plain, "DeepSeek-R1", "db-dump/2026-04-27", ("188.52", "10.298")),
        row(plain, "DeepSeek-V3", "source_file=2026-03-25.csv", ("188.52", "10.30")),
        row(plain, "DeepSeek-R1", "source_file=", ("188.5", "10.3")),
        row(plain, "DeepSeek-R1", "source_file=2026-03-25.csv", ("188.52", "10.41")),
        row("1.1.0rc2.post2", "DeepSeek-R1", "source_file=2026-04-06.csv", ("312.99", "7.83")),
        row("1.1.0rc2.post2", "DeepSeek-R1", "db-dump/2026-04-27", ("190.1", "10.1")),
    ];
    let path = scratch("validate-twice").join("points.csv");
    fs::write(&path, [header, rows.join("\n")].join("\n")).unwrap();
    let document = memwall(&["validate", "--points", path.to_str().unwrap(), "--json"])
        .document("memwall.validate/1");
    let of_tpot = |point: &&Value| point["metric"] == "tpot_ms";
    let points: Vec<_> = document["points"].as_array().unwrap().iter().filter(of_tpot).collect();
    let predicted: Vec<_> = points.iter().map(|point| point["predicted"].is_number()).collect();
    assert_eq!(predicted, [true, false, false, true, false, true], "{document:#}");
    for point in &points[1..3] {
        assert!(reason(point).contains("the same figures of the same run"), "{point}");
    }
    assert!(reason(points[4]).contains("speculative decoding"), "{}", points[4]);
}

/// Rows may state a degree of context parallelism; elsewhere the column is not needed.
#[test]
fn groups_that_share_contexts_are_predicted_as_such() {
    let header = "id,source,chip,n_gpus,model,params_total_b,params_active_b,weight_dtype,\
kv_dtype,tp,pp,ep,dp,engine,engine_version,scenario,input_len,output_len,concurrency_or_batch,\
metric,value,notes,core,cp";
    let row = |gpus: u32, cp: &str| {
        let (model, tail) = ("Llama-3.1-70B,70,70,fp8,bf16,4,1,1,1", "ttft_ms_mean,4000,,0");
        format!("X-{gpus},none,H100-SXM,{gpus},{model},vLLM,1,online,32768,128,1,{tail},{cp}")
    };
    let path = scratch("validate-cp").join("points.csv");
    fs::write(&path, [header.into(), row(4, ""), row(16, "4")].join("\n")).unwrap();
    let document = memwall(&["validate", "--points", path.to_str().unwrap(), "--json"])
        .document("memwall.validate/1");
    let ttft = |at: usize| document["points"][at]["predicted"].as_f64().unwrap();
    assert!(ttft(1) < 0.4 * ttft(0), "{document:#}");
}

/// The same thing measured at 10 and at 40 ms: nobody comes nearer to both than 20 ms.
#[test]
fn what_cannot_be_told_apart_is_the_floor() {
    let twins = [
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4,4,1,1,1,120,10,,4",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,4,4,1,1,1,120,40,,4",
        "vllm,meta-llama/Llama-3.1-70B,h100_sxm,fp8,agg,1024,1024,fp8,8,4,1,1,1,120,90,,8",
    ];
    let document = validate(&twins, "twins");
    let floor = document["floor"].as_array().unwrap();
    let of_tpot = |row: &&Value| row["metric"] == "tpot_ms" && row["engine"] == "all";
    let row = floor.iter().find(of_tpot).unwrap_or_else(|| panic!("{floor:?}"));
    assert_eq!((&row["twins_differ_in"], row["n"].as_u64()), (&"nothing stated".into(), Some(2)));
    assert!((row["median_abs_rel_err"].as_f64().unwrap() - 0.75).abs() < 1e-6, "{row}");
}

#[test]
fn a_missing_column_is_named_with_its_file() {
    let path = scratch("validate-columns").join("points.csv");
    fs::write(&path, "mode,isl,silicon_tpot_ms\nagg,1024,12\n").unwrap();
    let answer = memwall(&["validate", "--points", path.to_str().unwrap()]);
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("points.csv: lacks the columns `backend`"), "{}", answer.stderr);
}

#[test]
fn two_columns_of_a_name_are_refused() {
    let path = scratch("validate-twice").join("points.csv");
    fs::write(&path, format!("{HEADER},isl\n{GOOD},2048\n")).unwrap();
    let answer = memwall(&["validate", "--points", path.to_str().unwrap()]);
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("points.csv: two columns `isl`"), "{}", answer.stderr);
}

#[test]
fn a_chip_that_is_left_out_inherits() {
    let path = file("leave-out", &[GOOD]);
    let points = path.to_str().unwrap();
    let tpot = |more: &[&str]| {
        let arguments = [&["validate", "--points", points, "--json"], more].concat();
        let answer = memwall(&arguments);
        let warned = answer.stderr.contains("has seen the chip that is left out");
        let document = answer.document("memwall.validate/1");
        (document["points"][1]["predicted"].as_f64().unwrap(), warned)
    };
    let (known, one, all) =
        (tpot(&[]), tpot(&["--leave-out", "h100-sxm"]), tpot(&["--leave-out", "hopper"]));
    assert_eq!((known.1, one.1, all.1), (false, true, false));
    for inherited in [one.0, all.0] {
        assert!(
            (inherited / known.0 - 1.0).abs() < 0.4 && inherited.to_bits() != known.0.to_bits()
        );
    }
    let nothing = memwall(&["validate", "--points", points, "--leave-out", "blackwell"]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.stderr.contains("there is no point of it"), "{}", nothing.stderr);
}

#[test]
fn a_fit_says_in_json_what_it_wrote() {
    let path = file("fit", &[GOOD]);
    let out = path.with_file_name("remainders.toml");
    let (points, written) = (path.to_str().unwrap(), out.to_str().unwrap());
    let arguments = ["validate", "--points", points, "--fit-bands", written, "--json"];
    let document = memwall(&arguments).document("memwall.fit/1");
    assert_eq!(document["written"], written);
    assert!(fs::read_to_string(out).unwrap().contains("[figures]"));
}

#[test]
fn the_gate_fails_with_a_sentence() {
    let path = file("gate", &[GOOD]);
    let gate = |limit: &str| {
        memwall(&["validate", "--points", path.to_str().unwrap(), "--max-median", limit])
    };
    assert_eq!(gate("5").code, 0);
    let failed = gate("0.00001");
    assert_eq!(failed.code, 1);
    assert!(failed.stderr.contains("more than the 0.0 % of --max-median"), "{}", failed.stderr);
}

#[test]
fn the_roofline_is_faster_than_silicon() {
    let path = file("roofline", &[GOOD]);
    let arguments =
        ["validate", "--points", path.to_str().unwrap(), "--cost", "roofline", "--json"];
    let document = memwall(&arguments).document("memwall.validate/1");
    for point in document["points"].as_array().unwrap() {
        let value = |key: &str| point[key].as_f64().unwrap();
        assert!(value("predicted") < value("measured"), "{point}");
    }
}

/// The medians that were recorded; a tenth more fails.
const RECORDED: [(&str, f64); 3] =
    [("ttft_ms", 0.255), ("tpot_ms", 0.090), ("output_tok_s", 0.095)];

#[test]
fn medians_stay_and_threads_change_nothing() {
    let [one, two] = [1, 2].map(|threads| memwall_on_threads(&["validate", "--json"], threads));
    assert!(one.stdout == two.stdout, "the document depends on the number of threads");
    let document = one.document("memwall.validate/1");
    let summary = document["summary"].as_array().unwrap();
    let mut worse = Vec::new();
    for (metric, recorded) in RECORDED {
        let is_it = |group: &&Value| group["metric"] == metric && group["by"] == "all";
        let group = summary.iter().find(is_it).expect("the metric has points");
        let median = group["median_abs_rel_err"].as_f64().unwrap();
        println!("{metric}: {median:.3} over {}", group["n"]);
        if median > recorded * 1.1 {
            worse.push(format!("{metric}: {median:.3}, recorded {recorded:.3}"));
        }
        let held = group["band_coverage"].as_f64().unwrap();
        println!("{metric}: 80 % bands hold {held:.3}");
        if !(0.7..=0.95).contains(&held) {
            worse.push(format!("{metric}: 80 % bands hold {held:.3}"));
        }
    }
    assert!(worse.is_empty(), "further from silicon than recorded: {worse:?}");
}
