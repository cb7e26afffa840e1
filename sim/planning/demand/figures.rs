//! Uses in tokens, dollars, tasks, chips and kilowatts.

use serde::{Deserialize, Serialize};

use super::scenario::{Demand, Era, Remainder, TokenSpec, Use};
use crate::economics::{PriceBook, Rates};
use crate::planning::error::{PlanningError, refuse};
use crate::planning::sourced::Sourced;
use crate::planning::supply::SimulatedRates;
use crate::units::{SimSpan, Watts};
use crate::workload::{Synthetic, TokenShares};

/// Tasks over which a workload's tokens are averaged, pages, and the time of a call.
const TASKS: u64 = 300;
const PAGE_TOKENS: u32 = 64;
const SERVICE: SimSpan = SimSpan::from_ms(13_200);
const DAYS_PER_YEAR: f64 = 365.0;

/// A figure of a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DemandFigure {
    /// Tokens of the whole time.
    Tokens,
    /// Tokens a day.
    TokensPerDay,
    /// Visible output a day.
    OutputPerDay,
    /// Cache reads over all tokens.
    CachedShare,
    /// Visible output over all tokens.
    OutputShare,
    /// Dollars of the whole time.
    Usd,
    /// Dollars a day.
    UsdPerDay,
    /// Dollars a year at that rate.
    UsdPerYear,
}

/// Tokens a day by kind, of all people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct DailyTokens {
    /// Found in a cache.
    pub cached: f64,
    /// The rest of the prompts.
    pub remainder: f64,
    /// Visible output.
    pub output: f64,
    /// Reasoning that is charged and not shown.
    pub reasoning: f64,
}

/// What a use comes to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UseFigures {
    /// Name.
    pub name: String,
    /// Its kind.
    pub era: Era,
    /// People.
    pub users: f64,
    /// Days that its inputs are for.
    pub days: f64,
    /// Tokens a day by kind.
    pub tokens_per_day: DailyTokens,
    /// Dollars a day at list price.
    pub usd_per_day: f64,
    /// The same at the ends of its inputs' ranges.
    pub usd_per_day_range: [f64; 2],
    /// The workload that its tasks are like.
    pub workload: String,
    /// Tasks of that workload a day that have as many tokens.
    pub tasks_per_day: f64,
}

/// What carries a use on one chip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Carried {
    /// Busy chip-seconds for one person and day.
    pub gpu_s_per_user_day: f64,
    /// Chips, provisioned for the peak.
    pub gpus: f64,
    /// Their facility power; null if it is not known.
    pub facility_kw: Option<f64>,
}

/// Which end of ranges is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The lower.
    Low,
    /// The value itself.
    #[default]
    Value,
    /// The upper.
    High,
}

impl End {
    fn of(self, figure: &Sourced) -> f64 {
        match self {
            Self::Low => figure.low(),
            Self::Value => figure.value,
            Self::High => figure.high(),
        }
    }
}

impl DailyTokens {
    /// What a bill counts as tokens: without hidden reasoning.
    pub fn total(&self) -> f64 {
        self.cached + self.remainder + self.output
    }

    fn scaled(self, factor: f64) -> Self {
        Self {
            cached: self.cached * factor,
            remainder: self.remainder * factor,
            output: self.output * factor,
            reasoning: self.reasoning * factor,
        }
    }

    fn usd(&self, rates: &Rates, remainder: Remainder) -> f64 {
        let rest = match remainder {
            Remainder::Input => rates.input,
            Remainder::CacheWrite => rates.cache_write,
        };
        self.cached * rates.cache_read.get()
            + self.remainder * rest.get()
            + (self.output + self.reasoning) * rates.output.get()
    }
}

impl TokenSpec {
    fn per_day(&self, days: f64, end: End) -> DailyTokens {
        let cached = self.total.value * self.cached_share.value;
        let output = self.output.value;
        let reasoning = self.reasoning_per_output.as_ref().map_or(0.0, |ratio| end.of(ratio));
        let all = DailyTokens {
            cached,
            remainder: self.total.value - cached - output,
            output,
            reasoning: output * reasoning,
        };
        all.scaled(1.0 / days)
    }
}

impl Demand {
    /// What every use comes to, for models with a context of `window` tokens.
    pub fn figures(&self, book: &PriceBook, window: u32) -> Result<Vec<UseFigures>, PlanningError> {
        self.uses.iter().map(|used| self.use_figures(used, book, window)).collect()
    }

