//! Routed experts.

use std::fmt::Write;
use std::sync::Arc;

use crate::cost::{Bench, Calibration, MoeRow, SkewRow};
use crate::fidelity::fit::family::Family;
use crate::fidelity::fit::record::Record;
use crate::fidelity::fit::sample::{Sample, Trial, check_peak};
use crate::fidelity::fit::solve::{Constant, Role, Unit};
use crate::hardware::{Engine, Format};
use crate::model::Moe;
use crate::units::Seconds;

const COLUMNS: &[&str] = &[
    "chip",
    "engine",
    "version",
    "kernel",
    "dtype",
    "model",
    "hidden_size",
    "inter_size",
    "topk",
    "num_experts",
    "moe_tp_size",
    "moe_ep_size",
    "distribution",
    "num_tokens",
    "latency_us",
];

pub(super) const FAMILY: Family = Family {
    name: "moe",
    table: "moe.csv",
    targets: &[("all", 0.09, 0.30)],
    columns: COLUMNS,
    head: "\
The whole routed-expert operator: routing, permutation, grouped products, activation, combine.

a: assignments on this rank; act: its experts with work; F: operations, rows of an expert padded to
64; Wb: weights of the active experts; Ab, An: activation bytes of this rank's assignments and of
all ranks' (generated kernels walk over those too); tau: one active expert.
Per engine the kernel that it picks: TensorRT-LLM's Cutlass and DeepGEMM, not its min-latency NVFP4
path; FlashInfer's generated kernels on Blackwell, Triton's on others, for SGLang and vLLM. Left
out: vLLM's FP8 rows on Hopper (17-20 % of bandwidth: no tuned kernel); SGLang's MXFP4 with Triton
(it widened the weights in memory); vLLM's MXFP4 on several expert ranks (it was run on one);
DeepSeek-V3 with generated kernels (its grouped router sends all of the benchmark's tokens to the
measured rank); Mixtral with Triton (no tuned tiles: half to double the time); on L40S and RTX PRO,
experts that fit the L2. MXFP4 and INT4 were measured with one model each, whose shares of a rank
are held out: mxfp4 with 16-bit activations on chips without FP4 units, mxfp4-mxfp8 on others.
Steps are priced with int4, but not with MXFP4's: served gpt-oss is 15 to 50 % faster than they
say.",
    form: "t0 + [(F/(ec P))^p + (Wb/(em W))^p]^(1/p) + tau act + (ra Ab + rn An)/W; \
           F = 6 h I act 64ceil(a/act/64), Ab = 4nh + 2ah wa + 8aI + aI wa + 4ah, An = 4nkh",
    domain: "CUDA-graph replay, tokens 1-16384, balanced routing",
    constants: &[
        Constant::share("ec", Role::Compute, [0.05, 0.6, 1.0]),
        Constant::share("em", Role::Fixed, [0.2, 0.88, 1.0]),
        Constant::time("t0", Unit::Micros, [1.0, 25.0, 80.0]),
        Constant::share("p", Role::Fixed, [1.0, 2.5, 8.0]),
        Constant::share("ra", Role::Fixed, [1.0, 2.0, 10.0]),
        Constant::number("rn", [0.0, 0.3, 6.0]),
        Constant::time("tau", Unit::Micros, [0.0, 0.1, 2.0]),
    ],
    alternatives: &[""],
    extra: |_| "",
    sample,
};

pub(super) const SKEW: Family = Family {
    name: "moe-skew",
    table: "moe.csv",
    targets: &[],
    columns: COLUMNS,
    head: "\
The most-loaded expert rank's time over balanced, routing by a power law of exponent 1.01, from 2048
tokens on; none up to 512 tokens, where the count of distinct experts says it all.

Fitted on top of the shipped constants of balanced experts: calibrate those first. Routing is the
model's, so other engines take TensorRT-LLM's, the only one measured with it.",
    form: "the experts' form with its terms but t0 times 1 + skew log2(ep)",
    domain: "CUDA-graph replay, tokens 1-16384, 2-256 expert ranks, the most-loaded one",
    constants: &[Constant::number("skew", [0.0, 0.15, 0.6])],
    alternatives: &[""],
    extra: |_| "",
    sample: skewed,
};

/// The row of constants in the order of the family's.
fn row(trial: &Trial) -> MoeRow {
    let v = trial.values;
    let [t0, tau] = [v[2], v[6]].map(Seconds::new);
    MoeRow { ec: v[0], em: v[1], t0, p: v[3], ra: v[4], rn: v[5], tau }
}

/// Kernels that no engine would pick, and rows of broken routing; why is in the file's head.
fn is_software_gap(record: &Record, on: &Bench, weights: Format) -> bool {
    let (kernel, model) = (record.text("kernel"), record.text("model"));
    let chip = on.chip();
    let has_fp4 = chip.peaks.contains_key(&Engine::Fp4) && chip.memory.kind.starts_with("hbm");
    let triton = kernel.contains("triton") && !kernel.contains("flashinfer");
    match record.text("engine") {
        "trtllm" => kernel.contains("min_latency") || triton,
        "vllm" if !has_fp4 && weights == Format::Fp8 && chip.memory.kind.starts_with("hbm") => true,
        "vllm" if triton && weights == Format::Fp8Block => true,
        // Its benchmark ignored the expert ranks: each measured had all experts.
        "vllm" if weights == Format::Mxfp4 && record.text("moe_ep_size") != "1" => true,
        // It read weights of 16 bits: four times the time of a stream of what they are.
        "sglang" if triton && weights == Format::Mxfp4 => true,
        _ if triton => has_fp4 || model.starts_with("Mixtral"),
        _ => kernel.contains("trtllm") && model.starts_with("DeepSeek"),
    }
}

