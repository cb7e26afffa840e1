//! Kernels of recurrent mixers.

use std::sync::Arc;

use crate::cost::{Bench, LinearKernel, LinearRow, Warm};
use crate::fidelity::fit::family::Family;
use crate::fidelity::fit::record::Record;
use crate::fidelity::fit::sample::{Sample, Trial};
use crate::fidelity::fit::solve::{Constant, Role, Unit};
use crate::hardware::Engine;
use crate::units::Seconds;

pub(super) const FAMILY: Family = Family {
    name: "linear",
    table: "linear_attention.csv",
    targets: &[],
    columns: &[
        "chip",
        "table",
        "framework",
        "version",
        "kernel_source",
        "phase",
        "batch_size",
        "num_tokens",
        "num_k_heads",
        "head_k_dim",
        "num_v_heads",
        "head_v_dim",
        "d_state",
        "nheads",
        "head_dim",
        "n_groups",
        "latency_us",
    ],
    head: "\
Kernels of recurrent mixers: a decode step or a prompt's scan of the state (gated delta net, Kimi
delta attention), and the short convolution before it.

decode: the state of every sequence, read and written; serial: a token of a prompt, chunk after
chunk, heads and sequences side by side while there are cores; conv: 16-bit channels in and out.
warm: what replaying the benchmark keeps in L2; fitted here, left out of the prices of steps.
FlashInfer's (vLLM) and FlashKDA's scans are up to 3 times faster than Triton's (SGLang).
Left out: KDA's convolution of prompts in vLLM (timed with its host: sizes do not matter), and
TensorRT-LLM's and SGLang 0.5.10's (tenfold spread at equal sizes). Mamba-2's table has convolutions
only: its scan, and lightning attention's, are not measured and take the gated delta net's.",
    form: "t0 + max(bytes/(em W), serial max(longest prompt, tokens h/SM))",
    domain: "CUDA-graph replay, heads 2-96, sequences 1-1024, prompts up to 131072 tokens in all",
    constants: &[
        Constant::share("em", Role::Fixed, [0.03, 0.5, 1.0]),
        Constant::time("t0", Unit::Micros, [0.5, 10.0, 120.0]),
        Constant::time("serial", Unit::Nanos, [0.0, 40.0, 400.0]),
        Constant::number("warm.below", [0.0, 0.4, 2.0]),
        Constant::share("warm.part", Role::Fixed, [0.05, 0.5, 1.0]),
    ],
    alternatives: &[""],
    extra: |_| "",
    sample,
};

/// The row of constants in the order of the family's.
fn row(trial: &Trial) -> LinearRow {
    let v = trial.values;
    let [t0, serial] = [v[1], v[2]].map(Seconds::new);
    LinearRow { em: v[0], t0, serial, warm: Warm { below: v[3], part: v[4] } }
}

/// Heads of values and of keys, and their widths.
struct Heads {
    values: f64,
    keys: f64,
    value_dim: f64,
    key_dim: f64,
}

impl Heads {
    fn read(record: &Record) -> Result<Self, String> {
        let names = match record.text("table") {
            "mamba2" => ["nheads", "n_groups", "head_dim", "d_state"],
            _ => ["num_v_heads", "num_k_heads", "head_v_dim", "head_k_dim"],
        };
        let [values, keys, value_dim, key_dim] = names.map(|name| record.parse::<f64>(name));
        Ok(Self { values: values?, keys: keys?, value_dim: value_dim?, key_dim: key_dim? })
    }

    /// Every size of a kernel over `sequences` and `tokens`.
    fn sizes(&self, sequences: f64, tokens: f64) -> Vec<u32> {
        let sizes = [sequences, tokens, self.values, self.keys, self.value_dim, self.key_dim];
        sizes.map(|size| size as u32).into()
    }

    /// Features of keys and of values, over all heads.
    fn widths(&self) -> (f64, f64) {
        (self.keys * self.key_dim, self.values * self.value_dim)
    }
}

/// The row of constants a kernel is for; none if it is left out.
fn key(record: &Record) -> Option<&'static str> {
    let (kernel, kind) = (record.text("kernel_source"), record.text("table"));
    let convolves = kernel.starts_with("causal_conv1d");
    match (record.text("phase"), convolves, kind) {
        ("context", true, "kda") if record.text("framework") == "VLLM" => None,
        ("context", true, _) if record.text("framework") == "TRTLLM" => None,
        ("context", true, _) if record.text("version") == "0.5.10" => None,
        ("context", true, _) => Some("conv-prefill"),
        ("generation", true, _) => Some("conv-decode"),
        ("context", false, "gdn") => Some("gdn-prefill"),
        ("context", false, "kda") => Some("kda-prefill"),
        ("generation", false, "gdn") => Some("gdn-decode"),
        ("generation", false, "kda") => Some("kda-decode"),
        _ => None,
    }
}

fn sample(record: &Record, bench: Arc<Bench>) -> Result<Option<Sample>, String> {
    let Some(key) = key(record) else { return Ok(None) };
    let heads = Heads::read(record)?;
    let sequences = f64::from(record.count("batch_size")?);
    let tokens = match record.text("phase") {
        "generation" => sequences,
        _ => record.parse("num_tokens")?,
    };
    let (keys, values) = heads.widths();
    let state = heads.values * heads.key_dim * heads.value_dim * 4.0;
    // As the forms count: keys of every value head, in 16 bits.
    let token = 4.0 * heads.values * (heads.key_dim + heads.value_dim);
    let channel = 4.0 * (2.0 * keys + values);
    let kernel = match key {
        "conv-decode" => LinearKernel::step(sequences, (2.0 * keys + values) * 8.0),
        "conv-prefill" => LinearKernel { bytes: tokens * channel, chain: 0.0 },
        "gdn-decode" | "kda-decode" => LinearKernel::step(sequences, state + token / 2.0),
        _ => {
            let bytes = tokens * token + 2.0 * sequences * state;
            LinearKernel::scan(bytes, (tokens, tokens / sequences, heads.values), &bench)
        }
    };
    let on = Arc::clone(&bench);
    Ok(Some(Sample {
        engine: record.text("framework").to_lowercase(),
        version: record.text("version").to_owned(),
        key: key.to_owned(),
        unit: Engine::Bf16,
        shape: format!("{}/{}x{}", heads.values, heads.keys, heads.key_dim),
        sizes: heads.sizes(sequences, tokens),
        regime: u8::from(tokens >= 256.0) + u8::from(tokens >= 4096.0),
        seconds: record.seconds()?,
        bench,
        predict: Box::new(move |trial| on.linear(kernel, row(trial))),
    }))
}
