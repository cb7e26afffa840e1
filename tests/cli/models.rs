//! `memwall models`: sizes that makers publish, files of one's own, and what is refused.

use std::fs;
use std::path::PathBuf;

use super::program::{memwall, scratch};

/// A Hugging Face configuration of a small dense model.
const CONFIG: &str = r#"{
  "architectures": ["LlamaForCausalLM"],
  "model_type": "llama",
  "hidden_size": 64,
  "intermediate_size": 128,
  "num_attention_heads": 4,
  "num_key_value_heads": 2,
  "num_hidden_layers": 2,
  "vocab_size": 1000,
  "max_position_embeddings": 2048,
  "rms_norm_eps": 1e-5,
  "tie_word_embeddings": false,
  "torch_dtype": "bfloat16"
}"#;

fn file(test: &str, text: &str) -> PathBuf {
    let path = scratch(&format!("models-{test}")).join("config.json");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn sizes_are_those_of_the_checkpoint() {
    let document =
        memwall(&["models", "show", "llama-3.1-70b", "--json"]).document("memwall.model/1");
    // The safetensors index of the checkpoint: 70,553,706,496 parameters, two bytes each.
    assert_eq!(document["params_total"], 70_553_706_496_u64);
    assert_eq!(document["weight_bytes"], 141_107_412_992_u64);
    // 80 layers × 8 KV heads × 128 wide × key and value × 2 bytes.
    assert_eq!(document["kv_bytes_per_token"].as_f64(), Some(327_680.0));
    assert!(document["step"].is_null());
}

#[test]
fn the_list_names_every_model_with_units_in_its_keys() {
    let document = memwall(&["models", "list", "--json"]).document("memwall.models/1");
    let models = document["models"].as_array().unwrap();
    assert!(models.len() > 20);
    for model in models {
        assert!(model["params_active"].as_u64() <= model["params_total"].as_u64(), "{model}");
        assert!(model["weight_bytes"].as_u64().unwrap() > 0, "{model}");
    }
    assert!(memwall(&["models", "list"]).done().contains("deepseek-r1"));
}

#[test]
fn a_configuration_file_and_its_folder_show_alike() {
    let path = file("own", CONFIG);
    let by_file = memwall(&["models", "show", path.to_str().unwrap(), "--json"]).done();
    let folder = path.parent().unwrap().to_str().unwrap();
    assert_eq!(memwall(&["models", "show", folder, "--json"]).done(), by_file);
    let document: serde_json::Value = serde_json::from_str(&by_file).unwrap();
    // Embedding and head 2 × 64,000; a layer 64 × (64 + 32 + 32 + 64) + 3 × 8,192 + two norms.
    assert_eq!(document["params_total"], 2 * 64_000 + 2 * (12_288 + 24_576 + 128) + 64);
}

#[test]
fn a_quantisation_file_beside_the_configuration_counts() {
    let path = file("quant", CONFIG);
    let bytes = || {
        let document = memwall(&["models", "show", path.to_str().unwrap(), "--json"]);
        document.document("memwall.model/1")["weight_bytes"].as_u64().unwrap()
    };
    let plain = bytes();
    let quant = r#"{"producer": {"name": "modelopt"}, "quantization": {
        "quant_algo": "FP8", "kv_cache_quant_algo": "FP8", "exclude_modules": ["lm_head"]}}"#;
    fs::write(path.with_file_name("hf_quant_config.json"), quant).unwrap();
    assert!(bytes() < plain);
    // A folder of many models names both files alike.
    let named = path.with_file_name("Maker--Model_config.json");
    fs::rename(&path, &named).unwrap();
    let bytes = || {
        let document = memwall(&["models", "show", named.to_str().unwrap(), "--json"]);
        document.document("memwall.model/1")["weight_bytes"].as_u64().unwrap()
    };
    assert_eq!(bytes(), plain);
    fs::write(named.with_file_name("Maker--Model_hf_quant_config.json"), quant).unwrap();
    assert!(bytes() < plain);
}

