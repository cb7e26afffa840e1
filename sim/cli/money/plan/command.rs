//! The command.

use clap::Args;

use super::aim::AimFlags;
use super::choice::{Choice, unfit};
use super::document::{DemandRow, Document, MixRow, Row};
use super::flags::{Asked, DemandFlags};
use super::page::sheet;
use super::print::print;
use super::search::{Found, Search};
use crate::cli::money::flags::SubjectFlags;
use crate::cli::simulate::StepFlags;
use crate::cli::specs::catalog;
use crate::cli::{CliError, Exit, Shell};
use crate::cost::EngineProfile;
use crate::planning::{Ask, AskedFor, Mix};

const EXAMPLES: &str = "\
Examples:
  memwall plan --tasks-per-hour 500 --chips h100-sxm,gb300,rubin
  memwall plan --tasks-per-hour 500 --daily office --available h100-sxm=64 --spare 1
  memwall plan --workload chat --tasks-per-hour 50000 --peak 2 --objective least-power
  memwall plan demands.toml --engines vllm,trtllm --explain --report plan.html
  memwall plan --tasks-per-hour 500 --slo-tpot-p99 30ms --chips h100-sxm,rubin --colocated
  memwall plan --workload mine.toml --tasks-per-hour 40 --capex --max-facility-kw 100 --json";

/// Flags of `plan`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct PlanCommand {
    #[command(flatten)]
    demand: DemandFlags,
    #[command(flatten)]
    aim: AimFlags,
    /// Engines to choose from [default: --engine-profile]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    engines: Vec<EngineProfile>,
    /// Leave out pools that prefill and decode apart: every replica prefills what it decodes
    #[arg(long)]
    colocated: bool,
    /// Say between how many chips the number lies with 80 % probability
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    steps: StepFlags,
    #[command(flatten)]
    subject: SubjectFlags,
}

impl PlanCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        self.subject.page.probe()?;
        let catalog = self.steps.provision(catalog(shell)?);
        let asked = self.demand.read(&catalog)?;
        let basis = self.subject.money.basis();
        let only = [self.subject.common.engine_profile()];
        let search = Search {
            subject: &self.subject,
            steps: &self.steps,
            engines: if self.engines.is_empty() { &only } else { &self.engines },
            objective: self.aim.objective(),
            basis: &basis,
            catalog: &catalog,
            is_colocated: self.colocated,
            explain: self.explain,
        };
        let found = search.candidates(&asked.demands, shell)?;
        let demands: Vec<_> =
            asked.demands.iter().map(|one| self.demand_row(&asked, one)).collect();
        let ask = |demand: &DemandRow| self.aim.ask(demand.peak_tasks_per_hour, &asked.available);
        let asks: Vec<Ask> = demands.iter().map(ask).collect();
        let choice = Choice::of(&found, &asks, (&basis, &catalog), shell)?;
        let document = self.document(demands, (&choice, &asks), &found);
        self.subject.page.keep(|| sheet(&document), &document, shell)?;
        if shell.json() {
            shell.document("memwall.plan/1", &document)?;
        } else {
            print(&document, shell)?;
        }
        Ok(Exit::Done)
    }

    fn document(
        &self,
        demands: Vec<DemandRow>,
        (choice, asks): (&Choice, &[Ask]),
        found: &Found,
    ) -> Document {
        let rows = choice.single.iter().flatten().map(|fleet| {
            let hour = choice.hour(&fleet.stand(asks));
            Row::of(fleet, found, &demands[fleet.point.demand], (asks, hour))
        });
        let unfit = [unfit(&found.candidates), choice.given_up(found)].concat();
        let only = (demands.len() == 1).then(|| &demands[0]);
        Document {
            model: only.map(|demand| demand.model.clone()),
            workload: only.map(|demand| demand.workload.clone()),
            tasks_per_hour: only.map(|demand| demand.tasks_per_hour),
            peak_tasks_per_hour: only.map(|demand| demand.peak_tasks_per_hour),
            spare_replicas: self.aim.spare,
            objective: self.aim.name(),
            basis: self.subject.money.basis().name(),
            slo: self.subject.level.slo().into(),
            steps: self.steps.words(),
            fleets: rows.collect(),
            mix: choice.mix.as_ref().and_then(|mix| self.mix_row(mix, (choice, asks), found)),
            unfit,
            demands,
        }
    }

    /// None where the best fleet of one kind for the only demand is as good.
    fn mix_row(
        &self,
        mix: &Mix,
        (choice, asks): (&Choice, &[Ask]),
        found: &Found,
    ) -> Option<MixRow> {
        let objective = self.aim.objective();
        let best = choice.single.iter().map(|fleets| fleets.first()?.measure(objective));
        let best: Option<f64> = best.sum();
        let share = best.map(|best| mix.measure(objective) / best);
        let gains = share.is_none_or(|share| share < 0.9995);
        let stands = mix.stands(asks);
        let hour = |row: usize| choice.hour(stands.iter().find(|stand| stand.row == row)?);
        (gains || asks.len() > 1).then(|| MixRow::of(mix, found, share, hour))
    }

    fn demand_row(&self, asked: &Asked, demand: &AskedFor) -> DemandRow {
        let model = demand.model.clone();
        let workload = demand.workload.clone();
        DemandRow {
            name: demand.name.clone(),
            model: model.unwrap_or_else(|| self.subject.common.model.clone()),
            workload: workload.unwrap_or_else(|| self.subject.workload()),
            tasks_per_hour: demand.tasks_per_hour,
            peak_tasks_per_hour: asked.peak_of(demand),
            hours: asked.hours(demand),
        }
    }
}
