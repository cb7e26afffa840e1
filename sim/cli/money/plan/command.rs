//! The command.

use clap::{Args, ValueEnum};

use super::candidates::{Candidate, Search};
use super::document::{DemandRow, Document, MixRow, Row, Unfit};
use super::flags::{Asked, DemandFlags};
use super::page::sheet;
use super::print::print;
use crate::cli::money::flags::{BasisFlags, PageFlags, chosen, positive};
use crate::cli::simulate::{CommonFlags, LevelFlags};
use crate::cli::specs::catalog;
use crate::cli::{CliError, Exit, Shell};
use crate::cost::EngineProfile;
use crate::planning::{Ask, Budget, Fleet, Mix, Objective, Point, Unmet, best_mix, fleets};
use crate::report::WallRow;
use crate::units::{UsdPerHour, Watts, significant};

const EXAMPLES: &str = "\
Examples:
  memwall plan --tasks-per-hour 500 --chips h100-sxm,gb300,rubin
  memwall plan --tasks-per-hour 500 --daily office --available h100-sxm=64 --spare 1
  memwall plan --workload chat --tasks-per-hour 50000 --peak 2 --objective least-power
  memwall plan demands.toml --engines vllm,trtllm --explain --report plan.html
  memwall plan --workload mine.toml --tasks-per-hour 40 --capex --max-facility-kw 100 --json";

/// Flags of `plan`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct PlanCommand {
    #[command(flatten)]
    demand: DemandFlags,
    /// Replicas of each demand that may fail at the peak without missing it
    #[arg(long, value_name = "K", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u32).range(0..=1000))]
    spare: u32,
    /// Chips to choose from [default: h100-sxm, b200-sxm, gb300]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    chips: Vec<String>,
    /// Engines to choose from [default: --engine-profile]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    engines: Vec<EngineProfile>,
    /// What is to be least
    #[arg(long, value_enum, default_value_t = ObjectiveName::Cheapest)]
    objective: ObjectiveName,
    /// Most chips
    #[arg(long, value_name = "N")]
    max_gpus: Option<u64>,
    /// Most dollars an hour
    #[arg(long, value_name = "USD", value_parser = positive)]
    max_usd_per_hour: Option<f64>,
    /// Most facility power, in kilowatts
    #[arg(long, value_name = "KW", value_parser = positive)]
    max_facility_kw: Option<f64>,
    /// Say between how many chips the number lies with 80 % probability
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    level: LevelFlags,
    #[command(flatten)]
    common: CommonFlags,
    #[command(flatten)]
    money: BasisFlags,
    #[command(flatten)]
    page: PageFlags,
}

/// [`Objective`] on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ObjectiveName {
    /// Dollars an hour.
    Cheapest,
    /// Chips.
    Smallest,
    /// Facility power.
    LeastPower,
}

impl From<ObjectiveName> for Objective {
    fn from(name: ObjectiveName) -> Self {
        match name {
            ObjectiveName::Cheapest => Self::Cheapest,
            ObjectiveName::Smallest => Self::Smallest,
            ObjectiveName::LeastPower => Self::LeastPower,
        }
    }
}

