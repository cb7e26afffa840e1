//! A supply scenario as its TOML file describes it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::demand::Indicator;
use crate::planning::error::{PlanningError, refuse};
use crate::planning::sourced::Sourced;

/// A supply scenario.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supply {
    /// The file it is from.
    #[serde(skip)]
    pub file: String,
    /// Name.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// The year against which multiples count.
    pub reference: u16,
    /// Model efficiency.
    pub efficiency: Efficiency,
    /// The peak in which each chip's compute is counted: `fp8`, `fp4-sparse`; others count their
    /// best dense one.
    #[serde(default)]
    pub(super) counted_in: BTreeMap<String, String>,
    /// Why compute is counted so.
    pub(super) counted_in_source: Option<String>,
    /// Years in order.
    #[serde(rename = "year")]
    pub(super) years: Vec<YearSpec>,
    /// What demand does.
    #[serde(default, rename = "demand")]
    pub indicators: Vec<Indicator>,
}

/// How much more a unit of hardware yields, against the reference year.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Efficiency {
    /// The factor in `to`, if models grow as fast as they get more efficient.
    pub base: Sourced,
    /// The factor in `to` at best.
    pub upside: Sourced,
    /// The year in which the factors are reached; they grow in a straight line from the
    /// reference year.
    pub to: u16,
    /// Gains of single techniques by then, as factors.
    #[serde(default)]
    pub gains: BTreeMap<String, Sourced>,
    /// All gains together, as a factor.
    pub together: Option<Sourced>,
    /// What larger models take, as a factor.
    pub migration: Option<Sourced>,
}

/// What a year adds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct YearSpec {
    pub(super) year: u16,
    /// Gigawatts announced for the year.
    pub(super) gw_added: Sourced,
    /// The share of them that comes later or never.
    pub(super) slippage: Option<Sourced>,
    /// The share of the year's chips that serve.
    pub(super) inference_share: Sourced,
    /// Interposer wafers, in thousands, for the chips of the mix.
    pub(super) cowos_kwafers: Option<Sourced>,
    /// The share of packages that work.
    pub(super) cowos_yield: Option<Sourced>,
    /// HBM made for the chips of the mix, in billions of gigabits.
    pub(super) hbm_gbit_bn: Option<Sourced>,
    /// The share of it that reaches a working package.
    pub(super) hbm_yield: Option<Sourced>,
    /// Shares of packages by chip.
    pub(super) mix: Option<MixSpec>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MixSpec {
    pub(super) shares: BTreeMap<String, f64>,
    pub(super) class: crate::hardware::Class,
    pub(super) source: String,
    #[serde(default)]
    pub(super) fitted: bool,
}

/// Shares may miss one by rounding.
const SHARES_TOLERANCE: f64 = 1e-6;

impl Supply {
    /// Reads and checks a scenario.
    pub fn parse(file: &str, text: &str) -> Result<Self, PlanningError> {
        let mut supply: Self = toml::from_str(text).map_err(|error| PlanningError::Malformed {
            file: file.into(),
            problem: error.to_string().trim_end().into(),
        })?;
        supply.file = file.into();
        supply.check()?;
        Ok(supply)
    }

    /// Names of all chips in any year's mix, in order.
    pub fn chips(&self) -> Vec<&str> {
        let mixes = self.years.iter().filter_map(|year| year.mix.as_ref());
        let names = mixes.flat_map(|mix| mix.shares.keys().map(String::as_str));
        let names: std::collections::BTreeSet<_> = names.collect();
        names.into_iter().collect()
    }

