//! Models: published sizes, closed forms of the KV cache, conservation, the operator graph.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use memwall::cost::CLIPS;
use memwall::hardware::Format;
use memwall::model::{
    Catalog, CollectiveKind, Gemm, Group, Model, ModelError, Moe, Op, OpKind, Plan, Precision,
    Rows, Spread, Weights, compile, forward, import,
};
use memwall::units::Bytes;
use proptest::prelude::*;
use serde::Deserialize;

const ONE: Plan = Plan::tp(1);

/// A file of published figures; see the head of `published.toml`.
#[derive(Deserialize)]
struct Published {
    model: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    files: Vec<String>,
    total: String,
    active: Option<String>,
    #[serde(default)]
    counts: String,
    #[serde(default)]
    with_draft: bool,
    #[serde(default)]
    towers: f64,
    source: String,
    class: String,
}

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every configuration in the repository, by the name of its file.
fn every_model() -> BTreeMap<String, Model> {
    let mut models = BTreeMap::new();
    for path in ["workloads/models", "tests/data/models"] {
        for entry in fs::read_dir(folder(path)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let Some(name) = name.strip_suffix(".json") else { continue };
            if name.ends_with("_hf_quant_config") {
                continue;
            }
            let name = name.trim_end_matches("_config");
            let quant = path.with_file_name(format!("{name}_hf_quant_config.json"));
            let quant = fs::read_to_string(quant).ok();
            let config = fs::read_to_string(&path).unwrap();
            models.insert(name.to_owned(), import(name, &config, quant.as_deref()).unwrap());
        }
    }
    models
}

/// Whether `count` is the printed `figure` (in billions), within `share` or its last digit.
fn agrees(count: u64, figure: &str, share: f64) -> bool {
    let value: f64 = figure.parse().unwrap();
    let (mantissa, exponent) = figure.split_once('e').unwrap_or((figure, "0"));
    let decimals = mantissa.split_once('.').map_or("", |(_, digits)| digits);
    let unit: f64 = format!("1e{exponent}").parse().unwrap();
    let half = decimals.chars().fold(0.5 * unit, |half, _| half / 10.0);
    (count as f64 / 1e9 - value).abs() <= (value * share).max(half)
}

