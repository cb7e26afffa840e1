//! `memwall wall`: the ladder of chips, and what holds each back.

use std::path::PathBuf;

use clap::Args;
use rayon::prelude::*;

use super::common::CommonFlags;
use super::explain::{Explained, explain_rows};
use super::keep::Places;
use super::level::{LevelFlags, missed};
use super::life::find_lives;
use super::needs::find_needs;
use super::pareto::{Frontiers, find_frontiers};
use super::tried::Rungs;
use super::values;
use super::vary::{Axis, Varied, axis, varied};
use super::work::Work;
use crate::cli::simulate::ablate::print_gains;
use crate::cli::simulate::run::{StepFlags, TierFlags};
use crate::cli::specs::catalog;
use crate::cli::{CliError, Exit, Shell};
use crate::cluster::{Best, Drive, NoBest, Order, Terms, Wished, best_of_plans};
use crate::hardware::{Catalog, Chip};
use crate::insight::Technique;
use crate::model::{Model, Plan};
use crate::report::{
    WallDocument, WallReport, WallRow, context_curve, fill_row, provenance, render_wall_page,
    render_wall_table, roofline, turns, unfit_row, wall_pictures,
};

const EXAMPLES: &str = "\
Examples:
  memwall wall
  memwall wall --chips h100-sxm,gb300,rubin --model deepseek-r1 --slo-tpot 30ms
  memwall wall --workload chat --precision same --json
  memwall wall --chips b200-sxm --vary memory.stacks=4..16/4 --vary memory.height=8,12
  memwall wall --chips h100-sxm,rubin --match rubin
  memwall wall --explain --pareto --techniques prefix-cache,kv-precision,bigger-batches";

/// Where the report goes if nothing else is said.
const REPORT: &str = "memwall-wall.html";

/// Most tasks in flight on one replica.
pub(in crate::cli::simulate) const MOST_CLIENTS: u32 = 4096;

/// Sequences in the batch of the context curves.
const CURVE_BATCH: u32 = 1;

/// Flags of `wall`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Wall {
    /// Chips, from the bottom of the ladder to its top [default: H100 to Rubin Ultra]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    chips: Vec<String>,
    /// What is simulated, and how
    #[command(flatten)]
    pub(super) common: CommonFlags,
    /// The parallel plan (`tp8`, `tp8-cp4`, `tp1-ep8-dp8`) [default: the best that fits of TP 1 to
    /// 8 and, for routed experts, attention-DP over 8 to 32]
    #[arg(long, value_name = "PLAN")]
    pub(super) plan: Option<Plan>,
    /// How steps are filled, and at which clocks they run
    #[command(flatten)]
    pub(super) steps: StepFlags,
    /// What lies below HBM
    #[command(flatten)]
    pub(super) tiers: TierFlags,
    /// Tasks in flight on a replica [default: the best within the service level]
    #[arg(long, value_name = "N", conflicts_with = "rate")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_CLIENTS)))]
    pub(super) concurrency: Option<u32>,
    /// Tasks that arrive at a replica per second [default: a closed loop, see --concurrency]
    #[arg(long, value_name = "R", value_parser = values::rate)]
    pub(super) rate: Option<f64>,
    #[command(flatten)]
    pub(super) level: LevelFlags,
    /// Say how far each figure may be off and why (a band that holds it with 80 % probability), and
    /// what more of each resource would buy
    #[arg(long, visible_alias = "explain-band")]
    pub(super) explain: bool,
    /// Find the frontier: plans and loads that no other beats both for the user and per GPU,
    /// whether or not they meet the latency targets
    #[arg(long)]
    pareto: bool,
    /// Show each chip with other figures beside it, too: `memory.stacks=4..16`,
    /// `memory.height=8,12,16`, `compute.dense.fp4=x2`, `host.speed=x2`; more than once for every
    /// combination
    #[arg(long, value_name = "FIGURE=VALUES", value_parser = axis)]
    vary: Vec<Axis>,
    /// Say how much more HBM bandwidth, capacity and arithmetic each chip would need to yield per
    /// GPU what this one does
    #[arg(long = "match", value_name = "CHIP")]
    goal: Option<String>,
    /// Say what these techniques gain, alone and together, as `memwall ablate` does: twice as long
    /// with each
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(super) techniques: Option<Vec<Technique>>,
    /// The chip on which they are studied [default: the first of the ladder that has a result]
    #[arg(long, value_name = "CHIP", requires = "techniques")]
    pub(super) techniques_on: Option<String>,
    /// Where to put the HTML report; with --json there is none unless asked for
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write no report
    #[arg(long, conflicts_with = "report")]
    no_report: bool,
    /// Put every chart of the report into this folder, as SVG and as PNG: `ladder.svg`,
    /// `roofline-rubin.png`; no browser is needed
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// What a rung is; no flag.
    #[arg(skip)]
    pub(super) rungs: Rungs,
}

