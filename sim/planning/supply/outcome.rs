//! Years stacked into a fleet, and its multiples.

use std::collections::BTreeMap;

use serde::Serialize;

use super::demand::Rate;
use super::part::SimulatedRates;
use super::scenario::Supply;
use super::year::{Binding, Ceilings, Cohort};
use crate::hardware::Catalog;
use crate::planning::PlanningError;

/// A figure of the fleet against the reference year.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Multiples {
    /// With the base scenario of model efficiency.
    pub base: f64,
    /// With its upside.
    pub upside: f64,
}

/// How much of the gap between compute and bandwidth is the counting of number formats.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NumberFormat {
    /// Hardware multiple of compute, as the scenario counts it.
    pub compute_multiple: f64,
    /// The same, dense and in one format for all chips.
    pub compute_multiple_one_format: f64,
    /// Hardware multiple of bandwidth.
    pub bandwidth_multiple: f64,
    /// Compute over bandwidth, as counted.
    pub gap: f64,
    /// Compute over bandwidth in one format.
    pub gap_one_format: f64,
    /// The part of the gap, in logarithms, that the counting makes; null where there is no gap.
    pub format_share: Option<f64>,
}

/// What demand by one indicator is in a year, against the reference year.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Load {
    /// The indicator.
    pub name: String,
    /// At the low end of its rate.
    pub low: f64,
    /// At its rate.
    pub mid: f64,
    /// At the high end.
    pub high: f64,
}

/// A year of the fleet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct YearOutcome {
    /// The year.
    pub year: u16,
    /// Power announced for it, in gigawatts.
    pub gw_added: f64,
    /// Power that is delivered after slippage.
    pub gw_delivered: f64,
    /// The share of its chips that serve.
    pub inference_share: f64,
    /// Millions of packages, those for training included.
    pub mpackages: f64,
    /// What each resource allows.
    pub ceilings: Ceilings,
    /// The resource that limits the year.
    pub binding: Binding,
    /// What the year adds.
    pub cohort: Cohort,
    /// Model efficiency against the reference year.
    pub efficiency: Multiples,
    /// HBM bandwidth of all cohorts so far, times model efficiency.
    pub bandwidth_multiple: Multiples,
    /// The same if slippage is at the high and at the low end of its range; null without a range.
    pub bandwidth_multiple_by_slippage: Option<[f64; 2]>,
    /// Compute of all cohorts so far, times model efficiency.
    pub compute_multiple: Multiples,
    /// Simulated output tokens of all cohorts so far; hardware alone.
    pub token_multiple: Option<f64>,
    /// Simulated tasks of all cohorts so far; hardware alone.
    pub task_multiple: Option<f64>,
    /// How much of the compute is counting.
    pub number_format: NumberFormat,
    /// Demand by indicator.
    pub demand: Vec<Load>,
}

/// Where demand by one indicator passes supply.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Crossing {
    /// The indicator.
    pub name: String,
    /// Its factor a year.
    pub per_year: f64,
    /// Its range.
    pub per_year_range: [f64; 2],
    /// The first year after the reference in which it is more than the base supply; null if none.
    pub passes_base_in: Option<u16>,
    /// The same for the upside.
    pub passes_upside_in: Option<u16>,
    /// The resource that limits supply in the first of these.
    pub binding: Option<Binding>,
}

/// Model efficiency from below: gains against larger models.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gains {
    /// Product of the techniques' gains, from low to high.
    pub product: [f64; 2],
    /// What is expected of all together.
    pub together: [f64; 2],
    /// What larger models take.
    pub migration: [f64; 2],
    /// Together over migration: the worst and the best case.
    pub net: [f64; 2],
}

/// All years.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SupplyOutcome {
    /// Years in order.
    pub years: Vec<YearOutcome>,
    /// Indicators of load against supply.
    pub crossings: Vec<Crossing>,
    /// Model efficiency from below; null if the scenario has no gains.
    pub efficiency_bottom_up: Option<Gains>,
}

/// Which end of a slippage's range.
#[derive(Clone, Copy)]
enum End {
    Low,
    Value,
    High,
}

