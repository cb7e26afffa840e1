//! Collectives within a domain: NCCL, and the engines' own all-reduce.

use std::sync::Arc;

use crate::cost::{AllReduceRow, BEYOND_A_TRAY, Bench, EngineProfile, NcclRow};
use crate::fidelity::fit::family::Family;
use crate::fidelity::fit::record::Record;
use crate::fidelity::fit::sample::{Predict, Sample, Trial};
use crate::fidelity::fit::solve::{Constant, Role, Unit};
use crate::hardware::Engine;
use crate::model::CollectiveKind;
use crate::units::Seconds;

const TARGETS: &[(&str, f64, f64)] = &[("all", 0.06, 0.25)];

pub(super) const NCCL: Family = Family {
    name: "nccl",
    table: "nccl.csv",
    targets: TARGETS,
    columns: &["chip", "engine", "version", "op", "num_gpus", "bytes", "latency_us"],
    head: "\
NCCL within a scale-up domain. P: ranks, S: bytes of the tensor, w: bytes each rank sends, BW: link
bandwidth per direction. Left out: L40S, measured in a box whose links carry less than the chip's
(20, 5 and 1.5 GB/s between 2, 4 and 8 of them).",
    form: "alpha + hop(P-1) + w/(e BW) + beta sqrt(w); w = 2(P-1)/P S for all-reduce, \
           (P-1)/P S else",
    domain: "nccl-tests, 2-8 ranks, 512 B-512 MB, out of place",
    constants: &[
        Constant::time("alpha", Unit::Micros, [0.5, 6.0, 60.0]),
        Constant::time("hop", Unit::Micros, [0.0, 1.2, 12.0]),
        Constant::share("e", Role::Fixed, [0.1, 0.7, 1.0]),
        Constant::time("beta", Unit::Nanos, [0.0, 5.0, 60.0]),
    ],
    alternatives: &[""],
    extra: |_| "",
    sample: nccl,
};

pub(super) const ALL_REDUCE: Family = Family {
    name: "all-reduce",
    table: "allreduce.csv",
    targets: TARGETS,
    columns: &["chip", "engine", "version", "kernel", "mode", "num_gpus", "bytes", "latency_us"],
    head: "\
The engines' own all-reduce kernels under CUDA graphs: one shot or two shots, whichever is faster.
GB200 with SGLang and vLLM has no path for large messages; NCCL takes over.
beyond-a-tray: of more chips than one operating system runs, where the first two map no memory of
peers: measured as they do it then, up to 8 ranks; TensorRT-LLM's reach over NVLink, up to 16.
Left out: L40S but for SGLang 0.5.12, in a box whose links carry less than the chip's.",
    form: "hop(P-1) + min(one-alpha + S(P-1)/(one-e BW), \
           two-alpha + 2S(P-1)/P/(two-e BW) + beta sqrt(S))",
    domain: "2-16 ranks, 256 B-1 GB",
    constants: &[
        Constant::time("one-alpha", Unit::Micros, [0.5, 5.0, 60.0]),
        Constant::share("one-e", Role::Fixed, [0.01, 0.5, 1.0]),
        Constant::time("two-alpha", Unit::Micros, [0.5, 14.0, 150.0]),
        Constant::share("two-e", Role::Fixed, [0.01, 0.7, 1.0]),
        Constant::time("beta", Unit::Nanos, [0.0, 3.0, 40.0]),
        Constant::time("hop", Unit::Micros, [0.0, 0.2, 10.0]),
    ],
    alternatives: &[""],
    extra: |_| "",
    sample: all_reduce,
};

/// Messages are latency, in between, or bandwidth.
fn regime(bytes: f64) -> u8 {
    if bytes < 256e3 {
        0
    } else if bytes < 16e6 {
        1
    } else {
        2
    }
}

