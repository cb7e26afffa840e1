//! The command.

use std::path::PathBuf;

use clap::Args;

use super::cells::{Study, measure};
use super::flags::TechniqueFlags;
use super::gains::rows;
use super::print::print_gains;
use super::words;
use crate::cli::models::model_named;
use crate::cli::simulate::common::CommonFlags;
use crate::cli::simulate::run::{Drafting, TierFlags};
use crate::cli::simulate::wall::{LevelFlags, MOST_CLIENTS, Places, TENSOR, WIDE};
use crate::cli::simulate::work::Work;
use crate::cli::specs::catalog;
use crate::cli::{CliError, Exit, Shell};
use crate::cluster::{Deployment, Drive, Order, TaskPool, Terms};
use crate::hardware::{Catalog, Chip};
use crate::insight::{Below, Bench, MOST_FACTORS, Technique, Variant, equal_of, larger_than};
use crate::model::{Model, Plan};
use crate::report::{AblateDocument, ablate_pictures, render_ablate_page};

const EXAMPLES: &str = "\
Examples:
  memwall ablate
  memwall ablate --chips h100-sxm,rubin --techniques prefix-cache,kv-precision,bigger-batches
  memwall ablate --model deepseek-r1 --chips gb300 --acceptance 1.8,2.3,2.6 --json
  memwall ablate --chips b200-sxm --techniques kv-precision,pim,sram,moe-sparsity
  memwall ablate --workload chat --plan tp8 --concurrency 64 --report gains.html

Techniques: prefix-cache, kv-precision, weight-precision, chunking, bigger-batches, speculation,
disaggregation, kv-offload, wide-ep; and, only if named, moe-sparsity, sram, pim, larger-model. What
is not studied is as in `memwall wall`: cache, narrow formats and chunks on, the rest off.

Alone: with it alone over with none. Last: with all over with all but it. Shapley: its mean over all
orders of adding them; these multiply to what all gain together. A configuration that does not run
(the model does not fit, or misses the latency targets even with one task in flight) has no figure:
techniques without which nothing runs are on throughout and said so, and means are over the orders
all of whose steps run.";

/// How often everything is measured if nothing is said.
const REPEATS: u32 = 2;

/// Flags of `ablate`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Ablate {
    /// Chips
    #[arg(long, visible_alias = "chip", value_name = "LIST", value_delimiter = ',')]
    #[arg(default_value = "h100-sxm")]
    chips: Vec<String>,
    /// What is simulated, and how
    #[command(flatten)]
    common: CommonFlags,
    /// Techniques, at most 12: time doubles with each
    /// [default: those of serving that are possible]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    techniques: Vec<Technique>,
    /// The parallel plan [default: of each configuration the best of TP 1 to 8, and of
    /// attention-DP over 8 to 32 for routed experts]
    #[arg(long, value_name = "PLAN")]
    plan: Option<Plan>,
    /// Measure with so many tasks in flight on a replica of --plan, in proportion on more chips,
    /// whatever the latency [default: with the best load within the latency targets]
    #[arg(long, value_name = "N", requires = "plan")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1024))]
    concurrency: Option<u32>,
    #[command(flatten)]
    level: LevelFlags,
    /// Measure everything so many times, each on other work; without a second there are no errors
    #[arg(long, value_name = "N", default_value_t = REPEATS)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=32))]
    repeats: u32,
    #[command(flatten)]
    how: TechniqueFlags,
    /// Where to put a page with charts, tables and their numbers
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Put every chart into this folder, as SVG and as PNG; no browser is needed
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
}

/// The models that may be served: dense or sparse, as named or larger.
type Models = [[Option<Model>; 2]; 2];

impl Ablate {
    /// The study of `chip`, each combination at its best load.
    pub(in crate::cli::simulate) fn of(
        chip: String,
        common: CommonFlags,
        level: LevelFlags,
    ) -> Self {
        Self {
            chips: vec![chip],
            common,
            techniques: Vec::new(),
            plan: None,
            concurrency: None,
            level,
            repeats: REPEATS,
            how: TechniqueFlags::default(),
            report: None,
            figures: None,
        }
    }

    /// The same of these techniques.
    pub(in crate::cli::simulate) fn studying(self, techniques: Vec<Technique>) -> Self {
        Self { techniques, ..self }
    }

