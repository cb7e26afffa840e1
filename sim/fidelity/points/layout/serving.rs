//! The layout of `serving_ttft_tpot.csv`: a serving point a row, aggregated or disaggregated.

use super::labels;
use super::reader::{Figures, Names};
use super::recipes::{self, Asked};
use super::table::{self, Row};
use super::twice::Listed;
use crate::cost::EngineProfile;
use crate::fidelity::points::lengths::Lengths;
use crate::fidelity::points::point::{Metric, Tags};
use crate::fidelity::points::scenario::{Checkpoint, Drive, Policy, Scenario, too_many};
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

/// What was measured.
const VALUES: [&str; 2] = ["silicon_ttft_ms", "silicon_tpot_ms"];

/// Replicas of a pool are simulated one by one.
const MOST_WORKERS: u32 = 1024;

/// What a row says was run. Two rows of one run that have the same figures are one measurement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    chip: String,
    model: String,
    engine: EngineProfile,
    checkpoint: Checkpoint,
    plan: Plan,
    /// The plan of those that prefill for it, if others do.
    prefill: Option<Plan>,
    drive: Drive,
    /// Nominal prompt and answer, in tokens.
    lengths: (u32, u32),
}

/// The two figures of a row, once.
pub(super) fn figures(row: &Row, names: &mut Names, listed: &mut Listed<Run>) -> Figures {
    let ask = run(row, names).and_then(|run| {
        let scenario = scenario(row, &run)?;
        let is_new = listed.is_new(run, row, VALUES);
        is_new
            .then_some(scenario)
            .ok_or_else(|| "a row above has the same figures of the same run".into())
    });
    let values = ["ttft_ms", "tpot_ms"].into_iter().zip(VALUES).map(|(metric, column)| {
        let value = row
            .positive(column)
            .and_then(|value| value.ok_or_else(|| format!("`{column}` is empty")));
        (Metric::named(metric).expect("a metric of the layouts"), value)
    });
    Figures { tags: tags(row, names, ask.as_ref().ok()), values: values.collect(), ask }
}

fn tags(row: &Row, names: &mut Names, scenario: Option<&Scenario>) -> Tags {
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
        chip: named(names.chip(chip), chip),
        model: named(names.model(model), model),
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

fn run(row: &Row, names: &mut Names) -> Result<Run, String> {
    let note = row.text("note");
    if note.contains("suspect") {
        return Err(format!("marked in the file: {note}"));
    }
    let chip = names.chip(row.text("system"))?;
    let model = names.model(row.text("model_path"))?;
    let engine = labels::engine(row.text("backend"))?;
    let checkpoint = labels::checkpoint(precision(row), &model)?;
    let (plan, prefill, drive) = match row.text("mode") {
        "agg" => aggregated(row)?,
        "disagg" => pools(row)?,
        other => return Err(format!("unknown mode `{other}`; expected agg or disagg")),
    };
    let lengths = (row.length("isl")?, row.length("osl")?);
    drive.refuse_endless(lengths)?;
    Ok(Run { chip, model, engine, checkpoint, plan, prefill, drive, lengths })
}

fn scenario(row: &Row, run: &Run) -> Result<Scenario, String> {
    let Run { engine, checkpoint, drive, .. } = *run;
    let (mut plan, mut prefill) = (run.plan, run.prefill);
    let origin = Origin::of(row.text("source"));
    let lengths = origin.lengths(run.lengths);
    let (mut policy, mut kv) = (Policy::usual(drive, lengths), None);
    if origin != Origin::Other {
        let asked = asked(row, run, lengths);
        if origin == Origin::File && prefill.is_none() && recipes::may_draft(asked) {
            return Err(
                "run with speculative decoding, too, and the dump does not say which".into()
            );
        }
        let published = recipes::setup(asked, policy);
        (policy, kv) = (published.policy, published.kv);
        if prefill.is_some() {
            // The scripts are those of aggregated servers; disaggregated ones set neither how
            // often schedulers look nor how long prompts wait.
            policy = Policy { look: 1, delay: None, ..policy };
        }
        if published.spreads_experts {
            plan = spread_experts(plan);
            prefill = prefill.map(spread_experts);
        }
    }
    Ok(Scenario {
        chip: run.chip.clone(),
        model: run.model.clone(),
        kv: kv.unwrap_or_else(|| labels::kv(engine, checkpoint)),
        gpus: plan.gpus(),
        replicas: 1,
        lengths,
        policy,
        engine,
        checkpoint,
        plan,
        prefill,
        drive,
    })
}

/// What a recipe for `run` is looked up by.
fn asked<'a>(row: &Row<'a>, run: &'a Run, lengths: Lengths) -> Asked<'a> {
    Asked {
        engine: run.engine,
        model: &run.model,
        chip: &run.chip,
        precision: precision(row),
        version: row.text("backend_version"),
        plan: run.plan,
        prompt: run.lengths.0,
        answer: run.lengths.1,
        mean: lengths.middle().0,
        flight: run.drive.in_flight(),
    }
}

/// Where a row comes from, as its `source` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// A dump of `InferenceX`'s database, which tells drafted runs apart: `db-dump/2026-04-27`.
    Database,
    /// A dump of its files, which has no word of drafts: `source_file=2026-03-25.csv`.
    File,
    /// None of these.
    Other,
}

impl Origin {
    fn of(source: &str) -> Self {
        let is_named = |mark| source.strip_prefix(mark).is_some_and(|name| !name.is_empty());
        if is_named("db-dump/") {
            Self::Database
        } else if is_named("source_file=") {
            Self::File
        } else {
            Self::Other
        }
    }

    /// Prompts and answers are drawn, as `InferenceX` draws them; others have exact prompts.
    /// Answers of exact lengths too would keep a closed loop in step for ever, each round of
    /// prompts one burst, and the measured times to first token show none.
    fn lengths(self, (input, output): (u32, u32)) -> Lengths {
        match self {
            Self::Database | Self::File => Lengths::up_to(input, output),
            Self::Other => Lengths::answers_up_to(input, output),
        }
    }
}

fn aggregated(row: &Row) -> Result<(Plan, Option<Plan>, Drive), String> {
    let plan = plan(row, "")?;
    let flight = if let Some(flight) = row.count("concurrency")? {
        flight
    } else {
        let all = u64::from(row.needed("batch_size")?) * u64::from(plan.dp);
        u32::try_from(all).map_err(|_| too_many(all))?
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
    Ok(attention_dp(table::possible(Plan { tp, pp, ep, dp, cp, redundant: 0 })?))
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
