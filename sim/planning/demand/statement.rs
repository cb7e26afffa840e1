//! Published figures, held against what the inputs come to.

use serde::Deserialize;

use super::figures::{DemandFigure, End};
use super::scenario::Demand;
use crate::economics::PriceBook;
use crate::planning::PlanningError;
use crate::planning::sourced::Sourced;

/// A published figure of a use, or of one use over another.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// What it says.
    pub says: String,
    /// Which figure.
    pub figure: DemandFigure,
    /// Of which use.
    pub of: String,
    /// Over the same figure of this use; the plain figure if left out.
    pub to: Option<String>,
    /// At which end of the ranges of the use that is divided by.
    #[serde(default)]
    pub end: End,
    /// Over so much.
    pub over: Option<Sourced>,
    /// What was published.
    pub published: Sourced,
}

impl Statement {
    /// What the inputs of `demand` come to.
    pub fn value(&self, demand: &Demand, book: &PriceBook) -> Result<f64, PlanningError> {
        let value = |name: &str, end| demand.figure(name, self.figure, end, book);
        let over = self.over.as_ref().map_or(1.0, |over| over.value);
        Ok(match &self.to {
            Some(to) => value(&self.of, End::Value)? / value(to, self.end)?,
            None => value(&self.of, self.end)? / over,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_figure_comes_out_of_the_listed_inputs() {
        let book = PriceBook::embedded();
        let mut held = 0;
        for name in super::super::demand_names() {
            let demand = Demand::embedded(name).unwrap();
            for statement in &demand.statements {
                let value = statement.value(&demand, &book).unwrap();
                // Published to two or three digits, or to the range that is given.
                let published = &statement.published;
                let holds = published.range.map_or_else(
                    || (value / published.value - 1.0).abs() < 0.03,
                    |[low, high]| low <= value && value <= high,
                );
                assert!(holds, "{}: {value}", statement.says);
                held += 1;
            }
        }
        assert!(held >= 12, "{held}");
    }

    #[test]
    fn the_case_study_is_reckoned_by_hand() {
        let (book, demand) = (PriceBook::embedded(), Demand::embedded("case-study").unwrap());
        let usd = |name| demand.figure(name, DemandFigure::Usd, End::Value, &book).unwrap();
        // 142.88 M reads at 0.50, 8.31 M at 5, 0.81 M at 25 dollars a million.
        let by_hand = 142.88 * 0.5 + 8.31 * 5.0 + 0.81 * 25.0;
        assert!((usd("Claude Code") - by_hand).abs() < 1e-6);
        let written = 142.88 * 0.5 + 8.31 * 6.25 + 0.81 * 25.0;
        assert!((usd("Claude Code, written") - written).abs() < 1e-6);
    }
}
