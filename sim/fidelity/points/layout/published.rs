//! The layout of `e2e_published.csv`: one published figure a row.

use super::reader::{Figures, Names};
use super::table::{self, Row};
use super::{arrivals, labels};
use crate::cost::EngineProfile;
use crate::fidelity::points::lengths::{Lengths, RequestSet};
use crate::fidelity::points::point::{Metric, Tags};
use crate::fidelity::points::scenario::{Checkpoint, Drive, Policy, REQUESTS, Scenario};
use crate::hardware::{Catalog, Format, Ports};
use crate::model::Plan;

/// What a file of this layout must have.
pub(super) const COLUMNS: [&str; 15] = [
    "chip",
    "n_gpus",
    "model",
    "weight_dtype",
    "kv_dtype",
    "tp",
    "pp",
    "ep",
    "dp",
    "engine",
    "scenario",
    "input_len",
    "output_len",
    "metric",
    "value",
];

/// Requests of an offline benchmark of throughput.
const OFFLINE: u32 = 3000;

/// Prompt, answer and requests of the tables of `docs/source/performance/perf-overview.md`
/// (`num_requests`; TensorRT-LLM, Apache-2.0, the same from 0.12 to 1.2).
const QUEUED: [((u32, u32), u32); 10] = [
    ((128, 128), 30_000),
    ((128, 4096), 1500),
    ((1000, 2000), 1500),
    ((2048, 2048), 1500),
    ((5000, 500), 1500),
    ((20_000, 2000), 1000),
    ((8192, 1024), 1500),
    ((1024, 8192), 1500),
    ((32_768, 1024), 1000),
    ((1024, 32_768), 1000),
];

/// Words in a row's notes that say it measured something else than memwall is asked for.
const OTHER_THINGS: [(&str, &str); 12] = [
    ("mtp", "speculative decoding, or it is not stated whether"),
    ("eagle", "speculative decoding"),
    ("speculative", "speculative decoding"),
    ("not stated", "the deployment is not fully stated"),
    ("interpolat", "interpolated, not measured"),
    ("eager mode", "eager mode, without CUDA graphs"),
    ("maxq", "changed power limits"),
    ("power cap", "changed power limits"),
    ("simulated", "simulated, not measured"),
    ("prefix cache", "prefix reuse of unknown extent"),
    ("cache hit", "prefix reuse of unknown extent"),
    ("pd-disagg", "pools whose shares of the load are not stated"),
];

/// The figure of a row.
pub(super) fn figures(row: &Row, names: &mut Names) -> Figures {
    let name = row.text("metric");
    let ask = scenario(row, names);
    let named = |found: Result<String, String>, text: &str| found.unwrap_or_else(|_| text.into());
    let (chip, model, engine) = (row.text("chip"), row.text("model"), row.text("engine"));
    let tags = Tags {
        chip: named(names.chip(chip), chip),
        model: named(names.model(model), model),
        engine: labels::engine(engine).map_or_else(|_| engine.into(), |known| known.to_string()),
        dtype: row.text("weight_dtype").to_owned(),
        scenario: kind(row),
        version: format!("{engine} {}", row.text("engine_version")),
    };
    let value = row.positive("value").and_then(|value| value.ok_or("`value` is empty".into()));
    if let Some(metric) = Metric::named(name) {
        return Figures { tags, values: vec![(metric, value)], ask };
    }
    let ask = Err(format!("`{name}` is not among the metrics that are predicted"));
    Figures { tags, values: Vec::new(), ask }
}

fn kind(row: &Row) -> String {
    let scenario = row.text("scenario");
    if is_mlperf(row) { format!("MLPerf {scenario}") } else { scenario.to_owned() }
}

pub(super) fn is_mlperf(row: &Row) -> bool {
    row.text("source").starts_with("MLPerf")
}

fn scenario(row: &Row, names: &mut Names) -> Result<Scenario, String> {
    refuse_other_things(row)?;
    let chip = names.chip(row.text("chip"))?;
    let model = names.model(row.text("model"))?;
    let engine = labels::engine(row.text("engine"))?;
    let checkpoint = labels::checkpoint(row.text("weight_dtype"), &model)?;
    let (input, output) = (row.length("input_len")?, row.length("output_len")?);
    let plan = plan(row)?;
    refuse_unknown_links(&chip, plan, names.reader.chips)?;
    let gpus = row.count("n_gpus")?.unwrap_or(plan.gpus());
    let replicas = replicas(row, plan, gpus)?;
    let (drive, lengths) = match row.text("scenario") {
        "online-server" | "online-interactive" | "online-poisson-or-rate" => {
            arrivals::load(row, &model, (input, output), replicas)?
        }
        _ => load(row, &model, (input, output), replicas)?,
    };
    drive.refuse_endless((input, output))?;
    let usual = Policy::usual(drive, lengths);
    // What is queued at once is limited for all ranks together.
    let groups = if matches!(drive, Drive::Offline(_)) { plan.dp } else { 1 };
    let stated = arrivals::most_sequences(row)?.map(|most| most.saturating_mul(groups));
    let sequences = stated.unwrap_or(usual.sequences);
    Ok(Scenario {
        kv: kv(row, engine, checkpoint)?,
        chip,
        model,
        engine,
        checkpoint,
        plan,
        prefill: None,
        replicas,
        gpus,
        lengths,
        drive,
        policy: Policy { sequences, ..usual },
    })
}