/// Few rows per expert, more, or many.
fn regime(moe: &Moe, tokens: u32) -> u8 {
    let per_expert = f64::from(tokens) * f64::from(moe.top_k) / f64::from(moe.experts);
    match per_expert {
        ..=16.0 => 0,
        ..=256.0 => 1,
        _ => 2,
    }
}

/// Whether the weights of the experts that `tokens` reach stay in the L2 cache of a board.
fn is_warm(moe: &Moe, tokens: u32, on: &Bench) -> bool {
    let [hidden, inter, experts] = [moe.hidden, moe.inter, moe.experts / moe.ep].map(f64::from);
    let assigned = f64::from(tokens) * f64::from(moe.top_k) / f64::from(moe.ep);
    let bytes = experts.min(assigned) * 3.0 * hidden * inter * moe.weights.bytes();
    !on.chip().memory.kind.starts_with("hbm") && bytes < on.cache()
}

/// Every size of a rank's experts with `tokens` to route.
fn sizes(moe: &Moe, tokens: u32) -> Vec<u32> {
    vec![tokens, moe.hidden, moe.inter, moe.experts, moe.top_k, moe.ep]
}

/// A row's shape, its tokens, and the kernel's engine.
fn shape(record: &Record, weights: Format) -> Result<(Moe, u32, String), String> {
    let sizes = ["hidden_size", "inter_size", "topk", "num_experts"];
    let [hidden, width, top_k, experts] = sizes.map(|name| record.count(name));
    let [tp, ep, tokens] =
        ["moe_tp_size", "moe_ep_size", "num_tokens"].map(|name| record.count(name));
    let (hidden, width, top_k, experts) = (hidden?, width?, top_k?, experts?);
    let tp = tp?;
    let inter = width / tp;
    // Every rank of the benchmark has all tokens.
    let (gated, dispatched) = (true, false);
    let (ep, redundant) = (ep?, 0);
    let moe = Moe { hidden, inter, experts, top_k, ep, redundant, gated, weights, dispatched };
    let mut shape = format!("{hidden}x{width} {top_k} of {experts}");
    if matches!(weights, Format::Mxfp4 | Format::Int4) {
        // Measured with one model only: its shares of a rank are the shapes.
        let _ = write!(shape, " tp {tp} ep {ep}", ep = moe.ep);
    }
    Ok((moe, tokens?, shape))
}

/// Weights, the engine that multiplies, and the key of the constants.
fn weights(record: &Record, on: &Bench) -> Option<(Format, Engine, &'static str)> {
    let has_fp4 = on.chip().peaks.contains_key(&Engine::Fp4);
    match record.text("dtype") {
        "bfloat16" => Some((Format::Bf16, Engine::Bf16, "bf16")),
        "fp8" => Some((Format::Fp8, Engine::Fp8, "fp8")),
        "fp8_block" => Some((Format::Fp8Block, Engine::Fp8, "fp8-block")),
        "nvfp4" => Some((Format::Nvfp4, Engine::Fp4, "nvfp4")),
        "w4a8_mxfp4_mxfp8" if has_fp4 => Some((Format::Mxfp4, Engine::Fp8, "mxfp4-mxfp8")),
        "w4a16_mxfp4" if !has_fp4 => Some((Format::Mxfp4, Engine::Bf16, "mxfp4")),
        "int4_wo" => Some((Format::Int4, Engine::Bf16, "int4")),
        _ => None,
    }
}

fn sample(record: &Record, bench: Arc<Bench>) -> Result<Option<Sample>, String> {
    let Some((weights, unit, key)) = weights(record, &bench) else { return Ok(None) };
    let (moe, tokens, shape) = shape(record, weights)?;
    let left_out = is_software_gap(record, &bench, weights) || is_warm(&moe, tokens, &bench);
    if record.text("distribution") != "balanced" || left_out {
        return Ok(None);
    }
    let seconds = record.seconds()?;
    let [hidden, inter, top_k, ep] = [moe.hidden, moe.inter, moe.top_k, moe.ep].map(f64::from);
    let flops = 6.0 * f64::from(tokens) * top_k / ep * hidden * inter;
    check_peak(flops, unit, seconds, &bench)?;
    let on = Arc::clone(&bench);
    Ok(Some(Sample {
        engine: record.text("engine").to_owned(),
        version: record.text("version").to_owned(),
        key: key.to_owned(),
        unit,
        shape,
        sizes: sizes(&moe, tokens),
        regime: regime(&moe, tokens),
        seconds,
        bench,
        predict: Box::new(move |trial| on.moe(&moe, tokens, row(trial))),
    }))
}

fn skewed(record: &Record, bench: Arc<Bench>) -> Result<Option<Sample>, String> {
    let Some((weights, unit, key)) = weights(record, &bench) else { return Ok(None) };
    let (moe, tokens, shape) = shape(record, weights)?;
    let engine = record.text("engine").to_owned();
    let left_out = is_software_gap(record, &bench, weights) || is_warm(&moe, tokens, &bench);
    if record.text("distribution") != "power_law_1.01" || moe.ep == 1 || left_out {
        return Ok(None);
    }
    let Some(balanced) = Calibration::embedded().experts(bench.chip(), &engine, key) else {
        return Ok(None);
    };
    let on = Arc::clone(&bench);
    Ok(Some(Sample {
        engine,
        version: record.text("version").to_owned(),
        key: key.to_owned(),
        unit,
        shape,
        sizes: sizes(&moe, tokens),
        regime: u8::from(tokens > 512) + u8::from(tokens > 2048),
        seconds: record.seconds()?,
        bench,
        predict: Box::new(move |trial| {
            on.skewed_moe(&moe, tokens, balanced, SkewRow { skew: trial.values[0] })
        }),
    }))
}
