//! Attention of whole prompts, ordinary and latent.

use std::sync::Arc;

use crate::cost::{Batch, Bench, PrefillRow};
use crate::fidelity::fit::family::Family;
use crate::fidelity::fit::record::Record;
use crate::fidelity::fit::sample::{Sample, Trial};
use crate::fidelity::fit::solve::{Constant, Role, Unit};
use crate::hardware::{Engine, Format};
use crate::model::{Attention, Mla};
use crate::units::Seconds;

const EC: Constant = Constant::share("ec", Role::Compute, [0.1, 0.65, 1.0]);
const EM: Constant = Constant::share("em", Role::Fixed, [0.1, 0.6, 1.0]);
const T0: Constant = Constant::time("t0", Unit::Micros, [1.0, 10.0, 60.0]);
const EE: Constant = Constant::share("ee", Role::Fixed, [0.05, 0.55, 2.0]);
const TAU: Constant = Constant::time("tau", Unit::Micros, [0.0, 2.0, 20.0]);

pub(super) const ATTENTION: Family = Family {
    name: "attention-prefill",
    table: "attention_context.csv",
    targets: &[("all", 0.08, 0.25)],
    columns: &[
        "chip",
        "engine",
        "version",
        "kernel",
        "dtype",
        "kv_cache_dtype",
        "batch_size",
        "isl",
        "num_heads",
        "num_kv_heads",
        "head_dim",
        "window_size",
        "latency_us",
    ],
    head: "\
Causal attention of new tokens over past and new keys, RoPE and KV append included.

Keys: KV format, `fp8` with 16-bit arithmetic, `fp8-math` with FP8 arithmetic too.
ee: share of the chip's exponential rate X that is reached. S: scores, in blocks of 128 rows.
Where an engine has several kernels for a key, the rows are of the one it was measured with most.",
    form: "t0 + Qr/(em W) + [C^3 + (B/(em W))^3]^(1/3); C = max(S s, 128 L s SM), \
           s = [(4d/(ec P))^3 + (1/(ee X))^3]^(1/3)",
    domain: "CUDA-graph replay, whole prompts up to 16384 tokens, d 64-256, windows among them",
    constants: &[EC, EM, T0, EE],
    alternatives: &[""],
    extra: |key| if key == "fp8-math" { "math = \"fp8\"" } else { "math = \"bf16\"" },
    sample: attention,
};

pub(super) const LATENT: Family = Family {
    name: "mla-prefill",
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
        "isl",
        "latency_us",
    ],
    head: "\
Multi-head latent attention over prompts: the attention kernels alone, projections are products of
their own. As ordinary attention with 2(dqk+dv) operations a score, all heads with keys of their
own. fp8 KV means FP8 arithmetic. TensorRT-LLM's kernels stand for all engines.
tau: least time of a block of 128 queries of one head on a core, however few they are; b prompts.",
    form: "attention-prefill with 640 operations a score; B = n h 1280, \
           Qr = n(768 h + 2304) bytes; t0 + Qr/(em W) + max(tau b h ceil(n/128)/SM, the rest)",
    domain: "CUDA-graph replay, heads 1-128",
    constants: &[EC, EM, T0, EE, TAU],
    alternatives: &[""],
    extra: |key| if key == "fp8" { "math = \"fp8\"" } else { "math = \"bf16\"" },
    sample: latent,
};

/// A kernel that engines were measured with and would not pick where they have a better one.
const FALLBACK: &str = "flashinfer";

/// The row of constants in the order of the families'.
fn row(trial: &Trial, math: Engine) -> PrefillRow {
    let v = trial.values;
    let tau = v.get(4).copied().map_or(Seconds::ZERO, Seconds::new);
    PrefillRow { ec: v[0], em: v[1], t0: Seconds::new(v[2]), ee: v[3], tau, math }
}

/// `sequences` chunks of `new` tokens, each after `past` tokens.
pub(super) fn prompts(sequences: u32, (past, new): (u32, u32), clips: &[u32]) -> Batch {
    let mut batch = Batch::default();
    for _ in 0..sequences {
        batch.prefill.add(past, new, clips);
    }
    batch
}