    fn use_figures(
        &self,
        used: &Use,
        book: &PriceBook,
        window: u32,
    ) -> Result<UseFigures, PlanningError> {
        let workload = Synthetic::embedded(&used.workload)?;
        let per_task = per_task(&workload, window)?;
        let per_day = self.daily(used, book, &per_task, End::Value)?;
        let usd = |end| self.usd_per_day(used, book, &per_task, end);
        let (low, high) = (usd(End::Low)?, usd(End::High)?);
        Ok(UseFigures {
            name: used.name.clone(),
            era: used.era,
            users: used.users.as_ref().map_or(1.0, |users| users.value),
            days: used.days.value,
            tokens_per_day: per_day,
            usd_per_day: usd(End::Value)?,
            usd_per_day_range: [low.min(high), low.max(high)],
            workload: used.workload.clone(),
            tasks_per_day: (per_day.total() + per_day.reasoning)
                / (per_task.total() + per_task.reasoning),
        })
    }

    fn daily(
        &self,
        used: &Use,
        book: &PriceBook,
        per_task: &DailyTokens,
        end: End,
    ) -> Result<DailyTokens, PlanningError> {
        let days = used.days.value;
        if let Some(tokens) = &used.tokens {
            return Ok(tokens.per_day(days, end));
        }
        if let Some(tasks) = &used.tasks {
            return Ok(per_task.scaled(end.of(tasks) / days));
        }
        let spend = used.spend.as_ref().expect("parsing checks that one is given");
        let like = self.named(&spend.like, "spend.like")?;
        let tokens = self.daily(like, book, per_task, End::Value)?;
        let price = tokens.usd(self.rates(used, book)?, used.remainder) * factor(used, end);
        Ok(tokens.scaled(end.of(&spend.usd) / days / price))
    }

    fn usd_per_day(
        &self,
        used: &Use,
        book: &PriceBook,
        per_task: &DailyTokens,
        end: End,
    ) -> Result<f64, PlanningError> {
        let tokens = self.daily(used, book, per_task, end)?;
        Ok(tokens.usd(self.rates(used, book)?, used.remainder) * factor(used, end))
    }

    fn rates<'a>(&self, used: &Use, book: &'a PriceBook) -> Result<&'a Rates, PlanningError> {
        let price = book.named(&used.price).map_err(|error| {
            let key = format!("use `{}`.price", used.name);
            refuse(&self.file, key, &used.price, error.to_string())
        })?;
        Ok(&price.rates)
    }

    /// A figure of a use, at an end of its ranges.
    pub(super) fn figure(
        &self,
        name: &str,
        figure: DemandFigure,
        end: End,
        book: &PriceBook,
    ) -> Result<f64, PlanningError> {
        let used = self.named(name, "statement")?;
        let days = used.days.value;
        let none = DailyTokens::default();
        let tokens = self.daily(used, book, &none, end)?;
        let usd = self.usd_per_day(used, book, &none, end)?;
        Ok(match figure {
            DemandFigure::Tokens => tokens.total() * days,
            DemandFigure::TokensPerDay => tokens.total(),
            DemandFigure::OutputPerDay => tokens.output,
            DemandFigure::CachedShare => tokens.cached / tokens.total(),
            DemandFigure::OutputShare => tokens.output / tokens.total(),
            DemandFigure::Usd => usd * days,
            DemandFigure::UsdPerDay => usd,
            DemandFigure::UsdPerYear => usd * DAYS_PER_YEAR,
        })
    }
}

fn factor(used: &Use, end: End) -> f64 {
    used.price_factor.as_ref().map_or(1.0, |factor| end.of(factor))
}

impl UseFigures {
    /// The chips that carry it at the simulated rate of each, at `utilisation` on average.
    pub fn carried(
        &self,
        rates: SimulatedRates,
        facility: Option<Watts>,
        utilisation: f64,
    ) -> Carried {
        let busy = self.tasks_per_day / 24.0 / rates.tasks_per_hour;
        let gpus = busy / utilisation;
        Carried {
            gpu_s_per_user_day: busy * 86_400.0 / self.users,
            gpus,
            facility_kw: facility.map(|watts| gpus * watts.get() / 1e3),
        }
    }
}

/// The tokens of an average task, as a cache without limit would bill them.
fn per_task(workload: &Synthetic, window: u32) -> Result<DailyTokens, PlanningError> {
    let tasks = workload.tasks(0, PAGE_TOKENS, window)?;
    let tasks: Vec<_> = (0..TASKS).map(|index| tasks.task(index)).collect();
    let shares = TokenShares::of(&tasks, PAGE_TOKENS, None, SERVICE);
    let mean = |tokens: u64| tokens as f64 / TASKS as f64;
    Ok(DailyTokens {
        cached: mean(shares.cached),
        remainder: mean(shares.fresh),
        output: mean(shares.output),
        reasoning: 0.0,
    })
}
