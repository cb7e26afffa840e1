//! Whole modules of sparse attention, for the constants of their indexer.

use std::sync::Arc;

use super::decode::decodes;
use super::prefill::{format, prompts};
use crate::cost::{
    Batch, Bench, Calibration, EngineProfile, IndexerRow, Pricing, StepProgram, TimeModel,
};
use crate::fidelity::fit::family::Family;
use crate::fidelity::fit::record::Record;
use crate::fidelity::fit::sample::{Sample, Trial};
use crate::fidelity::fit::solve::{Constant, Role, Unit};
use crate::hardware::{Engine, Format};
use crate::model::{
    Catalog, Indexer, Mixer, Op, OpKind, Plan, Precision, Weights, compile, forward,
};
use crate::units::Seconds;

pub(super) const FAMILY: Family = Family {
    name: "sparse",
    table: "sparse_attention.csv",
    targets: &[],
    columns: &[
        "chip",
        "table",
        "framework",
        "version",
        "op_name",
        "kernel_source",
        "model",
        "kv_cache_dtype",
        "gemm_type",
        "num_heads",
        "batch_size",
        "isl",
        "tp_size",
        "step",
        "latency_us",
    ],
    head: "\
The indexer of sparse attention: dsa scores every key (DeepSeek-V3.2, GLM-5), csa one entry for four
(DeepSeek-V4).

Whole attention modules were measured. Their products and their attention over selected keys have
constants of their own, from other tables; what the module takes beyond their sum is fitted here, so
these rows hold what else it runs (norms, rotation, cache writes) and what its attention is slower
than dense attention over as many keys. Errors are the whole module's.
F: operations of the scores; B: index keys once, 32-bit scores three times; q: queries; c: the mean
context of decodes, the longest of prompts. sigma: one query's selection on a core; lambda: one key
that it walks through.
In decode F and B both grow with the keys alone: only the larger of their terms is known.
Left out: modules without indexer; RTX PRO (10-1000 times slower than the sum); TensorRT-LLM on
Hopper (3-10 times slower); of dsa-prefill, launched one by one, fewer than 4096 tokens (host time,
0.5-2 ms) and SGLang's dense kernels, which it takes for contexts that are selected whole.",
    form: "products + attention + launch + max(F/(ec P), B/(em W)) + sigma q/SM + lambda c",
    domain: "heads 1-128, batch 1-1024, contexts 1-262144, prompts up to 131072 tokens in all",
    constants: &[
        Constant::time("launch", Unit::Micros, [0.0, 40.0, 250.0]),
        Constant::share("ec", Role::Compute, [0.05, 0.5, 1.0]),
        Constant::share("em", Role::Fixed, [0.02, 0.6, 1.0]),
        Constant::time("sigma", Unit::Micros, [0.0, 10.0, 100.0]),
        Constant::time("lambda", Unit::Nanos, [0.0, 0.3, 10.0]).with(Role::Stream),
    ],
    alternatives: &[""],
    extra: |_| "",
    sample,
};

/// Fewer tokens of prompts that were launched one by one measure the host.
const HOST_BOUND: u32 = 4096;

/// The row of constants in the order of the family's.
fn row(trial: &Trial) -> IndexerRow {
    let v = trial.values;
    let [launch, sigma, lambda] = [v[0], v[3], v[4]].map(Seconds::new);
    IndexerRow { launch, ec: v[1], em: v[2], sigma, lambda }
}

/// What was measured of a module.
struct Case {
    key: &'static str,
    /// The mixer's name.
    mixer: &'static str,
    model: &'static str,
    heads: u32,
    sequences: u32,
    new: u32,
    past: u32,
}

impl Case {
    /// None if it is left out.
    fn read(record: &Record, on: &Bench) -> Result<Option<Self>, String> {
        let (key, mixer) = match record.text("op_name") {
            "dsa_context_module" => ("dsa-prefill", "dsa"),
            "dsa_generation_module" => ("dsa-decode", "dsa"),
            "dsv4_csa_context_module" => ("csa-prefill", "csa"),
            "dsv4_csa_generation_module" => ("csa-decode", "csa"),
            _ => return Ok(None),
        };
        let [heads, sequences, new] =
            ["num_heads", "batch_size", "isl"].map(|name| record.count(name));
        let (heads, sequences, new) = (heads?, sequences?, new?);
        let (model, past) = (shipped(record.text("model"))?, record.parse("step")?);
        let case = Self { key, mixer, model, heads, sequences, new, past };
        let chip = on.chip();
        let untuned = !chip.memory.kind.to_lowercase().starts_with("hbm3")
            || (record.text("framework") == "TRTLLM" && !chip.peaks.contains_key(&Engine::Fp4));
        let by_host = key == "dsa-prefill"
            && (sequences * new < HOST_BOUND || record.text("kernel_source").contains("dense"));
        Ok((!untuned && !by_host).then_some(case))
    }

