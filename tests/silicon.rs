//! The forms against measured kernels.
//!
//! In-sample: the constants were fitted to the tables that these rows were drawn from (fixed seed),
//! so this says that the code computes what was fitted, not how well it predicts.

use crate::cost::{attention, calibrated, collective, decode, gemm, mla, prefill, seconds};
use memwall::cost::{Batch, Calibration, EngineProfile, Pricing, StepProgram, TimeModel};
use memwall::hardware::{Catalog, Chip, Format};
use memwall::model::{
    Catalog as Models, CollectiveKind, Layer, LinearAttention, LinearKind, Mixer, Moe, Op, OpKind,
    Plan, Precision, Weights, compile, forward,
};

/// A measured chip, with the figures that the fits had.
fn named(name: &str) -> Chip {
    Catalog::embedded().chip(name).expect("a chip of the catalogue").clone()
}

/// A row by column name.
struct Row<'a> {
    names: Vec<&'a str>,
    fields: Vec<&'a str>,
}

impl Row<'_> {
    fn text(&self, name: &str) -> &str {
        self.fields[self.names.iter().position(|known| *known == name).expect(name)]
    }

    fn number(&self, name: &str) -> u32 {
        self.text(name).parse().expect(name)
    }

    fn format(&self, name: &str) -> Format {
        self.text(name).parse().expect(name)
    }
}

/// Absolute relative errors of `predict` (seconds), by group; at least ten rows a group.
fn errors(
    csv: &str,
    group: impl Fn(&Row) -> String,
    predict: impl Fn(&Row) -> f64,
) -> Vec<(String, f64, f64)> {
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let mut groups = std::collections::BTreeMap::<String, Vec<f64>>::new();
    for line in lines {
        let row = Row { names: names.clone(), fields: line.split(',').collect() };
        let measured: f64 = row.text("latency_us").parse().expect("a latency");
        let error = (predict(&row) * 1e6 / measured - 1.0).abs();
        groups.entry(group(&row)).or_default().push(error);
    }
    let quantile = |errors: &mut Vec<f64>, share: f64| {
        errors.sort_by(f64::total_cmp);
        errors[((errors.len() - 1) as f64 * share) as usize] * 100.0
    };
    let summary = |(name, mut errors): (String, Vec<f64>)| {
        assert!(errors.len() >= 10, "{name} has {} rows", errors.len());
        (name, quantile(&mut errors, 0.5), quantile(&mut errors, 0.9))
    };
    groups.into_iter().map(summary).collect()
}

/// Every group's median and 90th percentile stay below its limits, in per cent: a little above what
/// the fits had on their held-out rows.
fn check(found: &[(String, f64, f64)], limits: &[(&str, f64, f64)]) {
    assert_eq!(found.len(), limits.len(), "{found:?}");
    for ((name, median, p90), limit) in found.iter().zip(limits) {
        println!("{name:28} median {median:5.1} %  p90 {p90:5.1} %");
        assert_eq!(name, limit.0);
        assert!(*median <= limit.1 && *p90 <= limit.2, "{name}: {median:.1} % / {p90:.1} %");
    }
}

fn engine(row: &Row) -> EngineProfile {
    row.text("engine").parse().expect("an engine")
}

fn dense(group: impl Fn(&Row) -> String) -> Vec<(String, f64, f64)> {
    errors(include_str!("data/silicon/gemm.csv"), group, |row| {
        let [n, k] = ["n", "k"].map(|name| u64::from(row.number(name)));
        let kind = gemm(n, k, row.format("dtype"));
        let program = calibrated(kind, &named(row.text("chip")), engine(row));
        seconds(&program, &prefill(1, 0, row.number("m"), &[]))
    })
}

#[test]
fn dense_products() {
    let limits = [
        ("bf16 trtllm", 7.0, 20.0),
        ("fp8 sglang", 11.0, 32.0),
        ("fp8-block trtllm", 7.0, 26.0),
        ("nvfp4 sglang", 8.0, 24.0),
    ];
    check(&dense(|row| format!("{} {}", row.text("dtype"), row.text("engine"))), &limits);
    let by_chip = dense(|row| format!("{} {}", row.text("chip"), row.text("dtype")));
    let h100 = by_chip.iter().find(|group| group.0 == "h100-sxm bf16").expect("H100, bf16");
    assert!(h100.1 <= 6.0, "{h100:?}");
}

#[test]
fn prefill_attention() {
    let found = errors(
        include_str!("data/silicon/attention_context.csv"),
        |row| format!("{} {}", row.text("engine"), row.text("kv_cache_dtype")),
        |row| {
            let [heads, kv_heads, dim] =
                ["num_heads", "num_kv_heads", "head_dim"].map(|name| row.number(name));
            let kind = attention(heads, kv_heads, dim, row.format("kv_cache_dtype"));
            let program = calibrated(kind, &named(row.text("chip")), engine(row));
            seconds(&program, &prefill(row.number("batch_size"), 0, row.number("isl"), &[]))
        },
    );
    let limits = [
        ("sglang bf16", 9.0, 27.0),
        ("sglang fp8", 10.0, 27.0),
        ("trtllm bf16", 10.0, 31.0),
        ("trtllm fp8", 11.0, 30.0),
        ("vllm bf16", 11.0, 30.0),
        ("vllm fp8", 12.0, 30.0),
    ];
    check(&found, &limits);
}