#[test]
fn every_configuration_has_its_published_size() {
    let text = fs::read_to_string(folder("tests/data/models/published.toml")).unwrap();
    let published: Published = toml::from_str(&text).unwrap();
    let mut models = every_model();
    assert!(models.len() >= 69);
    let mut wrong = Vec::new();
    for row in &published.model {
        assert!(!row.source.is_empty() && !row.class.is_empty());
        for file in &row.files {
            let model = models.remove(file).unwrap_or_else(|| panic!("{file} is missing or twice"));
            let draft = if row.with_draft { model.params_draft() } else { 0 };
            let total = model.params_total() + draft + (row.towers * 1e9) as u64;
            if !agrees(total, &row.total, 0.01) {
                wrong.push(format!("{file}: total {total}, published {}", row.total));
            }
            let table = u64::from(model.vocab) * u64::from(model.hidden);
            let active = match row.counts.as_str() {
                "" => model.params_active(),
                "tables" => model.params_active() + table,
                "layers" => model.params_active() - table,
                other => panic!("{file}: counts = {other}"),
            };
            if row.active.as_ref().is_some_and(|figure| !agrees(active, figure, 0.03)) {
                wrong.push(format!("{file}: active {active}, published {:?}", row.active));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(models.is_empty(), "no published size: {:?}", models.keys());
}

#[test]
fn the_catalogue_is_its_folder() {
    let shipped = fs::read_dir(folder("workloads/models")).unwrap();
    let files = shipped.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let names = files.filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()));
    let names: Vec<_> = names.collect::<BTreeSet<_>>().into_iter().collect();
    let catalog = Catalog::embedded();
    assert_eq!(catalog.names(), names);
    for model in catalog.models() {
        assert_eq!(catalog.model(&model.name).unwrap(), model);
    }
}

#[test]
fn names_are_found_as_benchmarks_write_them() {
    let catalog = Catalog::embedded();
    for (spelled, name) in [
        ("meta-llama/Llama-3.1-70B-Instruct", "llama-3.1-70b"),
        ("Llama-3.3-70B", "llama-3.1-70b"),
        ("nvidia/Llama-3.1-8B-Instruct-FP8", "llama-3.1-8b"),
        ("meta-llama/Meta-Llama-3.1-405B", "llama-3.1-405b"),
        ("DeepSeek-V3/R1", "deepseek-r1"),
        ("nvidia/DeepSeek-V3.1-NVFP4", "deepseek-r1"),
        ("Qwen/Qwen3-235B-A22B-FP8", "qwen3-235b"),
        ("zhipuai/GLM-5", "glm-5"),
        ("Kimi-K2-Thinking", "kimi-k2.5"),
        ("Qwen/Qwen3-VL-235B-A22B-Thinking", "qwen3-235b"),
        ("Nemotron-3-Nano-30B-A3B", "nemotron-3-nano"),
        ("Qwen3-Next-80B-A3B", "qwen3-next-80b"),
        ("gpt-oss-120b", "gpt-oss-120b"),
    ] {
        assert_eq!(catalog.model(spelled).unwrap().name, name, "{spelled}");
    }
    let error = catalog.model("lama-3.1-70b").unwrap_err().to_string();
    assert!(error.starts_with("no model is called `lama-3.1-70b`; did you mean `llama-3.1-70b`?"));
}

#[test]
fn kv_caches_follow_their_closed_forms() {
    let catalog = Catalog::embedded();
    let kv = |name: &str, format: Format, tp: u32| {
        catalog.model(name).unwrap().kv_bytes_per_token(format, &Plan::tp(tp))
    };
    // 80 layers × 8 heads × (128 + 128) × 2 bytes; heads repeat beyond tp 8.
    assert_eq!(kv("llama-3.1-70b", Format::Bf16, 1), Bytes::new(327_680.0));
    assert_eq!(kv("llama-3.1-70b", Format::Bf16, 8), Bytes::new(40_960.0));
    assert_eq!(kv("llama-3.1-70b", Format::Bf16, 16), Bytes::new(40_960.0));
    // 61 layers × (512 + 64) bytes, on every rank.
    assert_eq!(kv("deepseek-r1", Format::Fp8, 1), Bytes::new(61.0 * 576.0));
    assert_eq!(kv("deepseek-r1", Format::Fp8, 8), Bytes::new(61.0 * 576.0));
    // An index key of 128 bytes and its scale besides.
    assert_eq!(kv("deepseek-v3.2", Format::Bf16, 1), Bytes::new(61.0 * (1152.0 + 132.0)));
    // 21 of 78 layers have an indexer.
    assert_eq!(kv("glm-5.2", Format::Bf16, 1), Bytes::new(78.0 * 1152.0 + 21.0 * 132.0));
    // 30 layers keep one entry and one index key per 4 tokens, 31 one entry per 128.
    let v4 = 30.0 * (512.0 + 132.0) / 4.0 + 31.0 * 512.0 / 128.0;
    assert_eq!(kv("deepseek-v4-pro", Format::Fp8, 1), Bytes::new(v4));
    // 15 full layers of 2 heads; 18 full layers of 8 heads.
    assert_eq!(kv("qwen3.5-397b", Format::Bf16, 1), Bytes::new(15.0 * 2.0 * 512.0 * 2.0));
    assert_eq!(kv("gpt-oss-120b", Format::Bf16, 1), Bytes::new(18.0 * 8.0 * 128.0 * 2.0));
}

#[test]
fn windows_and_states_do_not_grow_with_the_context() {
    let catalog = Catalog::embedded();
    let oss = catalog.model("gpt-oss-120b").unwrap();
    let window = |context| oss.window_bytes(Format::Bf16, &ONE, context);
    assert_eq!(window(64), Bytes::new(64.0 * 18.0 * 2048.0));
    assert_eq!(window(100_000), Bytes::new(128.0 * 18.0 * 2048.0));
    assert!(oss.state_bytes_per_sequence(&ONE).is_zero());
    let qwen = catalog.model("qwen3.5-397b").unwrap();
    // 45 layers: 64 heads of 128 × 128 in 32 bits; 3 columns of 12,288 channels in 16 bits.
    let layer = 64.0 * 128.0 * 128.0 * 4.0 + 3.0 * 12_288.0 * 2.0;
    assert_eq!(qwen.state_bytes_per_sequence(&ONE), Bytes::new(45.0 * layer));
    assert_eq!(qwen.state_bytes_per_sequence(&Plan::tp(8)), Bytes::new(45.0 * layer / 8.0));
}

#[test]
fn checkpoints_are_in_their_native_formats() {
    let catalog = Catalog::embedded();
    let formats = |name: &str| {
        let model = catalog.model(name).unwrap();
        let formats = model.formats(&model.native_precision());
        formats.into_iter().map(|(group, format, _)| (group, format)).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(formats("llama-3.1-70b")[&Group::Mixer], Format::Bf16);
    assert_eq!(formats("deepseek-r1")[&Group::Experts], Format::Fp8Block);
    let oss = formats("gpt-oss-120b");
    assert_eq!((oss[&Group::Mixer], oss[&Group::Experts]), (Format::Bf16, Format::Mxfp4));
    let kimi = formats("kimi-k2.5");
    assert_eq!((kimi[&Group::Shared], kimi[&Group::Experts]), (Format::Bf16, Format::Int4));
    let v4 = formats("deepseek-v4-pro");
    assert_eq!((v4[&Group::Mixer], v4[&Group::Experts]), (Format::Fp8Block, Format::Mxfp4));
    let mixed = &every_model()["nvidia--Qwen3.6-27B-NVFP4"];
    assert_eq!((mixed.head, mixed.kv), (Format::Nvfp4, Format::Fp8));
    assert_eq!(mixed.layers[0].formats.mixer, Format::Fp8);
    assert_eq!(mixed.layers[0].formats.dense, Format::Nvfp4);
    // Layers 4 and 5 of Nemotron are left in 16 bits, layer 0 is not.
    let nano = &every_model()["nvidia--NVIDIA-Nemotron-3-Nano-30B-A3B-NVFP4"];
    let mixers = [0, 4, 5].map(|layer: usize| nano.layers[layer].formats.mixer);
    assert_eq!(mixers, [Format::Nvfp4, Format::Bf16, Format::Bf16]);
}

#[test]
fn checkpoints_weigh_what_their_files_do() {
    // The gpt-oss model card (arXiv 2508.10925, table 1) prints 60.8 and 12.8 GiB; the INT4
    // checkpoint of Kimi K2 Thinking and K2.5 is 594 GB on the Hub.
    let gib = 1024f64.powi(3);
    for (name, bytes) in
        [("gpt-oss-120b", 60.8 * gib), ("gpt-oss-20b", 12.8 * gib), ("kimi-k2.5", 594e9)]
    {
        let model = Catalog::embedded().model(name).unwrap();
        let ratio = model.weight_bytes(&model.native_precision(), &ONE).get() / bytes;
        assert!((ratio - 1.0).abs() < 0.005, "{name}: {ratio}");
    }
}

/// Weights of one model's GEMMs and experts that a token passes, from the compiled graph.
fn matrix_flops(ops: &[Op]) -> f64 {
    let flops = ops.iter().map(|op| {
        let each = match &op.kind {
            OpKind::Gemm(Gemm { n, k, .. }) => 2.0 * (n * k) as f64,
            OpKind::Moe(Moe { hidden, inter, top_k, gated, .. }) => {
                let matrices = if *gated { 3.0 } else { 2.0 };
                2.0 * matrices * f64::from(*hidden) * f64::from(*inter) * f64::from(*top_k)
            }
            _ => 0.0,
        };
        each * f64::from(op.count)
    });
    flops.sum()
}

#[test]
fn a_token_costs_two_operations_per_active_parameter() {
    for (name, model) in every_model() {
        let graph = forward(&model, &ONE, &model.native_precision()).unwrap();
        let ratio = matrix_flops(&compile(&graph)) / (2.0 * model.params_active() as f64);
        // Norms, biases and convolutions are missing.
        assert!((0.98..=1.0).contains(&ratio), "{name}: {ratio}");
    }
}

#[test]
fn a_model_has_few_clip_lengths() {
    for (name, model) in every_model() {
        let graph = forward(&model, &ONE, &model.native_precision()).unwrap();
        let clips = compile(&graph).into_iter().filter_map(|op| match op.kind {
            OpKind::Attention(attention) => attention.window,
            OpKind::Mla(mla) => mla.selected.map(|selected| selected * mla.compression),
            _ => None,
        });
        let clips: BTreeSet<_> = clips.collect();
        assert!(clips.len() <= CLIPS, "{name}: {clips:?}");
    }
}

#[test]
fn graphs_respect_their_data_flow_and_never_differ() {
    let model = Catalog::embedded().model("deepseek-v3.2").unwrap();
    let plan: Plan = "tp2-ep8-dp4".parse().unwrap();
    let build = || forward(&model, &plan, &model.native_precision()).unwrap();
    let (graph, again) = (build(), build());
    let order = compile(&graph);
    assert_eq!(order, compile(&again));
    assert_eq!(graph.to_dot(), again.to_dot());
    assert!(graph.to_dot().contains("moe.dispatch × 58"));
    let place = |op: &Op| order.iter().position(|other| other == op).unwrap();
    assert!(graph.edges().all(|(from, to)| place(from) < place(to) || from == to));
    assert!(graph.edges().count() >= graph.len());
}

#[test]
fn exchanges_are_those_of_engines() {
    use CollectiveKind::{AllGather, AllReduce, Combine, Dispatch, ReduceScatter, Send};
    let model = Catalog::embedded().model("deepseek-r1").unwrap();
    let kinds = |plan: &str| {
        let plan = plan.parse().unwrap();
        let graph = forward(&model, &plan, &model.native_precision()).unwrap();
        let mut kinds = BTreeMap::new();
        for op in compile(&graph) {
            if let OpKind::Collective(collective) = op.kind {
                *kinds.entry(collective.kind).or_insert(0) += op.count;
            }
        }
        kinds
    };
    assert!(kinds("tp1").is_empty());
    // Embedding, 61 mixers, 61 feed-forward parts; logits.
    assert_eq!(kinds("tp8"), BTreeMap::from([(AllReduce, 123), (AllGather, 1)]));
    assert_eq!(kinds("tp8-ep8"), kinds("tp8"));
    assert_eq!(kinds("tp1-ep8-dp8"), BTreeMap::from([(Dispatch, 58), (Combine, 58)]));
    assert_eq!(kinds("tp1-dp8"), BTreeMap::from([(AllGather, 58), (ReduceScatter, 58)]));
    assert_eq!(kinds("tp1-pp4"), BTreeMap::from([(Send, 3)]));
}

#[test]
fn attention_dp_spreads_tokens_over_groups_but_not_over_experts() {
    let model = Catalog::embedded().model("deepseek-r1").unwrap();
    let plan = "tp1-ep8-dp8".parse().unwrap();
    let ops = compile(&forward(&model, &plan, &model.native_precision()).unwrap());
    let find = |name: &str| ops.iter().find(|op| op.name == name).unwrap();
    assert_eq!(find("attn.core").spread, Spread::over(8));
    assert_eq!(find("moe.experts").spread, Spread::NONE);
    let OpKind::Moe(moe) = &find("moe.experts").kind else { panic!() };
    assert_eq!((moe.inter, moe.experts, moe.ep), (2048, 256, 8));
    let head = find("lm_head");
    assert!(matches!(&head.kind, OpKind::Gemm(gemm) if gemm.rows == Rows::Logits));
    // A token's 8 experts sit on 5.3 of 8 ranks on average: 8 (1 − C(224, 8) / C(256, 8)).
    let OpKind::Collective(dispatch) = &find("moe.dispatch").kind else { panic!() };
    assert!((dispatch.bytes_per_token / 7168.0 - 5.293).abs() < 0.01, "{dispatch:?}");
}

#[test]
fn plans_that_do_not_divide_say_why_and_what_would() {
    let catalog = Catalog::embedded();
    let error = |name: &str, plan: &str| {
        let model = catalog.model(name).unwrap();
        forward(&model, &plan.parse().unwrap(), &model.native_precision()).unwrap_err().to_string()
    };
    assert_eq!(
        error("llama-2-13b", "tp16"),
        "llama-2-13b cannot run as tp16: `attn.qkv` has 40 units, which tp 16 does not divide; \
         tp8 works"
    );
    assert!(error("llama-3.1-8b", "tp2-ep2").contains("no routed experts for ep 2; tp2 works"));
    assert!(error("qwen3-30b", "tp8-ep3").contains("ep 3 does not divide the 8 ranks"));
    assert!(error("kimi-k2", "tp5-ep5").contains("which tp 5 does not divide"));
    assert!(error("llama-3.1-8b", "tp1-pp33").contains("32 layers for 33"));
}

#[test]
fn errors_name_file_key_and_value() {
    let message = |text: &str| import("my.json", text, None).unwrap_err().to_string();
    assert!(message("{\n  \"a\": }").starts_with("my.json:2:8: not JSON: expected value"));
    let unknown = message(r#"{"architectures": ["GPTJForCausalLM"]}"#);
    assert!(unknown.starts_with("my.json: unknown architecture `GPTJForCausalLM`; known: Deci"));
    assert!(message("{}").contains("`architectures` is absent"));
    let config = fs::read_to_string(folder("workloads/models/llama-3.1-8b.json")).unwrap();
    let without = config.replace("\"intermediate_size\"", "\"other\"");
    assert_eq!(
        message(&without),
        "my.json: `intermediate_size` is missing; the architecture `LlamaForCausalLM` needs it"
    );
    let odd = message(&config.replace("14336", "\"wide\""));
    assert!(odd.starts_with("my.json: `intermediate_size` is \"wide\"; expected a whole number"));
    let quant = r#"{"quantization": {"quant_algo": "FP3"}}"#;
    let error = import("my.json", &config, Some(quant)).unwrap_err();
    assert!(matches!(error, ModelError::Unsupported { .. }));
    assert!(error.to_string().contains("`quantization.quant_algo` = \"FP3\" is not modelled"));
}

#[test]
fn a_draft_step_is_one_layer_of_its_model() {
    let model = Catalog::embedded().model("deepseek-r1").unwrap();
    // A full layer of 256 experts and the projection that joins two hidden states.
    assert!((model.params_draft() as f64 / 11.6e9 - 1.0).abs() < 0.01);
    let draft = model.draft_model().unwrap();
    let ops = compile(&forward(&draft, &Plan::tp(8), &draft.native_precision()).unwrap());
    assert!(ops.iter().any(|op| op.name == "mtp.join"));
    assert!(ops.iter().filter(|op| op.name == "moe.experts").all(|op| op.count == 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Nothing is lost by dividing, and what is repeated is at most everything on every rank.
    #[test]
    fn ranks_hold_the_whole_model(
        index in 0usize..40, tp in 0u32..4, pp in 1u32..5, dp in 0u32..3, split in any::<bool>(),
    ) {
        let models = Catalog::embedded().names();
        let model = Catalog::embedded().model(&models[index % models.len()]).unwrap();
        let (tp, dp) = (1 << tp, 1 << dp);
        let plan = Plan { tp, pp, ep: if split { tp * dp } else { 1 }, dp, ..ONE };
        let precision = Precision { weights: Weights::All(Format::Nvfp4), kv: Format::Fp8 };
        prop_assume!(model.check_plan(&plan).is_ok());
        let total = |plan: &Plan| {
            let stages = model.weight_bytes_by_stage(&precision, plan);
            stages.iter().map(|bytes| bytes.get()).sum::<f64>()
        };
        let whole = total(&ONE);
        let ranks = f64::from(plan.tp * plan.dp);
        // A tied matrix is stored twice once its two ends are on different stages.
        let table = 2.0 * f64::from(model.vocab) * f64::from(model.hidden);
        let ends = if model.tied && pp > 1 { table } else { 0.0 };
        prop_assert!(total(&plan) * ranks >= whole * (1.0 - 1e-12));
        prop_assert!(total(&plan) <= whole + ends + 1.0);
        // Stages alone repeat nothing.
        let staged = total(&Plan { pp, ..ONE });
        prop_assert!((staged - whole - ends).abs() < 1.0);
    }
}
