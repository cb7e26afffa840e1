//! The flags that every simulating command has.

use clap::{Args, ValueEnum};

use super::values;
use super::work::{Work, WorkFlags};
use crate::cli::models::model_named;
use crate::cli::{CliError, Shell};
use crate::cluster::{Drive, Order, Slo, TaskPool, Terms, Ways};
use crate::cost::{EngineProfile, Pricing, Stretch, TimeModel};
use crate::hardware::{Chip, Format};
use crate::model::{Model, Plan, Precision, Weights};
use crate::serving::{Admission, Batching, Engine, Limits, Rules, StepLimits};
use crate::units::SimSpan;

/// Model, formats, limits, prices, seed.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct CommonFlags {
    /// The model: a name of `memwall models list`, or a Hugging Face config.json
    #[arg(long, value_name = "M", default_value = "llama-3.1-70b")]
    pub(in crate::cli) model: String,
    /// The work
    #[command(flatten)]
    pub(in crate::cli) work: WorkFlags,
    /// Number format of the weights, or `checkpoint` for the model's own [default: --precision]
    #[arg(long, value_name = "FORMAT", value_parser = values::weights)]
    pub(super) weights: Option<Weights>,
    /// Number format of the KV cache [default: fp8 where the chip computes in it, else bf16]
    #[arg(long, value_name = "FORMAT")]
    pub(super) kv: Option<Format>,
    /// Formats: each chip's best (native), or one for all that every chip has (same)
    #[arg(long, value_enum, default_value_t = PrecisionName::Native)]
    pub(super) precision: PrecisionName,
    /// The time model: datasheet bounds (roofline), or fitted to measured kernels (calibrated)
    #[arg(long, value_name = "MODEL", default_value_t = TimeModel::Calibrated)]
    pub(super) cost: TimeModel,
    /// Whose kernels and host times: vllm, sglang, trtllm
    #[arg(long, value_name = "ENGINE", default_value_t = EngineProfile::Vllm)]
    pub(super) engine_profile: EngineProfile,
    /// How steps are gone through: from change to change (macro), or one by one, which is slow and
    /// gives the same result (stepwise)
    #[arg(long, value_enum, value_name = "ENGINE", default_value_t = EngineName::Macro)]
    pub(super) engine: EngineName,
    /// Most tokens in one step [default: 2048, or --limits]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    pub(super) max_batched_tokens: Option<u32>,
    /// Most sequences running at once [default: 256, or --limits]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1 << 16))]
    pub(super) max_seqs: Option<u32>,
    /// Limits of a step that are not given: the same for all chips and engines (same), or what a
    /// server of the --engine-profile takes on the chip if nothing is set (shipped)
    #[arg(long, value_enum, value_name = "WHOSE", default_value_t = LimitsName::Same)]
    pub(super) limits: LimitsName,
    /// What a step computes where prompts wait and answers are written: both (mixed), or prompts
    /// alone until none is left (prefill-first) [default: as the --engine-profile]
    #[arg(long, value_enum, value_name = "RULE")]
    pub(super) batching: Option<BatchingName>,
    /// Forget unused KV after this long (`5min`, `1h`) [default: only for want of room]
    #[arg(long, value_name = "TIME", value_parser = values::span)]
    pub(super) ttl: Option<SimSpan>,
    /// Seed of every random stream
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::cli) seed: u64,
}

/// How a chip's number formats are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PrecisionName {
    /// Each chip's fastest weight format; FP8 KV where the chip has FP8.
    Native,
    /// BF16 weights and KV for every chip.
    Same,
}

/// Whose limits of a step are taken where none are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LimitsName {
    /// 2,048 tokens and 256 sequences.
    Same,
    /// Those that the engine ships with, by chip.
    Shipped,
}

/// What shares a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum BatchingName {
    /// Chunks of prompts ride with the decodes.
    Mixed,
    /// Prompts have steps of their own, and go first.
    PrefillFirst,
}

impl From<BatchingName> for Batching {
    fn from(name: BatchingName) -> Self {
        match name {
            BatchingName::Mixed => Self::Mixed,
            BatchingName::PrefillFirst => Self::PrefillFirst,
        }
    }
}

/// How the steps of a replica are gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum EngineName {
    /// From change to change of the batch.
    Macro,
    /// One by one.
    Stepwise,
}