/// A chip of the ladder and what was found for it.
pub(in crate::cli::simulate) type Rung<'a> = (Order<'a>, Result<Best, NoBest>);

/// A ladder that was climbed.
struct Ladder<'a> {
    catalog: &'a Catalog,
    model: &'a Model,
    work: &'a Work,
    terms: Terms<'a>,
    rungs: Vec<Rung<'a>>,
}

impl Wall {
    /// The ladder of `chips` at the default service level, each at its best.
    pub(in crate::cli) fn of(chips: Vec<String>, common: CommonFlags) -> Self {
        Self {
            chips,
            common,
            plan: None,
            steps: StepFlags::default(),
            tiers: TierFlags::default(),
            concurrency: None,
            rate: None,
            level: LevelFlags::default(),
            explain: false,
            pareto: false,
            vary: Vec::new(),
            goal: None,
            techniques: None,
            techniques_on: None,
            report: None,
            no_report: true,
            figures: None,
            rungs: Rungs::Chips,
        }
    }

    /// The same within another service level.
    pub(in crate::cli) fn within(self, level: LevelFlags) -> Self {
        Self { level, ..self }
    }

    /// The same over stores below HBM.
    pub(in crate::cli) fn over(self, tiers: TierFlags) -> Self {
        Self { tiers, ..self }
    }

    /// The same with steps as `steps` has them.
    pub(in crate::cli) fn stepping(self, steps: StepFlags) -> Self {
        Self { steps, ..self }
    }

    /// The same with a row for each plan of a chip, and with bands if they are asked for.
    pub(in crate::cli) fn plan_by_plan(self, explain: bool) -> Self {
        Self { rungs: Rungs::Plans, explain, ..self }
    }

