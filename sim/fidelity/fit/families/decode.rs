//! Attention of one new token per sequence, ordinary and latent.

use std::sync::Arc;

use super::prefill::{deepseek, format};
use crate::cost::{Batch, Bench, DecodeRow, MlaDecodeRow, Warm};
use crate::fidelity::fit::family::Family;
use crate::fidelity::fit::record::Record;
use crate::fidelity::fit::sample::{Sample, Trial};
use crate::fidelity::fit::solve::{Constant, Role, Unit};
use crate::hardware::{Engine, Format};
use crate::model::Attention;
use crate::units::Seconds;

const T0: Constant = Constant::time("t0", Unit::Micros, [1.0, 10.0, 40.0]);
const TAU: Constant = Constant::time("tau", Unit::Micros, [0.02, 1.5, 20.0]);
const DELTA: Constant = Constant::time("delta", Unit::Micros, [0.0, 1.5, 20.0]);
const SIGMA: Constant = Constant::time("sigma", Unit::Micros, [0.0, 0.3, 12.0]);
const LAMBDA: Constant = Constant::time("lambda", Unit::Nanos, [0.0, 1.0, 40.0]).with(Role::Stream);
const BELOW: Constant = Constant::number("warm.below", [0.0, 0.4, 1.5]);
const PART: Constant = Constant::share("warm.part", Role::Fixed, [0.1, 0.45, 1.0]);

