//! What one step of a model runs on a chip, operator by operator.

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::simulate::OverlapName;
use crate::cli::specs::catalog;
use crate::cli::terminal::count;
use crate::cli::{CliError, Column, Shell, Table};
use crate::cluster::{Order, Ways};
use crate::cost::{
    Batch, Bound, Calibration, EngineProfile, OpTime, Pricing, StepProgram, Stretch, TimeModel,
};
use crate::hardware::{Chip, Format};
use crate::model::{Model, Plan, Precision, Weights, compile, forward};
use crate::report::{HiddenReport, LinkReport};
use crate::serving::Limits;
use crate::units::{Seconds, significant, with_prefix};

/// Most tokens of one step; far more than any engine batches.
const TOKENS_MAX: u64 = 1 << 30;

/// Which step, on which chip.
#[derive(Args, Debug)]
pub(super) struct OpsFlags {
    /// Price a step and list its operators
    #[arg(long)]
    ops: bool,
    /// The chip
    #[arg(long, value_name = "C", default_value = "h100-sxm", requires = "ops")]
    chip: String,
    /// The parallel plan: tp8, tp4-pp2, tp8-cp4, tp1-ep8-dp8
    #[arg(long, value_name = "PLAN", default_value = "tp1")]
    pub(super) plan: Plan,
    /// Sequences in the step
    #[arg(long, value_name = "N", default_value = "1", requires = "ops")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=65_536))]
    batch: u32,
    /// Tokens of context of each sequence; in prefill, the length of each prompt
    #[arg(long, value_name = "N", default_value = "1024", requires = "ops")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    context: u32,
    /// Tokens of each prompt before those, found in the cache
    #[arg(long, value_name = "N", default_value = "0", requires = "ops")]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    cached: u32,
    /// What the step does
    #[arg(long, value_enum, default_value = "decode", requires = "ops")]
    phase: Phase,
    /// Number format of the weights [default: the checkpoint's]
    #[arg(long, value_name = "FORMAT")]
    weights: Option<Format>,
    /// Number format of the KV cache [default: the checkpoint's]
    #[arg(long, value_name = "FORMAT")]
    kv: Option<Format>,
    /// The time model: roofline or calibrated
    #[arg(long, value_name = "MODEL", default_value_t = TimeModel::Calibrated, requires = "ops")]
    cost: TimeModel,
    /// Whose kernels and host times: vllm, sglang, trtllm
    #[arg(long, value_name = "ENGINE", default_value_t = EngineProfile::Vllm, requires = "ops")]
    engine_profile: EngineProfile,
    /// Hide communication: one half of the step computes while the other exchanges tokens with the
    /// ranks of their experts; operators are those of a half [default: none]
    #[arg(long, value_enum, value_name = "HOW", requires = "ops")]
    overlap: Option<OverlapName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Phase {
    Decode,
    Prefill,
}

/// A priced step.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    chip: String,
    plan: String,
    gpus: u32,
    weight_bytes_per_gpu: f64,
    kv_bytes_per_token_per_gpu: f64,
    phase: Phase,
    batch: u32,
    context_tokens: u32,
    /// Of each prompt, before its context.
    cached_tokens: u32,
    cost: &'static str,
    time_ms: f64,
    time_share: BTreeMap<&'static str, f64>,
    /// Sums of the operators, on one chip; the rest of the step is the host's.
    ops_ms: f64,
    ops: Vec<OpRow>,
    /// With two halves, of which `ops` are one's.
    overlap: Option<HiddenReport>,
    provenance: Vec<String>,
}

#[derive(Debug, Serialize)]
struct OpRow {
    name: String,
    count: u32,
    shape: String,
    flop: f64,
    hbm_bytes: f64,
    link_bytes: f64,
    time_us: f64,
    bound: &'static str,
    /// The link that binds it; null but for collectives.
    link: Option<LinkReport>,
}

impl OpsFlags {
    /// Whether operators were asked for.
    pub(super) const fn wanted(&self) -> bool {
        self.ops
    }

    /// The number formats asked for.
    pub(super) fn precision(&self, model: &Model) -> Precision {
        Precision {
            weights: self.weights.map_or(Weights::Checkpoint, Weights::All),
            kv: self.kv.unwrap_or(model.kv),
        }
    }

