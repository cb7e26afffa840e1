//! `memwall plan`: the fleet that carries a demand within a service level.

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::basis::{BasisFlags, positive};
use crate::cli::simulate::{CommonFlags, Wall, span};
use crate::cli::specs::catalog;
use crate::cli::terminal::{known, number};
use crate::cli::{CliError, Column, Exit, Shell, Table};
use crate::hardware::Catalog;
use crate::planning::{Ask, Budget, Fleet, Objective, Point, Unmet, fleets};
use crate::report::WallRow;
use crate::units::{SimSpan, UsdPerHour, Watts, significant};

const EXAMPLES: &str = "\
Examples:
  memwall plan --tasks-per-hour 500 --chips h100-sxm,gb300,rubin
  memwall plan --workload chat --tasks-per-hour 50000 --peak 2 --spare 1 --objective least-power
  memwall plan --workload mine.toml --tasks-per-hour 40 --capex --max-facility-kw 100 --json";

/// Chips to choose from if nothing else is said.
const CHIPS: [&str; 3] = ["h100-sxm", "b200-sxm", "gb300"];

/// A latency within this share of its limit is what holds the load.
const NEAR: f64 = 0.8;

/// Flags of `plan`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct PlanCommand {
    /// Tasks an hour on average (conversations, agents' sessions; see `workloads show`)
    #[arg(long, value_name = "N", value_parser = tasks)]
    tasks_per_hour: f64,
    /// The busiest hour over the average one
    #[arg(long, value_name = "RATIO", default_value_t = 1.0, value_parser = peak)]
    peak: f64,
    /// Replicas that may fail at the peak without missing it
    #[arg(long, value_name = "K", default_value_t = 0)]
    spare: u32,
    /// Chips to choose from [default: h100-sxm, b200-sxm, gb300]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    chips: Vec<String>,
    /// What is to be least
    #[arg(long, value_enum, default_value_t = ObjectiveName::Cheapest)]
    objective: ObjectiveName,
    /// Highest 99th percentile of the time to first token
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = span)]
    slo_ttft: SimSpan,
    /// Highest median of the time per output token
    #[arg(long, value_name = "TIME", default_value = "50ms", value_parser = span)]
    slo_tpot: SimSpan,
    /// Most chips
    #[arg(long, value_name = "N")]
    max_gpus: Option<u64>,
    /// Most dollars an hour
    #[arg(long, value_name = "USD", value_parser = positive)]
    max_usd_per_hour: Option<f64>,
    /// Most facility power, in kilowatts
    #[arg(long, value_name = "KW", value_parser = positive)]
    max_facility_kw: Option<f64>,
    #[command(flatten)]
    common: CommonFlags,
    #[command(flatten)]
    money: BasisFlags,
}

/// Tasks an hour; a hundred for every person on earth are more than enough.
fn tasks(text: &str) -> Result<f64, String> {
    const MOST: f64 = 1e12;
    let tasks = positive(text).ok().filter(|tasks| *tasks <= MOST);
    tasks.ok_or_else(|| "give a number more than 0, at most 1e12".into())
}