/// Only rows whose KV is twice the L2 cache: smaller ones were measured warm.
#[test]
fn decode_attention_from_cold_caches() {
    let found = errors(
        include_str!("data/silicon/attention_generation.csv"),
        |row| format!("{} {}", row.text("engine"), row.text("kv_cache_dtype")),
        |row| {
            let [heads, kv_heads, dim] =
                ["num_heads", "num_kv_heads", "head_dim"].map(|name| row.number(name));
            let kind = attention(heads, kv_heads, dim, row.format("kv_cache_dtype"));
            let program = calibrated(kind, &named(row.text("chip")), engine(row));
            seconds(&program, &decode(row.number("batch_size"), row.number("kv_len"), &[]))
        },
    );
    let limits = [
        ("sglang bf16", 1.7, 13.0),
        ("sglang fp8", 3.7, 10.0),
        ("trtllm bf16", 4.4, 26.0),
        ("trtllm fp8", 6.4, 26.0),
        ("vllm bf16", 2.5, 9.0),
        ("vllm fp8", 3.4, 15.2),
    ];
    check(&found, &limits);
}

#[test]
fn latent_attention() {
    let found = errors(
        include_str!("data/silicon/mla.csv"),
        |row| format!("{} {}", row.text("op"), row.text("kv_cache_dtype")),
        |row| {
            let kind = OpKind::Mla(mla(row.number("num_heads"), row.format("kv_cache_dtype")));
            let program = calibrated(kind, &named(row.text("chip")), EngineProfile::Trtllm);
            let sequences = row.number("batch_size");
            if row.text("op") == "mla_context_kernel" {
                seconds(&program, &prefill(sequences, 0, row.number("isl"), &[]))
            } else {
                seconds(&program, &decode(sequences, row.number("kv_len"), &[]))
            }
        },
    );
    let limits = [
        ("mla_context_kernel bf16", 9.0, 25.0),
        ("mla_context_kernel fp8", 10.0, 28.0),
        ("mla_generation_kernel bf16", 5.1, 23.0),
        ("mla_generation_kernel fp8", 6.9, 34.0),
    ];
    check(&found, &limits);
}

/// Rows where random routing reaches as many experts as the measured balanced routing: one token,
/// or many.
#[test]
fn routed_experts() {
    let found = errors(
        include_str!("data/silicon/moe.csv"),
        |row| row.text("dtype").to_owned(),
        |row| {
            let number = |name| row.number(name);
            let kind = OpKind::Moe(Moe {
                hidden: number("hidden_size"),
                inter: number("inter_size") / number("moe_tp_size"),
                experts: number("num_experts"),
                top_k: number("topk"),
                ep: number("moe_ep_size"),
                redundant: 0,
                gated: true,
                weights: row.format("dtype"),
                dispatched: false,
            });
            let program = calibrated(kind, &named(row.text("chip")), engine(row));
            seconds(&program, &prefill(1, 0, number("num_tokens"), &[]))
        },
    );
    let limits =
        [("bf16", 3.9, 12.0), ("fp8", 5.4, 23.0), ("fp8-block", 5.5, 33.0), ("nvfp4", 10.6, 22.0)];
    check(&found, &limits);
}

/// Only kernels that move twice the L2 cache: smaller ones were measured warm.
#[test]
fn recurrent_mixers_from_cold_caches() {
    let found = errors(
        include_str!("data/silicon/linear_attention.csv"),
        |row| format!("{} {}", row.text("kind"), row.text("phase")),
        |row| {
            let linear = LinearAttention {
                kind: if row.text("kind") == "gdn" { LinearKind::Gdn } else { LinearKind::Kda },
                heads: row.number("heads"),
                key_dim: 128,
                value_dim: 128,
                state: Format::Fp32,
                conv_channels: 0,
                conv_width: 0,
            };
            let kind = OpKind::Linear(linear);
            let program = calibrated(kind, &named(row.text("chip")), engine(row));
            let (sequences, tokens) = (row.number("sequences"), row.number("tokens"));
            match row.text("phase") {
                "decode" => seconds(&program, &decode(sequences, 1, &[])),
                _ => seconds(&program, &prefill(sequences, 0, tokens, &[])),
            }
        },
    );
    let limits = [
        ("gdn decode", 2.0, 5.8),
        ("gdn prefill", 3.8, 27.1),
        ("kda decode", 3.6, 7.2),
        ("kda prefill", 9.6, 22.9),
    ];
    check(&found, &limits);
}

