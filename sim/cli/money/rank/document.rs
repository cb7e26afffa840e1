//! The document of `memwall rank`.

use serde::Serialize;

use crate::economics::Attempt;
use crate::report::WallRow;
use crate::units::UsdPerHour;

/// A task on every model and chip.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    pub(super) workload: String,
    /// How chips are paid for.
    pub(super) basis: &'static str,
    /// Cheapest first; those without a price last.
    pub(super) rows: Vec<Row>,
    /// What each model costs where it is cheapest, and where it would go next.
    pub(super) portability: Vec<Portability>,
    /// Each model tried before a dearer one, each where it is cheapest.
    pub(super) mixes: Vec<MixRow>,
    /// Models that have no place on a chip, and why.
    pub(super) unfit: Vec<Unfit>,
}

#[derive(Debug, Serialize)]
pub(super) struct Unfit {
    pub(super) model: String,
    pub(super) chip: String,
    pub(super) reason: String,
}

/// A model on a chip at its best load within the service level.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) model: String,
    pub(super) chip: String,
    pub(super) plan: Option<String>,
    pub(super) gpus: Option<u32>,
    /// An attempt's share of the chips, in dollars.
    pub(super) usd_per_attempt: Option<f64>,
    /// The same until an attempt succeeds.
    pub(super) usd_per_task: Option<f64>,
    /// The part of it that attempts which failed take.
    pub(super) wasted_usd_per_task: Option<f64>,
    /// Share of attempts that complete the task.
    pub(super) success: f64,
    /// Mean time that the answers of an attempt take.
    pub(super) answer_s_per_attempt: Option<f64>,
    pub(super) gpu_s_per_attempt: Option<f64>,
    pub(super) tok_s_per_user_p50: Option<f64>,
    pub(super) usd_per_gpu_hour: Option<f64>,
}

/// Where a model is cheapest, and what if that changes.
#[derive(Debug, Serialize)]
pub(super) struct Portability {
    pub(super) model: String,
    pub(super) chip: String,
    pub(super) usd_per_task: f64,
    /// The next cheapest chip; null if there is no other.
    pub(super) runner_up: Option<String>,
    /// What a task costs more there, as a share.
    pub(super) premium: Option<f64>,
    /// Dollars an hour of the cheapest chip at which the two are even.
    pub(super) even_usd_per_gpu_hour: Option<f64>,
}

/// A cheap model first, a better one where it fails.
#[derive(Debug, Serialize)]
pub(super) struct MixRow {
    pub(super) first: String,
    pub(super) first_chip: String,
    pub(super) then: String,
    pub(super) then_chip: String,
    /// Share of tasks that the first does not complete.
    pub(super) escalated: f64,
    pub(super) usd_per_task: f64,
    /// Over what the better model costs alone, less 1; negative if the mix is cheaper.
    pub(super) against_alone: f64,
    /// Share of escalated tasks at which the two are even; negative if trying the first never pays.
    pub(super) crossover: f64,
}

impl Row {
    pub(super) fn of(model: &str, row: &WallRow, hourly: Option<UsdPerHour>, success: f64) -> Self {
        let hours = row.tasks_per_hour_per_gpu.filter(|rate| *rate > 0.0).map(|rate| 1.0 / rate);
        let usd = hours.zip(hourly).map(|(hours, hourly)| hours * hourly.get());
        let attempt = usd.map(|cost| Attempt { cost, success });
        Self {
            model: model.into(),
            chip: row.chip.clone(),
            plan: row.parallel.clone(),
            gpus: row.gpus,
            usd_per_attempt: usd,
            usd_per_task: attempt.map(Attempt::completed),
            wasted_usd_per_task: attempt.map(Attempt::wasted),
            success,
            answer_s_per_attempt: row.answer_s_per_task,
            gpu_s_per_attempt: hours.map(|hours| hours * 3600.0),
            tok_s_per_user_p50: row.tok_s_per_user_p50,
            usd_per_gpu_hour: hourly.map(UsdPerHour::get),
        }
    }

    fn attempt(&self) -> Option<Attempt> {
        self.usd_per_attempt.map(|cost| Attempt { cost, success: self.success })
    }
}

/// Sorts rows, cheapest first; unknown prices last, in the order of the ladder.
pub(super) fn rank(rows: &mut [Row]) {
    let key = |row: &Row| row.usd_per_task.unwrap_or(f64::INFINITY);
    rows.sort_by(|a, b| key(a).total_cmp(&key(b)));
}

/// The two cheapest chips of each of `models`, from ranked rows.
pub(super) fn portability(rows: &[Row], models: &[String]) -> Vec<Portability> {
    let of_model = |model: &String| {
        let mut priced =
            rows.iter().filter(|row| row.model == *model && row.usd_per_task.is_some());
        let (best, next) = (priced.next()?, priced.next());
        let usd = best.usd_per_task?;
        let ratio = next.and_then(|next| next.usd_per_task).map(|next| next / usd);
        Some(Portability {
            model: model.clone(),
            chip: best.chip.clone(),
            usd_per_task: usd,
            runner_up: next.map(|next| next.chip.clone()),
            premium: ratio.map(|ratio| ratio - 1.0),
            even_usd_per_gpu_hour: ratio.zip(best.usd_per_gpu_hour).map(|(ratio, usd)| ratio * usd),
        })
    };
    models.iter().filter_map(of_model).collect()
}

/// Every model before every dearer one that is not worse; `escalated` of the tasks are handed on,
/// or, if that is not given, those that the first does not complete.
pub(super) fn mixes(rows: &[Row], models: &[String], escalated: Option<f64>) -> Vec<MixRow> {
    let best = |model: &String| {
        let row = rows.iter().find(|row| row.model == *model)?;
        Some((row, row.attempt()?))
    };
    let best: Vec<_> = models.iter().filter_map(best).collect();
    let mut mixes = Vec::new();
    for &(first, cheap) in &best {
        for &(then, better) in &best {
            // A cheap model goes before one that is dearer and better, if both are told apart.
            let is_worse = better.success < cheap.success;
            if cheap.cost >= better.cost || first.model == then.model || is_worse {
                continue;
            }
            let escalated = escalated.unwrap_or(1.0 - cheap.success);
            let usd = cheap.then(better, escalated);
            mixes.push(MixRow {
                first: first.model.clone(),
                first_chip: first.chip.clone(),
                then: then.model.clone(),
                then_chip: then.chip.clone(),
                escalated,
                usd_per_task: usd,
                against_alone: usd / better.completed() - 1.0,
                crossover: cheap.crossover(better),
            });
        }
    }
    mixes
}
