//! What demand does, by indicators that were published.

use serde::{Deserialize, Serialize};

use crate::planning::error::{PlanningError, refuse};
use crate::planning::sourced::Sourced;

/// A published change of demand, continued at its own rate.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// What it counts.
    pub name: String,
    /// How it changes.
    pub growth: Growth,
    /// Whether it asks for tokens, and is held against supply; prices and shares are not.
    #[serde(default)]
    pub is_load: bool,
}

/// How an indicator changes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Growth {
    /// From one level to another.
    Level {
        /// At the beginning.
        from: Sourced,
        /// At the end.
        to: Sourced,
        /// Months between.
        months: Sourced,
    },
    /// Doubles in so many months.
    Doubling {
        /// The months; a range is a band.
        months: Sourced,
    },
    /// Multiplies in a year.
    Yearly {
        /// By so much.
        factor: Sourced,
    },
    /// A level that is only told.
    Share {
        /// The level.
        value: Sourced,
    },
}

/// A factor a year, with its band.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Rate {
    pub(super) low: f64,
    pub(super) mid: f64,
    pub(super) high: f64,
}

impl Indicator {
    pub(super) fn check(&self, file: &str) -> Result<(), PlanningError> {
        let key = |part: &str| format!("demand.{}.{part}", self.name);
        let positive = [f64::MIN_POSITIVE, f64::INFINITY];
        match &self.growth {
            Growth::Level { from, to, months } => {
                from.check(file, &key("from"), positive)?;
                to.check(file, &key("to"), positive)?;
                months.check(file, &key("months"), positive)
            }
            Growth::Doubling { months } => months.check(file, &key("months"), positive),
            Growth::Yearly { factor } => factor.check(file, &key("factor"), positive),
            Growth::Share { value } if self.is_load => {
                Err(refuse(file, key("share"), value.value, "a share is no load; drop `is_load`"))
            }
            Growth::Share { value } => value.check(file, &key("value"), [0.0, f64::INFINITY]),
        }
    }

    /// Its factor a year; `None` for a level.
    pub(super) fn rate(&self) -> Option<Rate> {
        let per_year = |factor: f64, months: f64| libm::pow(factor, 12.0 / months);
        Some(match &self.growth {
            Growth::Level { from, to, months } => Rate {
                low: per_year(to.low() / from.high(), months.high()),
                mid: per_year(to.value / from.value, months.value),
                high: per_year(to.high() / from.low(), months.low()),
            },
            Growth::Doubling { months } => Rate {
                low: per_year(2.0, months.high()),
                mid: per_year(2.0, months.value),
                high: per_year(2.0, months.low()),
            },
            Growth::Yearly { factor } => {
                Rate { low: factor.low(), mid: factor.value, high: factor.high() }
            }
            Growth::Share { .. } => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Class;

    fn sourced(value: f64) -> Sourced {
        let range = Some([value * 0.8, value * 1.25]);
        Sourced { value, range, class: Class::Reported, source: "x".into(), fitted: false }
    }

    #[test]
    fn rates_are_per_year() {
        let rate = |growth| Indicator { name: "n".into(), growth, is_load: true }.rate().unwrap();
        let doubling = rate(Growth::Doubling { months: sourced(6.0) });
        assert!((doubling.mid - 4.0).abs() < 1e-9 && doubling.low < 4.0 && doubling.high > 4.0);
        let level = Growth::Level { from: sourced(2.0), to: sourced(16.0), months: sourced(18.0) };
        assert!((rate(level).mid - 4.0).abs() < 1e-9);
    }
}