pub(super) const ATTENTION: Family = Family {
    name: "attention-decode",
    table: "attention_generation.csv",
    targets: &[("all", 0.07, 0.25)],
    columns: &[
        "chip",
        "engine",
        "version",
        "kernel",
        "kv_cache_dtype",
        "batch_size",
        "kv_len",
        "num_heads",
        "num_kv_heads",
        "head_dim",
        "window_size",
        "latency_us",
    ],
    head: "\
Attention of one new token per sequence over its KV cache, RoPE and KV append included.

u: pairs of sequence and KV head per core; L: the mean context. tau: one unit in one pass; delta:
the pass that joins split sequences; sigma: one unit beside the stream; lambda: one key on one core.
The larger of two affine terms, so that the time of consecutive decode steps is a closed series.
warm: KV that replaying the benchmark keeps in L2, below this share of it, takes this part of the
memory's time. It is fitted here and left out of the prices of steps, where caches are cold.
Left out: TensorRT-LLM 1.0.0 on A100, and its FP8 KV on L40S and RTX PRO (no tuned kernel: 20 % and
90 % off by any form, other engines' rows stand in); FlashInfer's own kernels on Blackwell's big
parts, which SGLang takes only when asked.",
    form: "t0 + max(tau u, delta + B/(em W) + sigma u + lambda L min(1, u)); \
           B = 2 hkv d KV sum(L) + 4 b h d, u = b hkv/SM",
    domain: "CUDA-graph replay, batch 1-2048, KV 1-131072, d 64-256, windows among them",
    constants: &[
        Constant::share("em", Role::Fixed, [0.2, 0.9, 1.0]),
        T0,
        TAU,
        DELTA,
        SIGMA,
        LAMBDA,
        BELOW,
        PART,
    ],
    alternatives: &[""],
    extra: |_| "",
    sample: attention,
};

pub(super) const LATENT: Family = Family {
    name: "mla-decode",
    table: "mla.csv",
    targets: &[("all", 0.08, 0.28)],
    columns: &[
        "chip",
        "engine",
        "version",
        "kernel",
        "op",
        "kv_cache_dtype",
        "num_heads",
        "batch_size",
        "kv_len",
        "latency_us",
    ],
    head: "\
Multi-head latent attention of one new token per sequence, in the absorbed form: every head reads
the same compressed keys. The attention kernel alone; projections are products of their own.

u: sequences per core, times 1 + h/64; otherwise as ordinary decode attention. Per key, memory and
arithmetic overlap by the p-norm, which does not depend on the context. least: the share of a
context that a core takes at least, for kernels cut a sequence into so many parts and no more.
Only 8, 16, 64 and 128 heads were measured: a shape family is heads and batch together. Held out by
heads alone, ends extrapolate and kernels change between 64 and 128 heads: 10 % median, 37 % p90.
Left out: SGLang's FA3 with FP8 KV on Hopper (6-8 % of the bandwidth: no kernel), and A100, L40S
and RTX PRO, for which nobody has tuned one (18-30 % of it; they inherit and run faster here).",
    form: "t0 + max(tau u, delta + sum(L) key + sigma u + lambda L min(1, max(u, least))); \
           key = [(2 h 1088/(ec P))^p + (576 KV/(em W))^p]^(1/p), u = b(1+h/64)/SM",
    domain: "CUDA-graph replay, heads 8-128, batch 1-1024, KV 1-131072",
    constants: &[
        Constant::share("em", Role::Fixed, [0.2, 0.85, 1.0]),
        T0,
        TAU,
        DELTA,
        SIGMA,
        LAMBDA,
        BELOW,
        PART,
        Constant::share("ec", Role::Compute, [0.2, 0.5, 0.85]),
        Constant::share("p", Role::Fixed, [1.0, 3.0, 8.0]),
        Constant::share("least", Role::Fixed, [0.001, 0.02, 1.0]),
    ],
    alternatives: &[""],
    extra: |_| "",
    sample: latent,
};

/// The row of constants in the order of the family's.
fn row(trial: &Trial) -> DecodeRow {
    let v = trial.values;
    let [t0, tau, delta, sigma, lambda] = [v[1], v[2], v[3], v[4], v[5]].map(Seconds::new);
    let warm = Warm { below: v[6], part: v[7] };
    DecodeRow { em: v[0], t0, tau, delta, sigma, lambda, warm }
}

fn latent_row(trial: &Trial) -> MlaDecodeRow {
    let DecodeRow { em, t0, tau, delta, sigma, lambda, warm } = row(trial);
    let (ec, p, least) = (trial.values[8], trial.values[9], trial.values[10]);
    MlaDecodeRow { ec, em, p, t0, tau, delta, sigma, lambda, least, warm }
}

/// One new token of each of `sequences` equal contexts.
pub(super) fn decodes(sequences: u32, context: u32, clips: &[u32]) -> Batch {
    let mut batch = Batch { logits: sequences, ..Batch::default() };
    for _ in 0..sequences {
        batch.decode.add(context, clips);
    }
    batch
}

/// KV that fits a cache, that nearly does, or that does not.
fn regime(bytes: f64, on: &Bench) -> u8 {
    match bytes / on.cache().max(1.0) {
        ..1.0 => 0,
        1.0..8.0 => 1,
        _ => 2,
    }
}

/// Kernels that no engine would take, and why is in the file's head.
fn is_software_gap(record: &Record, on: &Bench, kv: Format) -> bool {
    let big = on.chip().memory.kind.starts_with("hbm");
    match (record.text("engine"), record.text("kernel")) {
        ("trtllm", _) => record.text("version") == "1.0.0" || (!big && kv == Format::Fp8),
        ("sglang", "flashinfer") => big,
        _ => false,
    }
}

fn attention(record: &Record, bench: Arc<Bench>) -> Result<Option<Sample>, String> {
    let kv = format(record, "kv_cache_dtype")?;
    let sizes = ["num_heads", "num_kv_heads", "head_dim", "batch_size", "kv_len"];
    let [heads, kv_heads, dim, sequences, context] = sizes.map(|name| record.count(name));
    let (heads, kv_heads, dim) = (heads?, kv_heads?, dim?);
    let (sequences, context) = (sequences?, context?);
    let window: u32 = record.parse("window_size")?;
    if is_software_gap(record, &bench, kv) {
        return Ok(None);
    }
    let window = (window > 0).then_some(window);
    let op = Attention { heads, kv_heads, head_dim: dim, value_dim: dim, window, kv };
    let batch = decodes(sequences, context, window.as_slice());
    let keys = f64::from(sequences) * f64::from(window.unwrap_or(context).min(context));
    let bytes = 2.0 * keys * f64::from(kv_heads) * f64::from(dim) * kv.bytes();
    let on = Arc::clone(&bench);
    Ok(Some(Sample {
        engine: record.text("engine").to_owned(),
        version: record.text("version").to_owned(),
        key: kv.to_string(),
        unit: Engine::Bf16,
        shape: format!("{heads}/{kv_heads}x{dim}"),
        sizes: vec![sequences, context, heads, kv_heads, dim, window.unwrap_or(0)],
        regime: regime(bytes, &bench),
        seconds: record.seconds()?,
        bench,
        predict: Box::new(move |trial| on.decode(&op, &batch, row(trial))),
    }))
}

fn latent(record: &Record, bench: Arc<Bench>) -> Result<Option<Sample>, String> {
    let has_tuned = bench.chip().memory.kind.starts_with("hbm3");
    if record.text("op") != "mla_generation_kernel" || !has_tuned {
        return Ok(None);
    }
    let kv = format(record, "kv_cache_dtype")?;
    if record.text("kernel") == "flash_attention" && kv == Format::Fp8 {
        return Ok(None);
    }
    let sizes = ["num_heads", "batch_size", "kv_len"];
    let [heads, sequences, context] = sizes.map(|name| record.count(name));
    let (heads, sequences, context) = (heads?, sequences?, context?);
    let (op, batch) = (deepseek(heads, kv), decodes(sequences, context, &[]));
    let bytes = f64::from(sequences) * f64::from(context) * 576.0 * kv.bytes();
    let on = Arc::clone(&bench);
    Ok(Some(Sample {
        engine: record.text("engine").to_owned(),
        version: record.text("version").to_owned(),
        key: kv.to_string(),
        unit: if kv == Format::Fp8 { Engine::Fp8 } else { Engine::Bf16 },
        shape: format!("{heads} heads, {sequences} sequences"),
        sizes: vec![sequences, context, heads],
        regime: regime(bytes, &bench),
        seconds: record.seconds()?,
        bench,
        predict: Box::new(move |trial| on.mla_decode(&op, &batch, latent_row(trial))),
    }))
}
