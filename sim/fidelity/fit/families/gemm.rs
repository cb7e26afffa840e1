//! Dense products.

use std::sync::Arc;

use crate::cost::{Bench, GemmRow};
use crate::fidelity::fit::family::Family;
use crate::fidelity::fit::record::Record;
use crate::fidelity::fit::sample::{Sample, Trial, check_peak};
use crate::fidelity::fit::solve::{Constant, Role, Unit};
use crate::hardware::{Engine, Format};
use crate::model::{Gemm, Rows};
use crate::units::Seconds;

pub(super) const FAMILY: Family = Family {
    name: "gemm",
    table: "gemm.csv",
    targets: &[("bf16", 0.06, 0.18), ("fp8-block", 0.06, 0.18), ("nvfp4", 0.06, 0.18)],
    columns: &["chip", "engine", "version", "dtype", "m", "n", "k", "latency_us"],
    head: "\
Dense matrix products y[m,n] = x[m,k] W[k,n].

ec, em: share of the dense peak and of the memory bandwidth that is reached; k0: pipeline fill in
units of k; kappa: serial time of one step of k; t0: launch and floor, quantise kernel included.
fp8, fp8-block, nvfp4 and int8 read 16-bit activations and quantise them (Q); int4 widens weights.
vLLM's own rows are left out: its weights were constant-filled (fast at large m) or one copy (L2).",
    form: "t0 + [(2mnk(1+k0/k)/(ec P))^p + (B/(em W))^p + (kappa k)^p]^(1/p) + Q/(em W); \
           B = mk wa + nk wb + 2mn, Q = mk(2+wa)",
    domain: "CUDA-graph replay, m 1-32768, n and k from 512, the lesser up to 16384",
    constants: &[
        Constant::share("ec", Role::Compute, [0.1, 0.7, 1.0]),
        Constant::share("em", Role::Fixed, [0.2, 0.82, 1.0]),
        Constant::time("t0", Unit::Micros, [0.3, 4.0, 40.0]),
        Constant::number("k0", [0.0, 100.0, 3000.0]),
        Constant::time("kappa", Unit::Nanos, [0.0, 0.6, 8.0]),
        Constant::share("p", Role::Fixed, [1.0, 1.8, 6.0]),
    ],
    alternatives: &[""],
    extra: |_| "",
    sample,
};

/// The row of constants in the order of the family's.
fn row(trial: &Trial) -> GemmRow {
    let v = trial.values;
    let [t0, kappa] = [v[2], v[4]].map(Seconds::new);
    GemmRow { ec: v[0], em: v[1], t0, k0: v[3], kappa, p: v[5] }
}

fn sample(record: &Record, bench: Arc<Bench>) -> Result<Option<Sample>, String> {
    let engine = record.text("engine").to_owned();
    let (weights, unit) = match record.text("dtype") {
        "bfloat16" => (Format::Bf16, Engine::Bf16),
        "fp8" => (Format::Fp8, Engine::Fp8),
        "fp8_block" => (Format::Fp8Block, Engine::Fp8),
        "nvfp4" => (Format::Nvfp4, Engine::Fp4),
        "int4_wo" => (Format::Int4, Engine::Bf16),
        // SmoothQuant: 8-bit integers on both sides.
        "sq" => (Format::Int8, Engine::Int8),
        // No plan of memwall widens 8-bit integers.
        "int8_wo" => return Ok(None),
        other => return Err(format!("`dtype` is `{other}`, which no form is for")),
    };
    let [m, n, k] = ["m", "n", "k"].map(|name| record.count(name));
    let (m, n, k) = (m?, n?, k?);
    let outside = n.min(k) < 512 || n.min(k) > 16384 || m > 32768;
    if engine == "vllm" || outside {
        return Ok(None);
    }
    let seconds = record.seconds()?;
    check_peak(2.0 * f64::from(m) * f64::from(n) * f64::from(k), unit, seconds, &bench)?;
    let gemm = Gemm { n: n.into(), k: k.into(), weights, rows: Rows::Tokens };
    let on = Arc::clone(&bench);
    Ok(Some(Sample {
        bench,
        engine,
        version: record.text("version").to_owned(),
        key: weights.to_string(),
        unit,
        shape: format!("{n}x{k}"),
        sizes: vec![m, n, k],
        regime: if m <= 64 {
            0
        } else if m <= 1024 {
            1
        } else {
            2
        },
        seconds,
        predict: Box::new(move |trial| on.gemm(&gemm, m, row(trial))),
    }))
}