#[test]
fn a_step_that_has_no_room_is_priced_with_a_warning() {
    let step = |more: &[&str]| {
        let arguments = ["models", "show", "llama-3.1-70b", "--ops", "--chip", "h100-sxm"];
        let answer = memwall(&[&arguments, more].concat());
        assert_eq!(answer.code, 0);
        answer.stderr
    };
    let weights = step(&[]);
    assert!(weights.contains("tp2 fits") || weights.contains("tp3 fits"), "{weights}");
    let contexts = step(&["--plan", "tp4", "--batch", "64", "--context", "100000"]);
    assert!(contexts.contains("leaves KV for"), "{contexts}");
    assert_eq!(step(&["--plan", "tp4"]), "");
}

#[test]
fn a_step_is_the_sum_of_its_operators_and_the_host() {
    let arguments = ["models", "show", "llama-3.1-8b", "--ops", "--chip", "h100-sxm", "--json"];
    for more in [&["--batch", "32"][..], &["--phase", "prefill", "--context", "2000"]] {
        let document = memwall(&[&arguments, more].concat()).document("memwall.model/1");
        let step = &document["step"];
        let shares: f64 =
            step["time_share"].as_object().unwrap().values().map(|s| s.as_f64().unwrap()).sum();
        assert!((shares - 1.0).abs() < 1e-4, "{shares}");
        let ops = step["ops"].as_array().unwrap();
        assert!(ops.iter().any(|op| op["name"] == "attn.core"));
        assert!(step["ops_ms"].as_f64().unwrap() <= step["time_ms"].as_f64().unwrap() * 1.0001);
    }
}

#[test]
fn the_roofline_is_never_slower_than_what_was_measured() {
    let time = |cost: &str| {
        let arguments = ["models", "show", "llama-3.1-8b", "--ops", "--json", "--cost", cost];
        memwall(&arguments).document("memwall.model/1")["step"]["time_ms"].as_f64().unwrap()
    };
    assert!(time("roofline") < time("calibrated"));
}

#[test]
fn the_graph_is_written_whole_or_not_at_all() {
    let path = file("dot", CONFIG);
    let config = path.to_str().unwrap();
    let dot = path.with_file_name("graph.dot");
    memwall(&["models", "show", config, "--dot", dot.to_str().unwrap()]).done();
    let graph = fs::read_to_string(&dot).unwrap();
    assert!(graph.starts_with("digraph"), "{graph}");
    // A failing run leaves the earlier graph, and no other file.
    memwall(&["models", "show", config, "--plan", "tp3", "--dot", dot.to_str().unwrap()])
        .refused(&["tp3"]);
    assert_eq!(fs::read_to_string(&dot).unwrap(), graph);
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
    let nowhere = path.with_file_name("no-such-folder").join("graph.dot");
    memwall(&["models", "show", config, "--dot", nowhere.to_str().unwrap()])
        .refused(&["no-such-folder", "folder"]);
}

/// Published rates with experts spread wide: nothing is fitted to them, and what each is off, and
/// what it is off with two batches that overlap and with copies of popular experts, stands in
/// `docs/validation.md`.
#[test]
fn wide_experts_are_as_far_off_as_the_documents_say() {
    let off = [
        ("DSK-00005", [-0.27, -0.14, -0.02]),
        ("DSK-00006", [-0.46, -0.15, 0.20]),
        ("SGB-00005", [-0.02, 0.20, 0.40]),
        ("SGB-00002", [0.09, 0.25, 0.32]),
        ("SGB-00003", [-0.40, -0.30, -0.15]),
    ];
    for (row, (id, off)) in rows("wide-ep.csv").into_iter().zip(off) {
        let [chip, ranks, _, batch, context, phase, weights, kv, per, value] =
            std::array::from_fn(|column| &row[column + 2]);
        let plan = format!("tp1-ep{ranks}-dp{ranks}");
        let copied = format!("{plan}-re1");
        let step = ["--batch", batch, "--context", context, "--phase", phase];
        let how = ["--engine-profile", "sglang", "--chip", chip];
        let formats: Vec<_> = [("--weights", weights), ("--kv", kv)]
            .into_iter()
            .filter(|(_, format)| !format.is_empty())
            .flat_map(|(flag, format)| [flag, format])
            .collect();
        let number = |text: &str| text.parse::<f64>().unwrap();
        let each = if phase == "prefill" { number(context) } else { 1.0 };
        let ways = [
            vec![&*plan],
            vec![&*plan, "--overlap", "two-batch"],
            vec![&*copied, "--overlap", "two-batch"],
        ];
        let found = ways.map(|way| {
            let words =
                [["deepseek-r1", "--plan"].as_slice(), way.as_slice(), &step, &how, &formats]
                    .concat();
            let rate = number(batch) * each / milliseconds(&words) * 1e3;
            rate / number(ranks) * number(per) / number(value) - 1.0
        });
        assert_eq!(&row[0], id);
        for (found, off) in found.into_iter().zip(off) {
            assert!((found - off).abs() < 0.02, "{id}: {found:.3}, not {off}");
        }
    }
}