    /// The same under a plan and a load, if they are given.
    pub(in crate::cli::simulate) fn under(
        self,
        plan: Option<Plan>,
        concurrency: Option<u32>,
    ) -> Self {
        Self { plan, concurrency, ..self }
    }

    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let places = Places { page: self.report.as_deref(), figures: self.figures.as_deref() };
        places.probe()?;
        let document = self.document(&catalog(shell)?, shell)?;
        // A study without any gain is no result.
        let reasons: Option<Vec<String>> =
            document.chips.iter().map(|chip| chip.reason.clone()).collect();
        if let Some(reasons) = reasons {
            return Err(CliError::NoneFits { reasons });
        }
        places.keep(|| render_ablate_page(&document), || ablate_pictures(&document), shell)?;
        for warning in &document.warnings {
            shell.warn(warning);
        }
        if shell.json() {
            shell.json_document(&document)?;
        } else {
            print_gains(&document, shell)?;
        }
        Ok(Exit::Done)
    }

    /// Its document, as a value.
    pub(in crate::cli) fn value(&self, shell: &Shell) -> Result<serde_json::Value, CliError> {
        let document = self.document(&catalog(shell)?, shell)?;
        Ok(serde_json::to_value(document).expect("documents are JSON"))
    }

    /// What it finds on chips of `catalog`.
    pub(in crate::cli::simulate) fn document(
        &self,
        catalog: &Catalog,
        shell: &Shell,
    ) -> Result<AblateDocument, CliError> {
        let (models, is_sparse) = self.models(shell)?;
        let all = || models.iter().flatten().flatten();
        let window = all().map(|model| model.context).min().unwrap_or(0);
        let work = self.common.work.read(shell)?.with_longest_pause();
        let stores = TierFlags::of(self.how.kv_offload.clone());
        stores.check(false, false)?;
        let below = |order: &Order, deployment: &Deployment| {
            let stores = stores.stores(catalog, order, deployment).ok().flatten();
            stores.map(|(tiering, _)| tiering)
        };
        let studies = self.studies((catalog, &below), (&models, is_sparse), (&work, window))?;
        let seeds = (0..u64::from(self.repeats)).map(|repeat| self.common.seed + repeat);
        let pools: Vec<(u64, TaskPool)> = seeds
            .map(|seed| Ok((seed, work.pool(seed, window, MOST_CLIENTS)?)))
            .collect::<Result<_, CliError>>()?;
        let terms: Vec<Terms> =
            pools.iter().map(|(seed, pool)| self.terms(*seed, pool, &work)).collect();
        let cells = measure(&studies, &terms, shell);
        let mut document = self.empty(&work);
        for (study, seeds) in studies.iter().zip(&cells) {
            let found = rows(study, seeds);
            document.chips.push(found.chip);
            document.techniques.extend(found.techniques);
            document.interactions.extend(found.interactions);
            document.left_out.extend(found.left_out);
            document.configurations.extend(found.configurations);
            let assumed = study.studied.iter().filter_map(|&t| words::assumption(t, &study.bench));
            for line in assumed.collect::<Vec<_>>() {
                if !document.assumptions.contains(&line) {
                    document.assumptions.push(line);
                }
            }
        }
        let named = &models[usize::from(is_sparse)][0];
        let named = named.as_ref().expect("the model that was named is there");
        document.model.clone_from(&named.name);
        document.warnings = work.warnings(&named.name, window);
        Ok(document)
    }

    fn empty(&self, work: &Work) -> AblateDocument {
        AblateDocument {
            schema: AblateDocument::SCHEMA,
            model: String::new(),
            workload: work.name().to_owned(),
            cost: self.common.cost.to_string(),
            engine_profile: self.common.engine_profile.to_string(),
            seed: self.common.seed,
            repeats: self.repeats,
            measure: if self.concurrency.is_some() { "concurrency" } else { "best_load" },
            concurrency: self.concurrency,
            slo: self.level.slo().into(),
            chips: Vec::new(),
            techniques: Vec::new(),
            interactions: Vec::new(),
            left_out: Vec::new(),
            configurations: Vec::new(),
            assumptions: Vec::new(),
            warnings: Vec::new(),
        }
    }

    fn terms<'a>(&self, seed: u64, pool: &'a TaskPool, work: &Work) -> Terms<'a> {
        let drive = self.concurrency.map_or(Drive::Best, Drive::Concurrency);
        Terms { seed, ..self.common.terms((drive, self.level.slo()), pool, work) }
    }

    /// The models, and whether the one that was named is sparse. Those that no technique asks for
    /// are not there.
    fn models(&self, shell: &Shell) -> Result<(Models, bool), CliError> {
        let named = self.common.model(shell)?;
        let is_named_sparse = named.has_routed_experts();
        let asks = |technique| self.techniques.contains(&technique);
        let read = |given: Option<&str>| given.map(|name| model_named(name, shell)).transpose();
        let other = |name: &str| {
            let pair = equal_of(name)?;
            Some(if pair.dense == name { pair.sparse } else { pair.dense })
        };
        let (mut equal, mut larger, mut both) = (None, None, None);
        if asks(Technique::MoeSparsity) {
            equal = read(self.how.equal_model.as_deref().or_else(|| other(&named.name)))?;
        }
        if asks(Technique::LargerModel) {
            let next = self.how.larger_model.as_deref().or_else(|| larger_than(&named.name));
            larger = read(next)?;
        }
        if let (Some(_), Some(larger)) = (&equal, &larger) {
            both = read(other(&larger.name))?;
            if both.is_none() {
                return Err(CliError::Flag {
                    flag: "--techniques",
                    value: "moe-sparsity,larger-model".into(),
                    problem: format!("no model is named as the equal of {}", larger.name),
                    remedy: "study one of the two, or give a --larger-model that has one".into(),
                });
            }
        }
        for model in [&equal, &both].into_iter().flatten() {
            if model.has_routed_experts() == is_named_sparse {
                return Err(CliError::Flag {
                    flag: "--equal-model",
                    value: model.name.clone(),
                    problem: format!("is as sparse, or as dense, as {}", named.name),
                    remedy: "name a dense model for a sparse one, or the other way round".into(),
                });
            }
        }
        let (own, others) = ([Some(named), larger], [equal, both]);
        let models = if is_named_sparse { [others, own] } else { [own, others] };
        Ok((models, is_named_sparse))
    }

    fn studies<'a>(
        &self,
        (catalog, below): (&'a Catalog, Below<'a>),
        (models, is_sparse): (&'a Models, bool),
        (work, window): (&Work, u32),
    ) -> Result<Vec<Study<'a>>, CliError> {
        let mut studies: Vec<Study> = Vec::new();
        for name in &self.chips {
            let chip = catalog.chip(name)?;
            if studies.iter().any(|study| study.bench.chip.name == chip.name) {
                continue;
            }
            let variant = |model: &'a Model| -> Result<Variant<'a>, CliError> {
                let plan = self.plan.unwrap_or(Plan::tp(1));
                let order = self.common.order(chip, model, plan, work.page_tokens());
                let order = Order { longest: work.longest(window), ..order };
                Ok(Variant { order, speculation: None })
            };
            let mut variants = [[None, None], [None, None]];
            for (own, models) in variants.iter_mut().zip(models) {
                for (own, model) in own.iter_mut().zip(models) {
                    *own = model.as_ref().map(variant).transpose()?;
                }
            }
            let below = self.stores(catalog, &variants, is_sparse).map(|()| below);
            let bench = self.bench((chip, is_sparse), variants, below)?;
            studies.push(self.study(bench)?);
        }
        Ok(studies)
    }

    /// Whether there are stores below HBM of the model that was named, or why not; known as soon as
    /// any plan fits.
    fn stores(
        &self,
        catalog: &Catalog,
        variants: &[[Option<Variant>; 2]; 2],
        is_sparse: bool,
    ) -> Result<(), String> {
        let stores = TierFlags::of(self.how.kv_offload.clone());
        let Some(named) = &variants[usize::from(is_sparse)][0] else { return Ok(()) };
        let plans = self.plan.map_or_else(|| TENSOR.map(Plan::tp).to_vec(), |plan| vec![plan]);
        for plan in plans {
            let order = Order { plan, ..named.order };
            if let Ok(deployment) = order.deploy() {
                let found = stores.stores(catalog, &order, &deployment);
                return match found.map_err(|error| error.to_string())? {
                    Some(_) => Ok(()),
                    None => Err("no store was asked for".into()),
                };
            }
        }
        Ok(())
    }

    fn bench<'a>(
        &self,
        (chip, is_sparse): (&'a Chip, bool),
        variants: [[Option<Variant<'a>>; 2]; 2],
        below: Result<Below<'a>, String>,
    ) -> Result<Bench<'a>, CliError> {
        let mut bench = Bench {
            chip,
            variants,
            is_sparse,
            plan: self.plan,
            wide: WIDE.to_vec(),
            pools: self.how.pools,
            below,
            bigger: self.how.bigger,
            sram: self.how.sram,
            pim: self.how.pim,
        };
        let is_asked =
            self.techniques.is_empty() || self.techniques.contains(&Technique::Speculation);
        let drafting = Drafting {
            depth: self.how.draft_tokens,
            acceptance: &self.how.acceptance,
            share: None,
            is_adaptive: self.how.adaptive_depth,
        };
        let speculation = match drafting.speculation(bench.named().order.model) {
            Ok(found) if is_asked => Some(found),
            // What nobody knows is left out of the default set, and refused where it is named.
            Err(error) if !self.how.acceptance.is_empty() => return Err(error),
            Ok(_) | Err(_) => None,
        };
        for variant in bench.variants.iter_mut().flatten().flatten() {
            variant.speculation.clone_from(&speculation);
        }
        Ok(bench)
    }

    /// What is studied on a chip: what was named, or what is possible of the default set.
    fn study<'a>(&self, bench: Bench<'a>) -> Result<Study<'a>, CliError> {
        let refuse = |value: String, problem: String| CliError::Flag {
            flag: "--techniques",
            value,
            problem,
            remedy: "leave it out, or name a chip and a model for which it makes sense".into(),
        };
        let is_wanted = |technique: &Technique| match self.techniques.as_slice() {
            [] => technique.is_of_serving(),
            named => named.contains(technique),
        };
        let (mut studied, mut left_out) = (Vec::new(), Vec::new());
        for technique in Technique::ALL.into_iter().filter(is_wanted) {
            match bench.refusal(technique) {
                None => studied.push(technique),
                Some(why) if self.techniques.is_empty() => left_out.push((technique, why)),
                Some(why) => return Err(refuse(technique.to_string(), why)),
            }
        }
        if studied.len() > MOST_FACTORS {
            let problem = format!("more than {MOST_FACTORS} techniques take too long");
            return Err(refuse(studied.len().to_string(), problem));
        }
        Ok(Study { bench, studied, left_out })
    }
}