    fn batch(&self, clips: &[u32]) -> Batch {
        if self.key.ends_with("decode") {
            return decodes(self.sequences, self.past + 1, clips);
        }
        prompts(self.sequences, (self.past, self.new), clips)
    }

    /// Few queries or many, of short contexts or long.
    fn regime(&self) -> u8 {
        let queries = self.sequences * self.new;
        let pairs = f64::from(queries) * (f64::from(self.past) + f64::from(self.new) / 2.0);
        let rows = u8::from(queries > 8) + u8::from(queries > 256);
        rows + 3 * (u8::from(pairs > 16384.0) + u8::from(pairs > 1e6))
    }
}

/// The shipped model of the same attention as the one that a row names.
fn shipped(name: &str) -> Result<&'static str, String> {
    const KNOWN: [(&str, &str); 4] = [
        ("V3.2", "deepseek-v3.2"),
        ("GLM-5", "glm-5"),
        ("V4-Flash", "deepseek-v4-flash"),
        ("V4-Pro", "deepseek-v4-pro"),
    ];
    let known = KNOWN.iter().find(|known| name.contains(known.0));
    known.map(|known| known.1).ok_or_else(|| format!("`model` is `{name}`, which is not known"))
}

/// The operators of the module as a layer's graph has them, and its indexer.
fn module(
    record: &Record,
    case: &Case,
    precision: Precision,
) -> Result<(Vec<Op>, Indexer), String> {
    let mut model = Catalog::embedded().model(case.model).map_err(|error| error.to_string())?;
    let found = model
        .layers
        .iter()
        .find(|layer| layer.mixer.as_ref().is_some_and(|mixer| mixer.name() == case.mixer));
    let mut layer = found.ok_or("the model has no such layer")?.clone();
    layer.feed_forward = None;
    let ranks = match &mut layer.mixer {
        // Some engines were measured with fewer heads on one rank.
        Some(Mixer::Latent(latent)) => {
            latent.heads = case.heads;
            1
        }
        _ => record.count("tp_size")?,
    };
    model.layers = vec![layer];
    let graph = forward(&model, &Plan::tp(ranks), &precision).map_err(|e| e.to_string())?;
    let of_module = |op: &Op| op.name.starts_with("attn.") || op.name.starts_with("indexer.");
    let (mut ops, mut indexer) = (Vec::new(), None);
    for op in compile(&graph).into_iter().filter(of_module) {
        match op.kind {
            OpKind::Indexer(kind) => indexer = Some(kind),
            _ => ops.push(op),
        }
    }
    Ok((ops, indexer.ok_or("the layer has no indexer")?))
}

/// Seconds of `ops`, with the constants memwall ships.
fn seconds(ops: &[Op], case: &Case, on: &Bench, engine: EngineProfile) -> Result<f64, String> {
    let pricing = Pricing { model: TimeModel::Calibrated, engine };
    let program = StepProgram::compile(ops, on.chip(), Calibration::embedded(), pricing)
        .map_err(|error| error.to_string())?;
    let batch = case.batch(program.clips());
    Ok(program.price_ops(&batch).iter().map(|op| op.time.get()).sum())
}

fn sample(record: &Record, bench: Arc<Bench>) -> Result<Option<Sample>, String> {
    let Some(case) = Case::read(record, &bench)? else { return Ok(None) };
    let weights = match record.text("gemm_type") {
        "bfloat16" => Format::Bf16,
        "fp8_block" => Format::Fp8Block,
        "nvfp4" => Format::Nvfp4,
        other => return Err(format!("`gemm_type` is `{other}`, which no form is for")),
    };
    let kv = format(record, "kv_cache_dtype")?;
    let precision = Precision { weights: Weights::All(weights), kv };
    let (ops, indexer) = module(record, &case, precision)?;
    let engine = record.text("framework").to_lowercase();
    let rest = seconds(&ops, &case, &bench, engine.parse()?)?;
    let (batch, on) = (case.batch(&[]), Arc::clone(&bench));
    Ok(Some(Sample {
        engine,
        version: record.text("version").to_owned(),
        key: case.key.to_owned(),
        unit: Engine::Fp8,
        shape: format!("{} of {}", case.heads, case.model),
        sizes: Vec::new(),
        regime: case.regime(),
        seconds: record.seconds()?,
        bench,
        predict: Box::new(move |trial| rest + on.indexer(&indexer, &batch, row(trial))),
    }))
}