/// Published times of context parallelism: nothing is fitted to them, and what each is off stands
/// in `docs/validation.md`.
#[test]
fn context_parallelism_is_as_far_off_as_the_documents_say() {
    let off = [
        -0.12, -0.11, -0.07, -0.22, -0.14, -0.07, -0.10, -0.14, -0.32, -0.01, -0.10, 0.06, -0.63,
        -0.60, -0.48, -0.36, -0.16, -0.16, -0.15, -0.11, -0.26, -0.34, -0.17, -0.46,
    ];
    let rows = rows("context-parallel.csv");
    assert_eq!(rows.len(), off.len());
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/measured");
    let model = format!("{data}/llama-3-405b-fp8");
    for (row, off) in rows.iter().zip(off) {
        let [plan, cached, context, phase, ms] = std::array::from_fn(|column| &row[column + 2]);
        let words = [
            [&*model, "--specs", data, "--chip", "h100-gtt", "--kv", "bf16", "--plan", plan],
            [
                "--cached",
                cached,
                "--context",
                context,
                "--phase",
                phase,
                "--cost",
                "calibrated",
                "-q",
            ],
        ];
        let found = milliseconds(&words.concat()) / ms.parse::<f64>().unwrap() - 1.0;
        assert!((found - off).abs() < 0.01, "{}: {found:.3}, not {off}", &row[0]);
    }
}

/// The rows of a table of measurements.
fn rows(name: &str) -> Vec<csv::StringRecord> {
    let path = format!("{}/tests/data/measured/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut reader =
        csv::ReaderBuilder::new().comment(Some(b'#')).from_path(path).expect("the table is there");
    reader.records().map(Result::unwrap).collect()
}

/// What a step takes that `models show` prices.
fn milliseconds(words: &[&str]) -> f64 {
    let words = [["models", "show"].as_slice(), words, &["--ops", "--json"]].concat();
    let document = memwall(&words).document("memwall.model/1");
    document["step"]["time_ms"].as_f64().unwrap()
}

#[test]
fn an_unknown_name_gets_the_nearest_one() {
    memwall(&["models", "show", "llama-3.1-70bb"]).refused(&["did you mean `llama-3.1-70b`?"]);
}

#[test]
fn a_plan_that_does_not_divide_gets_one_that_does() {
    let arguments = ["models", "show", "llama-3.1-70b", "--ops", "--plan", "tp3"];
    memwall(&arguments).refused(&["llama-3.1-70b", "tp3", "works"]);
    memwall(&["models", "show", "llama-3.1-70b", "--plan", "tp0"]).refused(&["tp0"]);
}

#[test]
fn configurations_that_cannot_be_are_refused_by_key() {
    let refused = |test: &str, from: &str, to: &str, parts: &[&str]| {
        assert!(CONFIG.contains(from));
        let path = file(test, &CONFIG.replacen(from, to, 1));
        memwall(&["models", "show", path.to_str().unwrap()])
            .refused(&[&["config.json"], parts].concat());
    };
    refused("missing", "\"hidden_size\": 64,", "", &["hidden_size"]);
    refused("negative", "\"hidden_size\": 64", "\"hidden_size\": -64", &["hidden_size", "-64"]);
    refused("text", "\"vocab_size\": 1000", "\"vocab_size\": \"many\"", &["vocab_size", "many"]);
    refused("kind", "LlamaForCausalLM", "NoSuchForCausalLM", &["NoSuchForCausalLM", "known"]);
    refused("broken", "\"vocab_size\": 1000,", "\"vocab_size\": 1000", &["config.json:"]);
    refused("zero", "\"num_attention_heads\": 4", "\"num_attention_heads\": 0", &["heads"]);
    memwall(&["models", "show", "no-such/config.json"]).refused(&["no-such/config.json"]);
}