    /// The rows of the ladder alone; a chip on which the model does not fit has a reason.
    pub(in crate::cli) fn rows(&self, shell: &Shell) -> Result<Vec<WallRow>, CliError> {
        self.climbed(shell, |ladder| {
            let row = |(order, found): &Rung| match found {
                Ok(best) => fill_row(order, best),
                Err(reason) => unfit_row(order.chip, reason.to_string()),
            };
            let mut rows: Vec<_> = ladder.rungs.iter().map(row).collect();
            if self.explain {
                let how = (&ladder.rungs[..], &ladder.terms);
                explain_rows(&mut rows, Default::default(), how, shell);
            }
            Ok(rows)
        })
    }

    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let page = self.page(shell);
        let places = Places { page: page.as_deref(), figures: self.figures.as_deref() };
        self.check_techniques()?;
        places.probe()?;
        let report = self.climbed(shell, |ladder| self.looked_at(ladder, shell))?;
        for warning in &report.document.warnings {
            shell.warn(warning);
        }
        places.keep(|| render_wall_page(&report), || wall_pictures(&report), shell)?;
        if shell.json() {
            shell.json_document(&report.document)?;
        } else {
            shell.text(render_wall_table(&report.document, shell.width()))?;
            if let Some(ablation) = &report.document.ablation {
                shell.line("")?;
                print_gains(ablation, shell)?;
            }
        }
        Ok(Exit::Done)
    }

    /// Reads what was asked for, climbs the ladder, and hands it to `then`.
    fn climbed<T>(
        &self,
        shell: &Shell,
        then: impl FnOnce(&Ladder) -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        self.tiers.check(self.explain, false)?;
        let wishes = self.tiers.wishes();
        let catalog = catalog(shell)?;
        let names = self.names(&catalog)?;
        let mut varied = varied(catalog, &names, &self.vary, shell)?;
        varied.catalog = self.steps.provision(varied.catalog);
        let Varied { catalog, names, .. } = &varied;
        let chips: Vec<&Chip> =
            names.iter().map(|name| catalog.chip(name)).collect::<Result<_, _>>()?;
        let others = [("--match", &self.goal), ("--techniques-on", &self.techniques_on)];
        for (flag, name) in others {
            name.as_ref().map_or(Ok(""), |name| named(flag, name, catalog))?;
        }
        let model = self.common.model(shell)?;
        let work = self.common.work.read(shell)?.with_longest_pause();
        let pool = work.pool(self.common.seed, model.context, self.most_clients())?;
        let below = wishes.is_on().then_some(Wished { wishes: &wishes, catalog });
        let how = (self.drive(), self.level.slo());
        let terms = Terms { below, ..self.common.terms(how, &pool, &work) };
        let order = |chip| Ok(varied.hosted(self.order(chip, &model, &work)?));
        let orders: Vec<Order> = chips.into_iter().map(order).collect::<Result<_, CliError>>()?;
        let orders = orders.iter().flat_map(|order| self.rungs_of(order)).collect();
        let rungs = self.climb(orders, &terms, shell);
        then(&Ladder { catalog, model: &model, work: &work, terms, rungs })
    }

    /// The report, with what was asked for besides.
    fn looked_at(&self, ladder: &Ladder, shell: &Shell) -> Result<WallReport, CliError> {
        let Ladder { catalog, rungs, terms, .. } = ladder;
        let mut report = self.report(ladder);
        let document = &mut report.document;
        // The table alone does not tell of them.
        if self.explain || shell.json() || self.page(shell).or(self.figures.clone()).is_some() {
            find_lives(&mut document.rows, rungs, terms, shell);
        }
        let mut explained = Explained::new();
        if self.explain {
            let sides = (&mut report.context_curves[..], &mut report.rooflines[..]);
            explained = explain_rows(&mut document.rows, sides, (rungs, terms), shell);
        }
        if self.pareto {
            let how = Frontiers { plans: |order: &Order| self.plans(order), bands: self.explain };
            find_frontiers(&mut document.rows, rungs, &how, terms, shell);
        }
        if let Some(goal) = &self.goal {
            let goal = named("--match", goal, catalog)?;
            find_needs(&mut document.rows, rungs, (goal, &explained), terms, shell)?;
            document.goal = Some(goal.to_owned());
        }
        document.ablation = self.ablated(catalog, rungs, shell)?;
        if rungs.iter().all(|(_, found)| found.is_err()) {
            let reasons = report.document.rows.into_iter().filter_map(|row| row.reason);
            return Err(CliError::NoneFits { reasons: reasons.collect() });
        }
        Ok(report)
    }

    /// The chips that were asked for, each once.
    fn names(&self, catalog: &Catalog) -> Result<Vec<String>, CliError> {
        if self.chips.is_empty() {
            return Ok(catalog.ladder().into_iter().map(|chip| chip.name.clone()).collect());
        }
        let mut names: Vec<String> = Vec::new();
        for name in &self.chips {
            let name = &catalog.chip(name)?.name;
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        Ok(names)
    }

    /// Finds the best of every order, chips in parallel.
    fn climb<'a>(&self, orders: Vec<Order<'a>>, terms: &Terms, shell: &Shell) -> Vec<Rung<'a>> {
        let progress = shell.progress("climbing the ladder", orders.len() as u64);
        let rung = |order: Order<'a>| {
            let plans = self.plans_of(&order);
            let found = best_of_plans(&order, &plans, terms).or_else(|reason| {
                let further = self.plans_across(&order);
                if further.is_empty() {
                    return Err(reason);
                }
                let found = best_of_plans(&order, &further, terms);
                found.map_err(|why| why.after(Some(reason)))
            });
            progress.advance(1);
            (order, found)
        };
        // One at a time: chips take unequally long.
        orders.into_par_iter().with_max_len(1).map(rung).collect()
    }

    fn report(&self, ladder: &Ladder) -> WallReport {
        let document = self.document(ladder.model, ladder.work);
        let mut report = WallReport { document, ..Default::default() };
        for (order, found) in &ladder.rungs {
            let row = match found {
                Ok(best) => {
                    report.rooflines.push(roofline(order, best));
                    report.context_curves.push(context_curve(order, best, CURVE_BATCH));
                    let mut row = fill_row(order, best);
                    row.turns = turns(best);
                    row
                }
                Err(reason) => unfit_row(order.chip, reason.to_string()),
            };
            if row.meets_slo == Some(false) {
                report.document.warnings.push(missed(&row, &self.level.slo()));
            }
            if self.drive() == Drive::Best && row.concurrency == Some(MOST_CLIENTS) {
                let warning = format!(
                    "{} carries {MOST_CLIENTS} tasks in flight on a replica, the most that are \
                     tried, and would carry more: it yields more than its row says",
                    row.chip
                );
                report.document.warnings.push(warning);
            }
            report.document.rows.push(row);
            report.provenance.extend(provenance(ladder.catalog, &order.chip.name));
        }
        report
    }

    fn document(&self, model: &Model, work: &Work) -> WallDocument {
        WallDocument {
            model: model.name.clone(),
            workload: work.name().to_owned(),
            cost: self.common.cost.to_string(),
            engine_profile: self.common.engine_profile.to_string(),
            precision: self.common.precision.name().to_owned(),
            kv_tiers: self.tiers.wishes().names(),
            steps: self.steps.words(),
            seed: self.common.seed,
            slo: self.level.slo().into(),
            warnings: work.warnings(&model.name, model.context),
            ..WallDocument::default()
        }
    }

    /// Where the report goes, if anywhere.
    fn page(&self, shell: &Shell) -> Option<PathBuf> {
        let default = (!shell.json() && !self.no_report).then(|| PathBuf::from(REPORT));
        self.report.clone().or(default)
    }
}

/// The chip that `flag` calls `name`, by its name in `catalog`.
fn named<'a>(flag: &'static str, name: &str, catalog: &'a Catalog) -> Result<&'a str, CliError> {
    catalog.chip(name).map(|chip| chip.name.as_str()).map_err(|unknown| CliError::Flag {
        flag,
        value: name.to_owned(),
        problem: unknown.to_string(),
        remedy: "name one of --chips".into(),
    })
}