    /// Prices the step.
    pub(super) fn price(&self, model: &Model, shell: &Shell) -> Result<Step, CliError> {
        let catalog = catalog(shell)?;
        let chip = catalog.chip(&self.chip)?;
        let precision = self.precision(model);
        let program = self.program(chip, model)?;
        let batch = self.step(program.clips())?;
        let reach = u64::from(self.context) + u64::from(self.cached);
        if reach > u64::from(model.context) {
            shell.warn(format!(
                "{} has a context of {} tokens; {reach} are priced as if it reached so far",
                model.name, model.context
            ));
        }
        self.warn_of_misfit(chip, model, shell);
        let step = program.price(&batch);
        let rows: Vec<_> = program.price_ops(&batch).into_iter().map(OpRow::from).collect();
        let shares = Bound::ALL.into_iter().zip(step.parts.shares());
        Ok(Step {
            chip: chip.name.clone(),
            plan: self.plan.to_string(),
            gpus: self.plan.gpus(),
            weight_bytes_per_gpu: model.weight_bytes(&precision, &self.plan).get(),
            kv_bytes_per_token_per_gpu: model.kv_bytes_per_token(precision.kv, &self.plan).get(),
            phase: self.phase,
            batch: self.batch,
            context_tokens: self.context,
            cached_tokens: self.cached,
            cost: self.cost.name(),
            time_ms: step.total.get() * 1e3,
            time_share: shares.map(|(bound, share)| (bound.key(), share)).collect(),
            ops_ms: rows.iter().map(|row| row.time_us).sum::<f64>() / 1e3,
            ops: rows,
            overlap: program.hidden(&batch).map(HiddenReport::from),
            provenance: program.provenance().into_iter().map(str::to_owned).collect(),
        })
    }

    fn order<'a>(&self, chip: &'a Chip, model: &'a Model) -> Order<'a> {
        Order {
            chip,
            model,
            plan: self.plan,
            precision: self.precision(model),
            limits: Limits::default(),
            pricing: Pricing { model: self.cost, engine: self.engine_profile },
            kv: None,
            stretch: Stretch::NONE,
            longest: 1,
            ways: Ways { overlap: self.overlap.is_some(), ..Ways::default() },
        }
    }

    /// The step's program. Stages of a pipeline are priced one after another.
    fn program(&self, chip: &Chip, model: &Model) -> Result<StepProgram, CliError> {
        let order = self.order(chip, model);
        if self.overlap.is_some() {
            model.check_plan(&self.plan)?;
            return Ok(order.program()?);
        }
        let ops = compile(&forward(model, &self.plan, &order.precision)?);
        Ok(StepProgram::compile(&ops, chip, Calibration::embedded(), order.pricing)?)
    }

    /// Says so if the model, or the contexts of the step, have no room on the chip.
    fn warn_of_misfit(&self, chip: &Chip, model: &Model, shell: &Shell) {
        let needed = u64::from(self.batch) * (u64::from(self.context) + u64::from(self.cached));
        match self.order(chip, model).deploy() {
            Err(misfit) => shell.warn(format!("{misfit}; the step is priced as if it had room")),
            Ok(deployed) if deployed.kv_tokens() < needed => shell.warn(format!(
                "{} as {} leaves KV for {} tokens on {}; the step is priced as if {} had room",
                model.name,
                self.plan,
                count(deployed.kv_tokens()),
                chip.name,
                count(needed)
            )),
            Ok(_) => {}
        }
    }

    fn step(&self, clips: &[u32]) -> Result<Batch, CliError> {
        let mut batch = Batch { logits: self.batch, ..Batch::default() };
        match self.phase {
            Phase::Decode if self.cached > 0 => {
                return Err(CliError::Flag {
                    flag: "--cached",
                    value: self.cached.to_string(),
                    problem: "a decode step has no prompts".into(),
                    remedy: "take --phase prefill, or count the tokens in --context".into(),
                });
            }
            Phase::Decode => return Ok(Batch::decoding(self.batch, self.context, clips)),
            Phase::Prefill => {
                let tokens = u64::from(self.batch) * u64::from(self.context);
                if tokens > TOKENS_MAX {
                    return Err(CliError::Flag {
                        flag: "--context",
                        value: self.context.to_string(),
                        problem: format!("{} prompts are {tokens} tokens in one step", self.batch),
                        remedy: format!("give at most {TOKENS_MAX} in all"),
                    });
                }
                (0..self.batch).for_each(|_| batch.prefill.add(self.cached, self.context, clips));
            }
        }
        Ok(batch)
    }
}

