//! The layout of `serving_ttft_tpot.csv`: a serving point a row, aggregated or disaggregated.

use super::labels;
use super::reader::{Figures, Reader};
use super::recipes::{self, Asked};
use super::table::Row;
use super::twice::Listed;
use crate::fidelity::points::lengths::Lengths;
use crate::fidelity::points::point::{Metric, Tags};
use crate::fidelity::points::scenario::{Drive, Policy, Scenario};
use crate::model::Plan;

/// What a file of this layout must have.
pub(super) const COLUMNS: [&str; 17] = [
    "backend",
    "model_path",
    "system",
    "precision",
    "mode",
    "isl",
    "osl",
    "batch_size",
    "tp_size",
    "pp_size",
    "attention_dp_size",
    "moe_ep_size",
    "silicon_ttft_ms",
    "silicon_tpot_ms",
    "concurrency",
    "gemm_quant_mode",
    "source",
];

/// What tells runs apart, besides chip, model, engine and weights.
const LABELS: [&str; 21] = [
    "mode",
    "isl",
    "osl",
    "concurrency",
    "batch_size",
    "tp_size",
    "pp_size",
    "attention_dp_size",
    "moe_ep_size",
    "prefill_num_workers",
    "prefill_tp_size",
    "prefill_pp_size",
    "prefill_attention_dp_size",
    "prefill_moe_ep_size",
    "decode_num_workers",
    "decode_tp_size",
    "decode_pp_size",
    "decode_attention_dp_size",
    "decode_moe_ep_size",
    "decode_batch_size",
    "cp_size",
];

/// What was measured.
const VALUES: [&str; 2] = ["silicon_ttft_ms", "silicon_tpot_ms"];

/// Replicas of a pool are simulated one by one.
const MOST_WORKERS: u32 = 1024;

/// Requests in flight are simulated one by one, several rounds of them.
const MOST_IN_FLIGHT: u32 = 1 << 17;

/// Degrees of parallelism, as `--plan` takes them.
const MOST_RANKS: u32 = 1 << 15;

/// The two figures of a row, once.
pub(super) fn figures(row: &Row, reader: Reader, listed: &mut Listed) -> Figures {
    let ask = scenario(row, reader);
    let values = ["ttft_ms", "tpot_ms"].into_iter().zip(VALUES).map(|(metric, column)| {
        let value = row
            .positive(column)
            .and_then(|value| value.ok_or_else(|| format!("`{column}` is empty")));
        (Metric::named(metric).expect("a metric of the layouts"), value)
    });
    let values = values.collect();
    let figures = Figures { tags: tags(row, reader, ask.as_ref().ok()), values, ask };
    listed.once(figures, row, (&LABELS, &VALUES))
}

fn tags(row: &Row, reader: Reader, scenario: Option<&Scenario>) -> Tags {
    let named = |found: Result<String, String>, text: &str| found.unwrap_or_else(|_| text.into());
    let (chip, model) = (row.text("system"), row.text("model_path"));
    let is_light = scenario.is_some_and(Scenario::is_light);
    let kind = match row.text("mode") {
        "agg" if is_light => "aggregated, at most 16 a rank",
        "agg" => "aggregated, more than 16 a rank",
        "disagg" => "disaggregated",
        other => other,
    };
    Tags {
        chip: named(reader.chip(chip), chip),
        model: named(reader.model(model), model),
        engine: row.text("backend").to_owned(),
        dtype: precision(row).to_owned(),
        scenario: kind.to_owned(),
        version: row.text("backend_version").to_owned(),
    }
}

/// The weight label; some rows have only the products', some only the model's name.
fn precision<'a>(row: &Row<'a>) -> &'a str {
    let stated = [row.text("precision"), row.text("gemm_quant_mode")];
    let found = stated.into_iter().find(|label| !label.is_empty());
    let by_name =
        || if row.text("model_path").to_lowercase().contains("nvfp4") { "fp4" } else { "bf16" };
    found.unwrap_or_else(by_name)
}