/// What every collective's sample says; `key` is its row.
fn common(
    record: &Record,
    bench: Arc<Bench>,
    key: &str,
    predict: Predict,
) -> Result<Sample, String> {
    let sizes = [record.count("num_gpus")?, record.count("bytes")?];
    let (ranks, bytes) = (sizes[0], f64::from(sizes[1]));
    Ok(Sample {
        bench,
        engine: record.text("engine").to_owned(),
        version: record.text("version").to_owned(),
        key: key.to_owned(),
        unit: Engine::Bf16,
        shape: format!("{ranks} ranks, 2^{}", libm::round(libm::log2(bytes))),
        sizes: sizes.into(),
        regime: regime(bytes),
        seconds: record.seconds()?,
        predict,
    })
}

/// Ranks and bytes; more than one rank, and a link between them.
fn group(record: &Record, bench: &Bench) -> Result<(u32, f64), String> {
    let (ranks, bytes) = (record.count("num_gpus")?, record.count("bytes")?);
    let is_linked = ranks > 1 && bench.nccl(CollectiveKind::Send, ranks, 0.0, FREE).is_ok();
    if is_linked { Ok((ranks, f64::from(bytes))) } else { Err("no link between ranks".into()) }
}

const FREE: NcclRow =
    NcclRow { alpha: Seconds::ZERO, hop: Seconds::ZERO, e: 1.0, beta: Seconds::ZERO };

/// Whether ranks were in a box whose links carry less than the chip's.
///
/// Between 2, 4 and 8 L40S one box passes 20, 4 to 5 and 2 GB/s, whatever the library, another, in
/// which SGLang 0.5.12 was measured, 18, 21 and 21: chips there reach each other, here probably
/// through a host. What the link of a chip carries the second says.
fn is_walled(record: &Record) -> bool {
    record.text("chip") == "l40s" && record.text("version") != "0.5.12"
}

fn nccl(record: &Record, bench: Arc<Bench>) -> Result<Option<Sample>, String> {
    if is_walled(record) {
        return Ok(None);
    }
    let (key, kind) = match record.text("op") {
        "all_reduce" => ("all-reduce", CollectiveKind::AllReduce),
        "all_gather" => ("all-gather", CollectiveKind::AllGather),
        "reduce_scatter" => ("reduce-scatter", CollectiveKind::ReduceScatter),
        // Engines exchange tokens by kernels of their own.
        "alltoall" => return Ok(None),
        other => return Err(format!("`op` is `{other}`, which no form is for")),
    };
    let (ranks, bytes) = group(record, &bench)?;
    let on = Arc::clone(&bench);
    let predict = move |trial: &Trial| {
        let [alpha, hop, beta] = [0, 1, 3].map(|i| Seconds::new(trial.values[i]));
        let row = NcclRow { alpha, hop, e: trial.values[2], beta };
        on.nccl(kind, ranks, bytes, row).unwrap_or(f64::NAN)
    };
    common(record, bench, key, Box::new(predict)).map(Some)
}

fn all_reduce(record: &Record, bench: Arc<Bench>) -> Result<Option<Sample>, String> {
    let (ranks, bytes) = group(record, &bench)?;
    let engine: EngineProfile = record.text("engine").parse()?;
    let is_far = ranks > bench.tray();
    let is_other = record.text("kernel").contains("MNNVL") && !is_far;
    if record.text("mode") != "graph"
        || is_walled(record)
        || is_other
        || ranks > engine.all_reduce_ranks()
    {
        return Ok(None);
    }
    let key = if is_far { BEYOND_A_TRAY } else { "all-reduce" };
    let on = Arc::clone(&bench);
    let predict = move |trial: &Trial| {
        let v = trial.values;
        let [one_alpha, two_alpha, beta] = [0, 2, 4].map(|i| Seconds::new(v[i]));
        let (one_e, two_e, hop) = (v[1], v[3], Seconds::new(v[5]));
        let row = AllReduceRow { one_alpha, one_e, two_alpha, two_e, beta, hop };
        on.all_reduce(ranks, bytes, row).unwrap_or(f64::NAN)
    };
    common(record, bench, key, Box::new(predict)).map(Some)
}
