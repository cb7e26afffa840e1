//! Dispatch of tokens to experts and back, within a domain and between nodes.

use std::sync::Arc;

use crate::cost::{AllToAllRow, Bench, Exchange};
use crate::fidelity::fit::family::Family;
use crate::fidelity::fit::record::Record;
use crate::fidelity::fit::sample::{Sample, Trial};
use crate::fidelity::fit::solve::{Constant, Role, Unit};
use crate::hardware::{Engine, Format};
use crate::model::CollectiveKind;
use crate::units::Seconds;

const COLUMNS: &[&str] = &[
    "chip",
    "version",
    "kernel",
    "op",
    "dtype",
    "ep_size",
    "num_sms",
    "hidden_size",
    "topk",
    "num_tokens",
    "copied_from_h100",
    "latency_us",
];

const TARGETS: &[(&str, f64, f64)] = &[("all", 0.06, 0.25)];

const ALPHA: Constant = Constant::time("alpha", Unit::Micros, [2.0, 20.0, 200.0]);
const WIRE: Constant = Constant::share("e", Role::Fixed, [0.02, 0.5, 1.0]);
/// Kernels copy by a few cores: tens of passes are their rate, not traffic of the memory.
const PASSES: Constant = Constant::number("passes", [0.0, 1.0, 60.0]);
const BETA: Constant = Constant::time("beta", Unit::Nanos, [0.0, 5.0, 200.0]);
const NIC: Constant = Constant::share("nic-e", Role::Fixed, [0.05, 0.8, 1.0]);

pub(super) const INSIDE: Family = Family {
    name: "all-to-all",
    table: "alltoall.csv",
    targets: TARGETS,
    columns: COLUMNS,
    head: "\
Tokens to experts and back within a scale-up domain, by kernel. Low latency (ll) sends a copy per
chosen expert, high throughput (ht) and nvlink (TensorRT-LLM, two-sided) one per distinct rank.
w: bytes that a rank sends, BW: link bandwidth per direction. passes: the rate at which the kernel
itself copies a rank's own tokens, B bytes, in passes through memory of bandwidth W; 60 is where the
search ends.",
    form: "alpha + max(w/(e BW), passes B/W) + beta sqrt(w)",
    domain: "EP 2-64, balanced top-k",
    constants: &[ALPHA, WIRE, BETA, PASSES],
    alternatives: &[""],
    extra: |_| "",
    sample: |record, bench| sample(record, bench, false),
};

pub(super) const BETWEEN: Family = Family {
    name: "all-to-all-nodes",
    table: "alltoall.csv",
    targets: TARGETS,
    columns: COLUMNS,
    head: "\
Tokens to experts and back between nodes, by kernel, as all-to-all.toml has it: NVLink within a node
and one NIC a rank between nodes. High throughput sends one copy per distinct node over the NIC,
which is handed on within the node. Measured on H100 alone (rows said to be H200's are copies of
it and left out); other generations borrow it.",
    form: "alpha + w/(e BW) + w_between_nodes/(nic-e NIC) + beta sqrt(w)",
    domain: "EP 16-64 over 2-8 nodes of 8, balanced top-k",
    constants: &[ALPHA, WIRE, BETA, NIC],
    alternatives: &[""],
    extra: |_| "",
    sample: |record, bench| sample(record, bench, true),
};

/// SMs that the kernels are given by default; rows with others are left out.
const DEFAULT_SMS: [u32; 2] = [0, 20];

/// The kernel's name in files, and whether it sends a copy per expert; only kernels that engines
/// use.
fn kernel(name: &str) -> Option<(&'static str, bool)> {
    match name {
        "deepep_low_latency" => Some(("deepep-ll", true)),
        "deepep_normal" => Some(("deepep-ht", false)),
        "NVLinkTwoSided" => Some(("nvlink", false)),
        _ => None,
    }
}

fn operation(name: &str) -> Option<(&'static str, CollectiveKind)> {
    match name.trim_start_matches("alltoall_") {
        "dispatch" => Some(("dispatch", CollectiveKind::Dispatch)),
        "combine" => Some(("combine", CollectiveKind::Combine)),
        _ => None,
    }
}

/// The row of constants in the order of the families'.
fn row(trial: &Trial, between: bool) -> AllToAllRow {
    let v = trial.values;
    let (alpha, e) = (Seconds::new(v[0]), v[1]);
    if between {
        return AllToAllRow { alpha, e, passes: 0.0, beta: Seconds::new(v[2]), nic_e: Some(v[3]) };
    }
    AllToAllRow { alpha, e, passes: v[3], beta: Seconds::new(v[2]), nic_e: None }
}

fn sample(record: &Record, bench: Arc<Bench>, between: bool) -> Result<Option<Sample>, String> {
    let (Some((engine, per_expert)), Some((key, kind))) =
        (kernel(record.text("kernel")), operation(record.text("op")))
    else {
        return Ok(None);
    };
    let sizes = ["ep_size", "hidden_size", "topk", "num_tokens"];
    let [ranks, hidden, top_k, tokens] = sizes.map(|name| record.count(name));
    let (ranks, hidden, top_k, tokens) = (ranks?, hidden?, top_k?, tokens?);
    let format = match record.text("dtype") {
        "bfloat16" => Format::Bf16,
        "fp8" => Format::Fp8,
        "nvfp4" => Format::Nvfp4,
        other => return Err(format!("`dtype` is `{other}`, which no form is for")),
    };
    // Results come back in 16 bits, whatever was sent out.
    let format = if kind == CollectiveKind::Combine { Format::Bf16 } else { format };
    let domain = bench.chip().scale_up.as_ref().map_or(1, |up| up.domain);
    let is_copy = record.text("copied_from_h100") == "1";
    let is_default = DEFAULT_SMS.contains(&record.parse("num_sms")?);
    if is_copy || !is_default || (ranks > domain) != between {
        return Ok(None);
    }
    let bytes = f64::from(hidden) * format.bytes();
    let exchange = Exchange { ranks, top_k, per_expert, tokens, bytes };
    let on = Arc::clone(&bench);
    let predict =
        move |trial: &Trial| on.exchange(kind, exchange, row(trial, between)).unwrap_or(f64::NAN);
    Ok(Some(Sample {
        bench,
        engine: engine.to_owned(),
        version: record.text("version").to_owned(),
        key: key.to_owned(),
        unit: Engine::Bf16,
        shape: format!("{ranks} ranks, {tokens} x {hidden}"),
        sizes: vec![ranks, tokens, bytes as u32, top_k],
        regime: u8::from(tokens > 64),
        seconds: record.seconds()?,
        predict: Box::new(predict),
    }))
}