/// The busiest hour over the average one, which it cannot be below.
fn peak(text: &str) -> Result<f64, String> {
    let peak = positive(text).ok().filter(|peak| (1.0..=1000.0).contains(peak));
    peak.ok_or_else(|| "the busiest hour has 1 to 1000 times the average; give that ratio".into())
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

/// The document of `memwall plan`.
#[derive(Debug, Serialize)]
struct Document {
    model: String,
    workload: String,
    tasks_per_hour: f64,
    peak_tasks_per_hour: f64,
    spare_replicas: u32,
    objective: &'static str,
    /// How chips are paid for.
    basis: &'static str,
    /// Best first; the second is the runner-up.
    fleets: Vec<Row>,
    /// Chips that cannot carry it at all, and why.
    unfit: Vec<Unfit>,
}

#[derive(Debug, Serialize)]
struct Unfit {
    chip: String,
    reason: String,
}

/// A fleet.
#[derive(Debug, Serialize)]
struct Row {
    chip: String,
    system: Option<String>,
    gpus: u64,
    replicas: u64,
    plan: Option<String>,
    concurrency: Option<u32>,
    usd_per_hour: Option<f64>,
    usd_per_task: Option<f64>,
    facility_mw: Option<f64>,
    /// Load at the peak over what all replicas bear.
    load: f64,
    /// What a replica reaches at its best load.
    slo: Reached,
    /// What keeps a replica from more load.
    binding: String,
    /// Whether no other fleet beats it in chips, dollars and power.
    on_frontier: bool,
    tasks_per_hour_per_replica: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Reached {
    ttft_ms_p99: Option<f64>,
    tpot_ms_p50: Option<f64>,
    tpot_ms_p99: Option<f64>,
}

impl PlanCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let catalog = catalog(shell)?;
        let chips = if self.chips.is_empty() {
            CHIPS.map(str::to_owned).to_vec()
        } else {
            self.chips.clone()
        };
        let wall = Wall::of(chips, self.common.clone()).within(self.slo_ttft, self.slo_tpot);
        let rows = wall.rows(shell)?;
        let points: Vec<_> = rows.iter().filter_map(|row| self.point(row, &catalog)).collect();
        let ask = self.ask();
        let found = fleets(&points, &ask).map_err(|unmet| refused(&unmet, &rows))?;
        let fleets = found.iter().filter_map(|fleet| {
            let row = rows.iter().find(|row| row.chip == fleet.point.chip)?;
            Some(self.row(fleet, row))
        });
        let unfit = rows
            .iter()
            .filter_map(|row| Some(Unfit { chip: row.chip.clone(), reason: row.reason.clone()? }));
        let document = Document {
            model: self.common.model.clone(),
            workload: self.common.work.workload.clone().unwrap_or("agentic-coding".into()),
            tasks_per_hour: self.tasks_per_hour,
            peak_tasks_per_hour: ask.tasks_per_hour,
            spare_replicas: self.spare,
            objective: self.objective_name(),
            basis: self.money.basis().name(),
            fleets: fleets.collect(),
            unfit: unfit.collect(),
        };
        if shell.json() {
            shell.document("memwall.plan/1", &document)?;
        } else {
            print(&document, shell)?;
        }
        Ok(Exit::Done)
    }

    fn ask(&self) -> Ask {
        Ask {
            tasks_per_hour: self.tasks_per_hour * self.peak,
            spare: self.spare,
            objective: self.objective.into(),
            budget: Budget {
                gpus: self.max_gpus,
                hourly: self.max_usd_per_hour.map(UsdPerHour::new),
                facility: self.max_facility_kw.map(|kilowatts| Watts::new(kilowatts * 1e3)),
            },
        }
    }

    const fn objective_name(&self) -> &'static str {
        match self.objective {
            ObjectiveName::Cheapest => "cheapest",
            ObjectiveName::Smallest => "smallest",
            ObjectiveName::LeastPower => "least-power",
        }
    }

    fn point(&self, row: &WallRow, catalog: &Catalog) -> Option<Point> {
        let chip = catalog.chip(&row.chip).ok()?;
        let gpus = row.gpus?;
        Some(Point {
            chip: row.chip.clone(),
            gpus,
            tasks_per_hour: row.tasks_per_hour_per_gpu? * f64::from(gpus),
            hourly: self.money.basis().hourly(chip),
            facility: chip.power.facility,
        })
    }

    fn row(&self, fleet: &Fleet, row: &WallRow) -> Row {
        Row {
            chip: row.chip.clone(),
            system: row.system.clone(),
            gpus: fleet.gpus,
            replicas: fleet.replicas,
            plan: row.parallel.clone(),
            concurrency: row.concurrency,
            usd_per_hour: fleet.hourly.map(UsdPerHour::get),
            usd_per_task: fleet.hourly.map(|rate| rate.get() / self.tasks_per_hour),
            facility_mw: fleet.facility.map(|watts| watts.get() / 1e6),
            load: fleet.load,
            slo: Reached {
                ttft_ms_p99: row.ttft_ms_p99,
                tpot_ms_p50: row.tpot_ms_p50,
                tpot_ms_p99: row.tpot_ms_p99,
            },
            binding: binding(row, self.slo_ttft.as_ms(), self.slo_tpot.as_ms()),
            on_frontier: fleet.on_frontier,
            tasks_per_hour_per_replica: fleet.point.tasks_per_hour,
        }
    }
}

/// Names the constraint that fails first.
fn refused(unmet: &Unmet, rows: &[WallRow]) -> CliError {
    match unmet {
        Unmet::NoPoint => CliError::NoneFits { rows: rows.to_vec() },
        Unmet::OverBudget { what, least, limit, chip } => {
            let (flag, unit, scale) = match *what {
                "gpus" => ("--max-gpus", "GPUs", 1.0),
                "facility" => ("--max-facility-kw", "kW", 1e3),
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

/// What keeps a replica from more load: a latency near its limit, or the cause of most of its
/// time.
fn binding(row: &WallRow, ttft_ms: f64, tpot_ms: f64) -> String {
    let used = [
        ("p99 TTFT", row.ttft_ms_p99.map(|ms| ms / ttft_ms)),
        ("p50 TPOT", row.tpot_ms_p50.map(|ms| ms / tpot_ms)),
    ];
    let nearest = used.into_iter().filter_map(|(name, used)| Some((name, used?)));
    let nearest = nearest.max_by(|a, b| a.1.total_cmp(&b.1));
    match (nearest, row.time_share.largest()) {
        (Some((name, used)), _) if used >= NEAR => name.into(),
        (_, Some((bound, _))) => bound.key().replace('_', " "),
        _ => "unknown".into(),
    }
}

fn print(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    shell.heading(format!(
        "{} on {}: {} tasks an hour at the peak, {} spare replicas, {} first ({})",
        document.model,
        document.workload,
        significant(document.peak_tasks_per_hour, 3),
        document.spare_replicas,
        document.objective,
        document.basis
    ))?;
    shell.line("")?;
    let mut table = Table::new(&[
        Column::Name("chip"),
        Column::Number("GPUs"),
        Column::Number("replicas"),
        Column::Name("plan"),
        Column::Number("USD/h"),
        Column::Number("USD/task"),
        Column::Number("MW"),
        Column::Number("load"),
        Column::Name("binds"),
        Column::Name("frontier"),
    ]);
    for row in &document.fleets {
        table.row([
            row.chip.clone(),
            row.gpus.to_string(),
            row.replicas.to_string(),
            known(row.plan.as_ref()),
            number(row.usd_per_hour),
            number(row.usd_per_task),
            number(row.facility_mw),
            format!("{:.0} %", row.load * 100.0),
            row.binding.clone(),
            if row.on_frontier { "yes".into() } else { String::new() },
        ]);
    }
    shell.table(table)?;
    for unfit in &document.unfit {
        shell.line(format!("{}: {}", unfit.chip, unfit.reason))?;
    }
    Ok(())
}