impl From<EngineName> for Engine {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Macro => Self::Macro,
            EngineName::Stepwise => Self::Stepwise,
        }
    }
}

impl PrecisionName {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Same => "same",
        }
    }
}

impl CommonFlags {
    /// The model that was named.
    pub(in crate::cli) fn model(&self, shell: &Shell) -> Result<Model, CliError> {
        model_named(&self.model, shell)
    }

    pub(in crate::cli) fn pricing(&self) -> Pricing {
        Pricing { model: self.cost, engine: self.engine_profile }
    }

    /// The same with another model, workload or engine, where one is given.
    pub(in crate::cli) fn with(
        &self,
        model: Option<&String>,
        workload: Option<&String>,
        engine_profile: EngineProfile,
    ) -> Self {
        let mut common = self.clone();
        common.model.clone_from(model.unwrap_or(&self.model));
        if let Some(workload) = workload {
            common.work.workload = Some(workload.clone());
        }
        Self { engine_profile, ..common }
    }

    /// Whose kernels and host times.
    pub(in crate::cli) fn engine_profile(&self) -> EngineProfile {
        self.engine_profile
    }

    /// Limits on `chip` with pages of `page_tokens` tokens.
    fn limits_on(&self, chip: &Chip, page_tokens: u32) -> Limits {
        let step = match self.limits {
            LimitsName::Same => StepLimits { tokens: 2048, sequences: 256 },
            LimitsName::Shipped => StepLimits::shipped(self.engine_profile, chip),
        };
        Limits {
            max_batched_tokens: self.max_batched_tokens.unwrap_or(step.tokens),
            max_seqs: self.max_seqs.unwrap_or(step.sequences),
            admission: Admission::shipped(self.engine_profile),
            batching: self
                .batching
                .map_or_else(|| Batching::shipped(self.engine_profile), Batching::from),
            rules: Rules::default(),
            page_tokens,
            state_pages: 0,
            groups: 1,
        }
    }

    /// The formats for `model` on `chip`.
    ///
    /// A checkpoint that is already quantised is served as it is: its experts in 4 bits gain
    /// nothing from an 8-bit engine.
    pub(in crate::cli) fn precision(&self, chip: &Chip, model: &Model) -> Precision {
        let (weights, kv) = match self.precision {
            PrecisionName::Same => (Weights::All(Format::Bf16), Format::Bf16),
            PrecisionName::Native => (native_weights(chip, model), native_kv(chip)),
        };
        Precision { weights: self.weights.unwrap_or(weights), kv: self.kv.unwrap_or(kv) }
    }

    /// How loads are tried on tasks of `pool`, which are of `work`, from HBM alone.
    pub(super) fn terms<'a>(
        &self,
        (drive, slo): (Drive, Slo),
        pool: &'a TaskPool,
        work: &Work,
    ) -> Terms<'a> {
        let (bracket, confirm) = work.trials();
        let (seed, ttl, engine) = (self.seed, self.ttl, self.engine.into());
        Terms { drive, seed, slo, pool, bracket, confirm, ttl, engine, below: None }
    }

    /// The order for `model` on `chip` as `plan`.
    pub(in crate::cli) fn order<'a>(
        &self,
        chip: &'a Chip,
        model: &'a Model,
        plan: Plan,
        page_tokens: u32,
    ) -> Order<'a> {
        Order {
            chip,
            model,
            plan,
            precision: self.precision(chip, model),
            limits: self.limits_on(chip, page_tokens),
            pricing: self.pricing(),
            stretch: Stretch::NONE,
            kv: None,
            longest: page_tokens,
            ways: Ways::default(),
        }
    }
}

fn native_weights(chip: &Chip, model: &Model) -> Weights {
    let native = chip.native_weights();
    let (stored, params) = model.formats(&model.native_precision()).into_iter().fold(
        (0.0, 0.0),
        |(bytes, params), (_, format, count)| {
            (bytes + format.bytes() * count as f64, params + count as f64)
        },
    );
    if stored / params < native.bytes() { Weights::Checkpoint } else { Weights::All(native) }
}

fn native_kv(chip: &Chip) -> Format {
    if chip.native_weights() == Format::Bf16 { Format::Bf16 } else { Format::Fp8 }
}