/// Rows that are no measurement of a plain engine under stated conditions.
fn refuse_other_things(row: &Row) -> Result<(), String> {
    let notes = row.text("notes");
    let tier = notes.strip_prefix("tier=").and_then(|rest| rest.split(';').next());
    if let Some(tier @ ("C" | "C+" | "B-")) = tier {
        return Err(format!("tier {tier}: a plausibility check, not a measurement to score"));
    }
    let lower = notes.to_lowercase();
    let plain = lower.replace("no mtp", "").replace("non-mtp", "");
    match OTHER_THINGS.iter().find(|(word, _)| plain.contains(word)) {
        Some((_, reason)) => Err(format!("measured {reason}")),
        None => Ok(()),
    }
}

/// Refuses several of a chip whose own links lead to no other: systems join them as they like.
fn refuse_unknown_links(chip: &str, plan: Plan, chips: &Catalog) -> Result<(), String> {
    let ports = Ports::of(chips.chip(chip).map_err(|error| error.to_string())?);
    if ports.has_scale_up && ports.domain == 1 && plan.gpus() > 1 {
        return Err(format!("how several {chip} were joined is not stated"));
    }
    Ok(())
}

fn plan(row: &Row) -> Result<Plan, String> {
    if row.text("tp").is_empty() {
        return Err("the plan is not stated: `tp` is empty".into());
    }
    let (tp, pp) = (row.degree("tp")?, row.degree("pp")?);
    let (ep, dp, cp) = (row.degree("ep")?, row.degree("dp")?, row.degree("cp")?);
    let plan = table::possible(Plan { tp, pp, ep, dp, cp, redundant: 0 })?;
    Ok(per_rank(row, plan))
}

/// `MLPerf`'s configurations give a batch per rank. Where experts are spread over as many ranks as
/// attention is said to be cut into, each rank has sequences of its own: one batch of that size
/// for all could not give the tokens per second that were measured within the limits per token.
fn per_rank(row: &Row, plan: Plan) -> Plan {
    let Plan { tp, ep, dp, .. } = plan;
    let is_wide = is_mlperf(row) && row.text("notes").contains("per rank") && tp == ep && dp == 1;
    if is_wide { Plan { tp: 1, dp: tp, ..plan } } else { plan }
}

/// Replicas on the chips behind a figure.
fn replicas(row: &Row, plan: Plan, gpus: u32) -> Result<u32, String> {
    let each = plan.gpus();
    if gpus < each {
        return Err(format!("{gpus} chips cannot hold {plan}, which takes {each}"));
    }
    let is_shared = row.text("scenario") == "offline" || is_mlperf(row);
    if !is_shared && gpus > each {
        return Err(format!("{gpus} chips for {plan}, which takes {each}: routing is not stated"));
    }
    Ok(gpus / each)
}

fn kv(row: &Row, engine: EngineProfile, checkpoint: Checkpoint) -> Result<Format, String> {
    match row.text("kv_dtype") {
        "" | "auto" => {
            // "FP8 => FP8 KV" says nothing of 16-bit weights beside it, whose KV is in 16 bits.
            let says_fp8 = row.text("notes").contains("FP8 KV");
            let is_quantised = checkpoint != Checkpoint::All(Format::Bf16);
            let is_fp8 = says_fp8 && is_quantised && engine == EngineProfile::Trtllm;
            Ok(if is_fp8 { Format::Fp8 } else { labels::kv(engine, checkpoint) })
        }
        "fp16" | "bf16" => Ok(Format::Bf16),
        "fp8" => Ok(Format::Fp8),
        other => Err(format!("unknown KV format `{other}`")),
    }
}

/// Requests that NVIDIA's pages of TensorRT-LLM queue at once of these lengths.
fn queued(input: u32, output: u32) -> u32 {
    let listed = QUEUED.iter().find(|(lengths, _)| *lengths == (input, output));
    listed.map_or(OFFLINE, |&(_, requests)| requests)
}

/// The load of one replica, and the lengths that go with it.
fn load(
    row: &Row,
    model: &str,
    (input, output): (u32, u32),
    replicas: u32,
) -> Result<(Drive, Lengths), String> {
    let set = RequestSet::of(model).filter(|_| is_mlperf(row));
    let exact = Lengths::exact(input, output);
    let lengths = set.map_or(exact, |set| Lengths::Of { set, input, output });
    let stated = row.text("concurrency_or_batch");
    let flight = stated.parse::<u32>().ok().filter(|flight| *flight > 0);
    match (row.text("scenario"), flight) {
        // All of a data set, some of them several times.
        ("offline", None) if is_mlperf(row) => Ok((Drive::Offline(REQUESTS), lengths)),
        ("offline", None) if stated == "unbounded" => {
            Ok((Drive::Offline(queued(input, output)), exact))
        }
        ("offline", None) => Err("how many requests were queued is not stated".into()),
        ("offline" | "online", Some(flight)) => {
            let uniform = row.text("notes").contains("80-100");
            let lengths = if uniform { Lengths::up_to(input, output) } else { exact };
            Ok((Drive::Closed(flight.div_ceil(replicas)), lengths))
        }
        ("offline-static-batch" | "min-latency", Some(batch)) => Ok((Drive::Static(batch), exact)),
        (kind, _) => Err(format!("the load of `{kind}` at `{stated}` is not stated")),
    }
}