impl From<OpTime> for OpRow {
    fn from(op: OpTime) -> Self {
        Self {
            name: op.name,
            count: op.count,
            shape: op.shape,
            flop: op.flops.get(),
            hbm_bytes: op.bytes.get(),
            link_bytes: op.wire.get(),
            time_us: op.time.get() * 1e6,
            bound: op.parts.largest().key(),
            link: op.link.map(LinkReport::from),
        }
    }
}

impl Step {
    /// Prints the step and its operators.
    pub(super) fn print(&self, shell: &mut Shell) -> Result<(), CliError> {
        let phase = match self.phase {
            Phase::Decode => "decode",
            Phase::Prefill => "prefill",
        };
        shell.line("")?;
        shell.heading(format!(
            "A {phase} step of {} × {} tokens on {} × {} as {} ({}): {}",
            self.batch,
            count(u64::from(self.context_tokens)),
            self.gpus,
            self.chip,
            self.plan,
            self.cost,
            Seconds::new(self.time_ms / 1e3)
        ))?;
        if self.cached_tokens > 0 {
            shell
                .line(format!("{} tokens of each are cached", count(self.cached_tokens.into())))?;
        }
        if let Some(overlap) = &self.overlap {
            shell.line(format!("two batches: {overlap}; operators are those of one"))?;
        }
        let shares =
            Bound::ALL.into_iter().map(|bound| (bound.key(), self.time_share[bound.key()]));
        let shares = shares.filter(|(_, share)| *share > 0.0);
        let shares =
            shares.map(|(key, share)| format!("{key} {} %", significant(share * 100.0, 2)));
        shell.line(shares.collect::<Vec<_>>().join(", "))?;
        shell.line("")?;
        shell.table(self.table())?;
        for (link, ops) in self.links() {
            shell.line(format!("{link} per direction: {}", ops.join(", ")))?;
        }
        Ok(())
    }

    /// The links that bind collectives, and which.
    fn links(&self) -> BTreeMap<String, Vec<&str>> {
        let mut links: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for op in &self.ops {
            let Some(link) = &op.link else { continue };
            let ops = links.entry(link.to_string()).or_default();
            if !ops.contains(&op.name.as_str()) {
                ops.push(&op.name);
            }
        }
        links
    }

    fn table(&self) -> Table {
        let mut table = Table::new(&[
            Column::Name("operator"),
            Column::Number("count"),
            Column::Number("time"),
            Column::Number("share"),
            Column::Name("bound"),
            Column::Number("FLOP"),
            Column::Number("HBM"),
            Column::Number("links"),
            Column::Text("shape"),
        ]);
        let bytes = |bytes: f64| with_prefix(bytes, "B");
        for op in &self.ops {
            table.row([
                op.name.clone(),
                op.count.to_string(),
                Seconds::new(op.time_us / 1e6).to_string(),
                format!("{} %", significant(op.time_us / self.time_ms / 10.0, 2)),
                short(op.bound).into(),
                with_prefix(op.flop, "").trim_end().to_owned(),
                bytes(op.hbm_bytes),
                bytes(op.link_bytes),
                op.shape.clone(),
            ]);
        }
        let host_s = (self.time_ms - self.ops_ms).max(0.0) / 1e3;
        let mut host = [const { String::new() }; 9];
        host[0] = "host, overlap".into();
        host[2] = Seconds::new(host_s).to_string();
        host[3] = format!("{} %", significant(host_s / self.time_ms * 1e5, 2));
        table.row(host);
        table
    }
}

/// What binds an operator, so that its shape has room on a hundred columns.
fn short(bound: &'static str) -> &'static str {
    match bound {
        "hbm_bandwidth" => "HBM",
        "interconnect" => "links",
        other => other,
    }
}