    /// Keys of figures that nobody published.
    pub fn fitted(&self) -> Vec<String> {
        let mut keys = Vec::new();
        for year in &self.years {
            let prefix = format!("{}.", year.year);
            let figures = year.figures().into_iter();
            let fitted = figures.filter(|(_, figure, _)| figure.is_some_and(|f| f.fitted));
            keys.extend(fitted.map(|(key, ..)| format!("{prefix}{key}")));
            if year.mix.as_ref().is_some_and(|mix| mix.fitted) {
                keys.push(format!("{prefix}mix"));
            }
        }
        if !self.counted_in.is_empty() && self.counted_in_source.is_some() {
            keys.push("counted_in".into());
        }
        keys
    }

    fn check(&self) -> Result<(), PlanningError> {
        let file = &self.file;
        for pair in self.years.windows(2) {
            if pair[1].year != pair[0].year + 1 {
                let gap = format!("{} after {}", pair[1].year, pair[0].year);
                return Err(refuse(file, "year", gap, "list every year once, in order"));
            }
        }
        if !self.years.iter().any(|year| year.year == self.reference) {
            let remedy = "describe that year, or refer to another";
            return Err(refuse(file, "reference", self.reference, remedy));
        }
        let efficiency = &self.efficiency;
        efficiency.base.check(file, "efficiency.base", [0.01, 1000.0])?;
        efficiency.upside.check(file, "efficiency.upside", [0.01, 1000.0])?;
        if efficiency.to <= self.reference {
            let remedy = "give a year after the reference";
            return Err(refuse(file, "efficiency.to", efficiency.to, remedy));
        }
        let more = [("together", &efficiency.together), ("migration", &efficiency.migration)];
        let more = more.into_iter().filter_map(|(key, figure)| Some((key, figure.as_ref()?)));
        let gains = efficiency.gains.iter().map(|(key, figure)| (key.as_str(), figure));
        for (key, figure) in gains.chain(more) {
            figure.check(file, &format!("efficiency.{key}"), [0.01, 1000.0])?;
        }
        self.years.iter().try_for_each(|year| year.check(file))?;
        self.indicators.iter().try_for_each(|indicator| indicator.check(file))
    }
}

impl YearSpec {
    /// Every figure, with its key and its limits.
    fn figures(&self) -> [(&'static str, Option<&Sourced>, [f64; 2]); 7] {
        let open = [0.0, f64::INFINITY];
        [
            ("gw_added", Some(&self.gw_added), open),
            ("slippage", self.slippage.as_ref(), [0.0, 1.0]),
            ("inference_share", Some(&self.inference_share), [0.0, 1.0]),
            ("cowos_kwafers", self.cowos_kwafers.as_ref(), open),
            ("cowos_yield", self.cowos_yield.as_ref(), [0.0, 1.0]),
            ("hbm_gbit_bn", self.hbm_gbit_bn.as_ref(), open),
            ("hbm_yield", self.hbm_yield.as_ref(), [0.0, 1.0]),
        ]
    }

    fn check(&self, file: &str) -> Result<(), PlanningError> {
        let year = self.year;
        for (key, figure, limits) in self.figures() {
            if let Some(figure) = figure {
                figure.check(file, &format!("{year}.{key}"), limits)?;
            }
        }
        let Some(mix) = &self.mix else {
            let remedy = "add `[year.mix]` with `shares = { chip = 1.0 }`, `class` and `source`";
            return Err(refuse(file, format!("{year}.mix"), "missing", remedy));
        };
        if mix.source.trim().is_empty() {
            let key = format!("{year}.mix.source");
            return Err(refuse(file, key, "empty", "say where it is from"));
        }
        if let Some((chip, share)) =
            mix.shares.iter().find(|(_, share)| !(0.0..=1.0).contains(*share))
        {
            return Err(refuse(file, format!("{year}.mix.{chip}"), share, "give 0 to 1"));
        }
        let sum: f64 = mix.shares.values().sum();
        if libm::fabs(sum - 1.0) > SHARES_TOLERANCE {
            let key = format!("the sum of {year}.mix.shares");
            return Err(refuse(file, key, sum, "make the shares of packages sum to 1"));
        }
        Ok(())
    }
}