impl PlanCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        self.page.probe()?;
        let catalog = catalog(shell)?;
        let asked = self.demand.read(&catalog)?;
        let candidates = self.search(&chosen(&self.chips), &asked, shell)?;
        let basis = self.money.basis();
        let numbered = candidates.iter().enumerate();
        let points: Vec<Point> =
            numbered.filter_map(|(row, found)| found.point(row, &basis, &catalog)).collect();
        let document = self.document(&asked, &candidates, &points)?;
        self.page.keep(|| sheet(&document), &document, shell)?;
        if shell.json() {
            shell.document("memwall.plan/1", &document)?;
        } else {
            print(&document, shell)?;
        }
        Ok(Exit::Done)
    }

    fn search(
        &self,
        chips: &[String],
        asked: &Asked,
        shell: &Shell,
    ) -> Result<Vec<Candidate>, CliError> {
        let only = [self.common.engine_profile()];
        let engines = if self.engines.is_empty() { &only[..] } else { &self.engines };
        let (common, level, explain) = (&self.common, &self.level, self.explain);
        Search { chips, engines, common, level, explain }.candidates(&asked.demands, shell)
    }

    fn document(
        &self,
        asked: &Asked,
        candidates: &[Candidate],
        points: &[Point],
    ) -> Result<Document, CliError> {
        let demands: Vec<_> = asked.demands.iter().map(|one| self.demand_row(asked, one)).collect();
        let asks: Vec<_> = demands.iter().map(|demand| self.ask(asked, demand)).collect();
        let mut single = Vec::new();
        for (i, ask) in asks.iter().enumerate() {
            let own: Vec<_> = points.iter().filter(|point| point.demand == i).cloned().collect();
            single.push(fleets(&own, ask));
        }
        let mix = best_mix(points, &asks);
        let mix = match (mix, single.iter().find_map(|found| found.as_ref().err())) {
            (Ok(mix), _) => Some(mix),
            // Without a price nothing can be mixed by it; fleets of one kind still compare.
            (Err(_), None) if asks.len() == 1 => None,
            (Err(unmet), missing) => return Err(refused(missing.unwrap_or(&unmet), candidates)),
        };
        let slo = self.level.slo();
        let rows = single.iter().flatten().flatten().map(|fleet| {
            let candidate = &candidates[fleet.point.row];
            Row::of(fleet, candidate, &demands[candidate.demand], &slo)
        });
        let only = (demands.len() == 1).then(|| &demands[0]);
        Ok(Document {
            model: only.map(|demand| demand.model.clone()),
            workload: only.map(|demand| demand.workload.clone()),
            tasks_per_hour: only.map(|demand| demand.tasks_per_hour),
            peak_tasks_per_hour: only.map(|demand| demand.peak_tasks_per_hour),
            spare_replicas: self.spare,
            objective: self.objective.name(),
            basis: self.money.basis().name(),
            fleets: rows.collect(),
            mix: mix.and_then(|mix| self.mix_row(&mix, &single, candidates)),
            unfit: unfit(candidates),
            demands,
        })
    }

    /// None where the best fleet of one kind for the only demand is as good.
    fn mix_row(
        &self,
        mix: &Mix,
        single: &[Result<Vec<Fleet>, Unmet>],
        candidates: &[Candidate],
    ) -> Option<MixRow> {
        let objective = self.objective.into();
        let best = single.iter().map(|found| found.as_ref().ok()?.first()?.measure(objective));
        let best: Option<f64> = best.sum();
        let share = best.map(|best| mix.measure(objective) / best);
        let gains = share.is_none_or(|share| share < 0.9995);
        (gains || single.len() > 1).then(|| MixRow::of(mix, candidates, share))
    }

    fn demand_row(&self, asked: &Asked, demand: &crate::planning::AskedFor) -> DemandRow {
        let workload = demand.workload.clone().or_else(|| self.common.work.workload.clone());
        DemandRow {
            name: demand.name.clone(),
            model: demand.model.clone().unwrap_or_else(|| self.common.model.clone()),
            workload: workload.unwrap_or_else(|| "agentic-coding".into()),
            tasks_per_hour: demand.tasks_per_hour,
            peak_tasks_per_hour: asked.peak_of(demand),
            hours: asked.hours(demand),
        }
    }

    fn ask(&self, asked: &Asked, demand: &DemandRow) -> Ask {
        Ask {
            tasks_per_hour: demand.peak_tasks_per_hour,
            spare: self.spare,
            objective: self.objective.into(),
            budget: Budget {
                gpus: self.max_gpus,
                hourly: self.max_usd_per_hour.map(UsdPerHour::new),
                facility: self.max_facility_kw.map(|kilowatts| Watts::new(kilowatts * 1e3)),
                available: asked.available.clone(),
            },
        }
    }
}

impl ObjectiveName {
    const fn name(self) -> &'static str {
        match self {
            Self::Cheapest => "cheapest",
            Self::Smallest => "smallest",
            Self::LeastPower => "least-power",
        }
    }
}

/// Chips of which no plan carries a demand, each with what its largest plan lacks.
fn unfit(candidates: &[Candidate]) -> Vec<Unfit> {
    let mut unfit: Vec<Unfit> = Vec::new();
    for found in candidates {
        let is_same = |other: &&Candidate| {
            other.demand == found.demand
                && other.engine == found.engine
                && other.row.chip == found.row.chip
        };
        let mut plans = candidates.iter().filter(is_same);
        let Some(reason) = &found.row.reason else { continue };
        if plans.clone().any(|plan| plan.row.reason.is_none()) {
            continue;
        }
        if plans.next_back().is_some_and(|last| std::ptr::eq(last, found)) {
            unfit.push(Unfit {
                demand: found.demand,
                chip: found.row.chip.clone(),
                engine: found.engine.to_string(),
                reason: reason.clone(),
            });
        }
    }
    unfit
}

/// Names the constraint that fails first.
fn refused(unmet: &Unmet, candidates: &[Candidate]) -> CliError {
    match unmet {
        Unmet::NoPoint => {
            let rows: Vec<WallRow> = candidates.iter().map(|found| found.row.clone()).collect();
            CliError::NoneFits { rows }
        }
        Unmet::Together => CliError::Flag {
            flag: "--max-gpus, --max-usd-per-hour, --max-facility-kw, --available",
            value: "together".into(),
            problem: "no fleet keeps all of them, though each by itself can be kept".into(),
            remedy: "raise one, ask for less, or give other --chips".into(),
        },
        Unmet::OverBudget { what, least, limit, chip } => {
            let (flag, unit, scale) = match *what {
                "gpus" => ("--max-gpus", "GPUs", 1.0),
                "facility" => ("--max-facility-kw", "kW", 1e3),
                "available" => ("--available", "of it", 1.0),
                _ => ("--max-usd-per-hour", "dollars an hour", 1.0),
            };
            let least = if least.is_finite() {
                format!("{} {unit}", significant(least / scale, 3))
            } else {
                format!("an unknown number of {unit}")
            };
            CliError::Flag {
                flag,
                value: significant(limit / scale, 3),
                problem: format!("no fleet carries the demand within it; {chip} needs {least}"),
                remedy: "raise it, ask for less, or give other --chips".into(),
            }
        }
    }
}