/// Prompts are floors, in between, or long.
const fn regime(tokens: u32) -> u8 {
    match tokens {
        ..256 => 0,
        256..=2048 => 1,
        _ => 2,
    }
}

pub(super) fn format(record: &Record, column: &str) -> Result<Format, String> {
    match record.text(column) {
        "bfloat16" | "bf16" => Ok(Format::Bf16),
        "fp8" | "fp8_e4m3" => Ok(Format::Fp8),
        other => Err(format!("`{column}` is `{other}`, which no form is for")),
    }
}

fn attention(record: &Record, bench: Arc<Bench>) -> Result<Option<Sample>, String> {
    let engine = record.text("engine").to_owned();
    let (math, kv) = (format(record, "dtype")?, format(record, "kv_cache_dtype")?);
    let sizes = ["num_heads", "num_kv_heads", "head_dim", "batch_size", "isl"];
    let [heads, kv_heads, dim, sequences, tokens] = sizes.map(|name| record.count(name));
    let (heads, kv_heads, dim, sequences, tokens) = (heads?, kv_heads?, dim?, sequences?, tokens?);
    let window: u32 = record.parse("window_size")?;
    // Blackwell's big parts have better kernels than FlashInfer's own, which others must use.
    let has_better = bench.chip().memory.kind.starts_with("hbm");
    if has_better && record.text("kernel").ends_with(FALLBACK) {
        return Ok(None);
    }
    let window = (window > 0).then_some(window);
    let (key, unit) = match (math, kv) {
        (Format::Bf16, Format::Bf16) => ("bf16", Engine::Bf16),
        (Format::Bf16, _) => ("fp8", Engine::Bf16),
        _ => ("fp8-math", Engine::Fp8),
    };
    let op = Attention { heads, kv_heads, head_dim: dim, value_dim: dim, window, kv };
    let batch = prompts(sequences, (0, tokens), window.as_slice());
    let on = Arc::clone(&bench);
    Ok(Some(Sample {
        bench,
        engine,
        version: record.text("version").to_owned(),
        key: key.to_owned(),
        unit,
        shape: format!("{heads}/{kv_heads}x{dim}"),
        sizes: vec![sequences, tokens, heads, kv_heads, dim, window.unwrap_or(0)],
        regime: regime(tokens),
        seconds: record.seconds()?,
        predict: Box::new(move |trial| on.prefill(&op, &batch, row(trial, unit))),
    }))
}

/// DeepSeek's dimensions, which all rows have.
pub(super) const fn deepseek(heads: u32, kv: Format) -> Mla {
    Mla {
        heads,
        latent: 512,
        rope: 64,
        nope: 128,
        value_dim: 128,
        selected: None,
        compression: 1,
        kv,
    }
}

fn latent(record: &Record, bench: Arc<Bench>) -> Result<Option<Sample>, String> {
    if record.text("op") != "mla_context_kernel" || record.text("engine") != "trtllm" {
        return Ok(None);
    }
    let kv = format(record, "kv_cache_dtype")?;
    let [heads, sequences, tokens] =
        ["num_heads", "batch_size", "isl"].map(|name| record.count(name));
    let (heads, sequences, tokens) = (heads?, sequences?, tokens?);
    let unit = if kv == Format::Fp8 { Engine::Fp8 } else { Engine::Bf16 };
    let (op, batch) = (deepseek(heads, kv), prompts(sequences, (0, tokens), &[]));
    let on = Arc::clone(&bench);
    Ok(Some(Sample {
        bench,
        engine: record.text("engine").to_owned(),
        version: record.text("version").to_owned(),
        key: kv.to_string(),
        unit,
        shape: format!("{heads}"),
        sizes: vec![sequences, tokens, heads],
        regime: regime(tokens),
        seconds: record.seconds()?,
        predict: Box::new(move |trial| on.mla_prefill(&op, &batch, row(trial, unit))),
    }))
}