fn scenario(row: &Row, reader: Reader) -> Result<Scenario, String> {
    let note = row.text("note");
    if note.contains("suspect") {
        return Err(format!("marked in the file: {note}"));
    }
    let chip = reader.chip(row.text("system"))?;
    let model = reader.model(row.text("model_path"))?;
    let engine = labels::engine(row.text("backend"))?;
    let checkpoint = labels::checkpoint(precision(row), &model)?;
    let (mut plan, mut prefill, drive) = match row.text("mode") {
        "agg" => aggregated(row)?,
        "disagg" => pools(row)?,
        other => return Err(format!("unknown mode `{other}`; expected agg or disagg")),
    };
    let flight = drive.in_flight();
    if flight > MOST_IN_FLIGHT {
        return Err(format!("{flight} in flight are more than the {MOST_IN_FLIGHT} simulated"));
    }
    let lengths = lengths(row)?;
    let (mut policy, mut kv) = (Policy::usual(drive, lengths), None);
    if is_inferencex(row) {
        let asked = Asked {
            engine,
            model: &model,
            chip: &chip,
            precision: precision(row),
            version: row.text("backend_version"),
            plan,
            prompt: row.needed("isl")?,
            answer: row.needed("osl")?,
            flight: drive.in_flight(),
        };
        if is_of_file(row) && prefill.is_none() && recipes::may_draft(asked) {
            return Err(
                "run with speculative decoding, too, and the dump does not say which".into()
            );
        }
        let published = recipes::setup(asked, policy);
        (policy, kv) = (published.policy, published.kv);
        // The scripts of disaggregated servers do not set how often schedulers look.
        policy.look = if prefill.is_some() { 1 } else { policy.look };
        if published.spreads_experts {
            plan = spread_experts(plan);
            prefill = prefill.map(spread_experts);
        }
    }
    Ok(Scenario {
        kv: kv.unwrap_or_else(|| labels::kv(engine, checkpoint)),
        gpus: plan.gpus(),
        replicas: 1,
        lengths,
        policy,
        chip,
        model,
        engine,
        checkpoint,
        plan,
        prefill,
        drive,
    })
}

/// Prompts and answers are drawn, as `InferenceX` draws them; rows that name no dump of its runs
/// have exact prompts. Answers of exact lengths too would keep a closed loop in step for ever, each
/// round of prompts one burst, and the measured times to first token show none.
fn lengths(row: &Row) -> Result<Lengths, String> {
    let (input, output) = (row.needed("isl")?, row.needed("osl")?);
    let of = if is_inferencex(row) { Lengths::up_to } else { Lengths::answers_up_to };
    Ok(of(input, output))
}

/// Whether the row names a dump of `InferenceX`.
fn is_inferencex(row: &Row) -> bool {
    row.text("source") != "source_file="
}

/// Whether that is a dump of files, which have no word of speculative decoding.
fn is_of_file(row: &Row) -> bool {
    row.text("source").starts_with("source_file=")
}

fn aggregated(row: &Row) -> Result<(Plan, Option<Plan>, Drive), String> {
    let plan = plan(row, "")?;
    let flight = match row.count("concurrency")? {
        Some(flight) => flight,
        None => row.needed("batch_size")?.saturating_mul(plan.dp),
    };
    Ok((plan, None, Drive::Closed(flight)))
}

/// Workers that decode, and those that prefill for them.
fn pools(row: &Row) -> Result<(Plan, Option<Plan>, Drive), String> {
    let workers = |column: &str, what: &str| match row.count(column)? {
        None => Err(format!("the number of {what} workers is not stated")),
        Some(count) if count > MOST_WORKERS => {
            Err(format!("`{column} = {count}` is more than the {MOST_WORKERS} that are simulated"))
        }
        Some(count) => Ok(count),
    };
    let drive = Drive::Pools {
        flight: row.needed("concurrency")?,
        decoding: workers("decode_num_workers", "decode")?,
        prefilling: workers("prefill_num_workers", "prefill")?,
    };
    Ok((plan(row, "decode_")?, Some(plan(row, "prefill_")?), drive))
}

/// Whole experts on every rank instead of a slice of each.
fn spread_experts(plan: Plan) -> Plan {
    if plan.dp > 1 && plan.ep == 1 { Plan { ep: plan.tp * plan.dp, ..plan } } else { plan }
}

fn plan(row: &Row, prefix: &str) -> Result<Plan, String> {
    let degree = |name: &str| row.degree(&format!("{prefix}{name}"));
    // 0 is how these files write that a model has no experts or groups; it has always ranks.
    let ranks = |name: &str| row.count(&format!("{prefix}{name}")).map(|n| n.unwrap_or(1));
    let (tp, pp) = (ranks("tp_size")?, ranks("pp_size")?);
    let (dp, ep) = (degree("attention_dp_size")?, degree("moe_ep_size")?);
    let cp = degree("cp_size")?;
    if let Some(most) = [tp, pp, ep, dp, cp].into_iter().find(|&degree| degree > MOST_RANKS) {
        return Err(format!("a degree of {most} is more than {MOST_RANKS}"));
    }
    Ok(attention_dp(Plan { tp, pp, ep, dp, cp, redundant: 0 }))
}

/// Rows that name the ranks once for attention and once for their groups.
///
/// `tp` = `dp` = T with T² expert ranks is attention-DP over T chips; one rank and `dp` far beyond
/// the expert ranks is attention-DP over those.
fn attention_dp(plan: Plan) -> Plan {
    let Plan { tp, dp, ep, .. } = plan;
    if tp == dp && tp > 1 && ep == tp * tp {
        return Plan { tp: 1, ep: tp, ..plan };
    }
    if tp == 1 && ep > 1 && dp == ep * ep {
        return Plan { dp: ep, ..plan };
    }
    plan
}