impl Supply {
    /// Stacks the years. `simulated` has the rates of those chips that were simulated.
    pub fn outcome(
        &self,
        catalog: &Catalog,
        simulated: &BTreeMap<String, SimulatedRates>,
    ) -> Result<SupplyOutcome, PlanningError> {
        let parts = self.parts(catalog, simulated)?;
        let cohorts = |end: End| -> Vec<(Ceilings, Cohort, f64)> {
            let cohort = |year: &super::scenario::YearSpec| {
                let slippage = year.slippage.as_ref().map_or(0.0, |slippage| match end {
                    End::Low => slippage.low(),
                    End::Value => slippage.value,
                    End::High => slippage.high(),
                });
                let ceilings = year.ceilings(&parts, slippage);
                (ceilings, year.cohort(&parts, ceilings.binding().0), slippage)
            };
            self.years.iter().map(cohort).collect()
        };
        let middle = cohorts(End::Value);
        let bandwidths = |end| {
            self.multiples(&cohorts(end), |cohort| Some(cohort.bandwidth_eb_s)).unwrap_or_default()
        };
        let slipping = self
            .years
            .iter()
            .any(|year| year.slippage.as_ref().is_some_and(|slippage| slippage.range.is_some()));
        let by_slippage = slipping.then(|| (bandwidths(End::High), bandwidths(End::Low)));
        let of = |get: fn(&Cohort) -> Option<f64>| self.multiples(&middle, get);
        let bandwidth = of(|cohort| Some(cohort.bandwidth_eb_s)).unwrap_or_default();
        let compute = of(|cohort| Some(cohort.compute_zflop_s)).unwrap_or_default();
        let common = of(|cohort| Some(cohort.common_zflop_s)).unwrap_or_default();
        let (tokens, tasks) = (of(|cohort| cohort.gtok_s), of(|cohort| cohort.mtasks_per_hour));
        let years = self.years.iter().zip(middle).enumerate().map(|(i, (spec, cohort))| {
            let (ceilings, cohort, slippage) = cohort;
            let (mpackages, binding) = ceilings.binding();
            let efficiency = self.efficiency_in(spec.year);
            let times = |hardware: f64| Multiples {
                base: hardware * efficiency.base,
                upside: hardware * efficiency.upside,
            };
            YearOutcome {
                year: spec.year,
                gw_added: spec.gw_added.value,
                gw_delivered: spec.gw_added.value * (1.0 - slippage),
                inference_share: spec.inference_share.value,
                mpackages,
                ceilings,
                binding,
                cohort,
                efficiency,
                bandwidth_multiple: times(bandwidth[i]),
                bandwidth_multiple_by_slippage: by_slippage
                    .as_ref()
                    .map(|(high, low)| [high[i], low[i]]),
                compute_multiple: times(compute[i]),
                token_multiple: tokens.as_ref().map(|tokens| tokens[i]),
                task_multiple: tasks.as_ref().map(|tasks| tasks[i]),
                number_format: number_format(compute[i], common[i], bandwidth[i]),
                demand: self.loads(spec.year),
            }
        });
        let years: Vec<_> = years.collect();
        let crossings = self.crossings(&years);
        Ok(SupplyOutcome { years, crossings, efficiency_bottom_up: self.bottom_up() })
    }

    /// Sums of all cohorts up to each year, against the reference year's.
    fn multiples(
        &self,
        cohorts: &[(Ceilings, Cohort, f64)],
        get: impl Fn(&Cohort) -> Option<f64>,
    ) -> Option<Vec<f64>> {
        let mut sum = 0.0;
        let mut sums = Vec::new();
        for (_, cohort, _) in cohorts {
            sum += get(cohort)?;
            sums.push(sum);
        }
        let at = self.years.iter().position(|year| year.year == self.reference);
        let reference = sums[at.expect("parsing checks that the reference is a year")];
        Some(sums.into_iter().map(|sum| sum / reference).collect())
    }

    /// Efficiency in a year: a straight line from one in the reference year.
    fn efficiency_in(&self, year: u16) -> Multiples {
        let span = f64::from(self.efficiency.to - self.reference);
        let along = f64::from(year.saturating_sub(self.reference)) / span;
        let at = |factor: f64| 1.0 + (factor - 1.0) * along;
        Multiples { base: at(self.efficiency.base.value), upside: at(self.efficiency.upside.value) }
    }

    fn rates(&self) -> impl Iterator<Item = (&str, Rate)> {
        let loads = self.indicators.iter().filter(|indicator| indicator.is_load);
        loads.filter_map(|indicator| Some((indicator.name.as_str(), indicator.rate()?)))
    }

    fn loads(&self, year: u16) -> Vec<Load> {
        let years = f64::from(year) - f64::from(self.reference);
        let loads = self.rates().map(|(name, rate)| Load {
            name: name.into(),
            low: libm::pow(rate.low, years),
            mid: libm::pow(rate.mid, years),
            high: libm::pow(rate.high, years),
        });
        loads.collect()
    }

    fn crossings(&self, years: &[YearOutcome]) -> Vec<Crossing> {
        let crossing = |(i, (name, rate)): (usize, (&str, Rate))| {
            let later = || years.iter().filter(|year| year.year > self.reference);
            let passes = |supply: fn(&YearOutcome) -> f64| {
                later().find(|year| year.demand[i].mid > supply(year))
            };
            let base = passes(|year| year.bandwidth_multiple.base);
            let upside = passes(|year| year.bandwidth_multiple.upside);
            Crossing {
                name: name.into(),
                per_year: rate.mid,
                per_year_range: [rate.low, rate.high],
                passes_base_in: base.map(|year| year.year),
                passes_upside_in: upside.map(|year| year.year),
                binding: base.or(upside).map(|year| year.binding),
            }
        };
        self.rates().enumerate().map(crossing).collect()
    }

    /// Gains of techniques against migration to larger models, by the year that efficiency is for.
    fn bottom_up(&self) -> Option<Gains> {
        let spec = &self.efficiency;
        let (together, migration) = (spec.together.as_ref()?, spec.migration.as_ref()?);
        let product =
            |end: fn(&crate::planning::Sourced) -> f64| spec.gains.values().map(end).product();
        let (together, migration) =
            ([together.low(), together.high()], [migration.low(), migration.high()]);
        Some(Gains {
            product: [product(|gain| gain.low()), product(|gain| gain.high())],
            together,
            migration,
            net: [together[0] / migration[1], together[1] / migration[0]],
        })
    }
}

fn number_format(compute: f64, common: f64, bandwidth: f64) -> NumberFormat {
    let (gap, gap_one_format) = (compute / bandwidth, common / bandwidth);
    let share = 1.0 - libm::log(gap_one_format) / libm::log(gap);
    NumberFormat {
        compute_multiple: compute,
        compute_multiple_one_format: common,
        bandwidth_multiple: bandwidth,
        gap,
        gap_one_format,
        format_share: (gap > 1.01 && share.is_finite()).then_some(share),
    }
}