/// A module of sparse attention with its projections: the layer's own graph, collectives left out.
fn sparse_module(row: &Row) -> Vec<Op> {
    let mut model = Models::embedded().model(row.text("model")).expect("a shipped model");
    let (kind, _) = row.text("kind").split_once('-').expect("a mixer and a phase");
    let has_kind = |layer: &&Layer| layer.mixer.as_ref().is_some_and(|m| m.name() == kind);
    let mut layer = model.layers.iter().find(has_kind).expect("such a layer").clone();
    layer.feed_forward = None;
    let plan = match &mut layer.mixer {
        Some(Mixer::Latent(latent)) => {
            latent.heads = row.number("heads");
            Plan::tp(1)
        }
        _ => Plan::tp(row.number("tp")),
    };
    model.layers = vec![layer];
    let weights = Weights::All(row.format("weights"));
    let precision = Precision { weights, kv: row.format("kv") };
    let graph = forward(&model, &plan, &precision).expect("a plan that divides");
    let of_module = |op: &Op| op.name.starts_with("attn.") || op.name.starts_with("indexer.");
    compile(&graph).into_iter().filter(of_module).collect()
}

/// Whole modules, projections included. Those of `hca` have no indexer, so nothing was fitted to
/// them. Limits are what was recorded, and a tenth more.
#[test]
fn sparse_attention_modules() {
    let found = errors(
        include_str!("data/silicon/sparse_attention.csv"),
        |row| row.text("kind").to_owned(),
        |row| {
            let pricing = Pricing { model: TimeModel::Calibrated, engine: engine(row) };
            let (ops, chip) = (sparse_module(row), named(row.text("chip")));
            let program = StepProgram::compile(&ops, &chip, Calibration::embedded(), pricing)
                .expect("the chip is complete");
            let [sequences, new, past] = ["sequences", "new", "past"].map(|name| row.number(name));
            let batch = if row.text("kind").ends_with("decode") {
                decode(sequences, past + 1, program.clips())
            } else {
                prefill(sequences, past, new, program.clips())
            };
            program.price_ops(&batch).iter().map(|op| op.time.get()).sum()
        },
    );
    let limits = [
        ("csa-decode", 8.4, 37.2),
        ("csa-prefill", 21.5, 61.9),
        ("dsa-decode", 10.5, 27.7),
        ("dsa-prefill", 14.8, 61.5),
        ("hca-decode", 7.5, 27.2),
        ("hca-prefill", 20.7, 69.2),
    ];
    check(&found, &limits);
}

#[test]
fn collectives() {
    let predict = |row: &Row, kind, engine| {
        let kind = collective(kind, row.number("num_gpus"), f64::from(row.number("bytes")));
        seconds(&calibrated(kind, &named(row.text("chip")), engine), &decode(1, 1, &[]))
    };
    let found = errors(
        include_str!("data/silicon/allreduce.csv"),
        |row| row.text("engine").to_owned(),
        |row| predict(row, CollectiveKind::AllReduce, engine(row)),
    );
    let limits = [("sglang", 8.0, 36.0), ("trtllm", 8.0, 20.0), ("vllm", 9.0, 40.0)];
    check(&found, &limits);
    let found = errors(
        include_str!("data/silicon/nccl.csv"),
        |row| row.text("op").to_owned(),
        |row| match row.text("op") {
            "all_gather" => predict(row, CollectiveKind::AllGather, EngineProfile::Vllm),
            _ => predict(row, CollectiveKind::ReduceScatter, EngineProfile::Vllm),
        },
    );
    check(&found, &[("all_gather", 9.0, 27.0), ("reduce_scatter", 7.0, 35.0)]);
}

/// `base = "…"` and nothing else: measured rows pass to the variation as they are.
#[test]
fn a_variation_with_the_same_figures_costs_the_same() {
    let text = "name = \"twin\"\nbase = \"b200-sxm\"\n";
    let catalog = Catalog::embedded().overlaid(&[("twin.toml".into(), text.into())]).unwrap();
    let kinds = [
        gemm(8192, 8192, Format::Bf16),
        gemm(8192, 8192, Format::Nvfp4),
        attention(64, 8, 128, Format::Fp8),
        OpKind::Mla(mla(16, Format::Fp8)),
        collective(CollectiveKind::AllReduce, 8, 16384.0),
    ];
    for engine in EngineProfile::ALL {
        for kind in &kinds {
            let price = |name: &str, batch: &Batch| {
                let chip = catalog.chip(name).unwrap();
                seconds(&calibrated(kind.clone(), chip, engine), batch)
            };
            for batch in [prefill(2, 100, 3000, &[]), decode(64, 8000, &[])] {
                let (twin, base) = (price("twin", &batch), price("b200-sxm", &batch));
                assert!((twin / base - 1.0).abs() < 1e-12, "{kind:?}: {twin} {base}");
            }
        }
    }
}
