//! Fleets of one kind of unit, and the choice between them.

use std::collections::BTreeSet;

use super::ask::{Ask, Budget, Objective, Point, Unmet, chips_of};
use crate::units::{UsdPerHour, Watts};

/// Units of one point that carry a demand.
#[derive(Clone, Debug, PartialEq)]
pub struct Fleet {
    /// The units' point.
    pub point: Point,
    /// Units, spare ones included.
    pub units: u64,
    /// Chips.
    pub gpus: u64,
    /// Dollars an hour; `None` if a chip's price is not known.
    pub hourly: Option<UsdPerHour>,
    /// Facility power; `None` if a chip's is not known.
    pub facility: Option<Watts>,
    /// Load at the peak over what all units bear.
    pub load: f64,
    /// Whether no other fleet is at most as large, dear and hungry, and in one of these less.
    pub on_frontier: bool,
}

impl Fleet {
    /// What it takes of what is to be least; `None` if it is not known.
    pub fn measure(&self, objective: Objective) -> Option<f64> {
        self.point.measure(objective).map(|each| each * self.units as f64)
    }
}

/// The best fleet of each kind that keeps the budget, the best of all first; fleets that
/// lack the figure that is to be least come last.
pub fn fleets(points: &[Point], ask: &Ask) -> Result<Vec<Fleet>, Unmet> {
    let able = points.iter().filter(|point| point.tasks_per_hour > 0.0);
    let all: Vec<_> = able.map(|point| fleet(point, ask)).collect();
    if all.is_empty() {
        return Err(Unmet::NoPoint);
    }
    let fits = |fleet: &&Fleet| excesses(fleet, &ask.budget).iter().all(|(_, _, _, over)| !over);
    let mut kept: Vec<Fleet> = all.iter().filter(fits).cloned().collect();
    if kept.is_empty() {
        return Err(over_budget(&all, &ask.budget));
    }
    let key = |fleet: &Fleet| fleet.measure(ask.objective).unwrap_or(f64::INFINITY);
    // Of equals, that with fewer chips.
    kept.sort_by(|a, b| key(a).total_cmp(&key(b)).then(a.gpus.cmp(&b.gpus)));
    let mut kinds = BTreeSet::new();
    kept.retain(|fleet| kinds.insert(fleet.point.kind.clone()));
    for i in 0..kept.len() {
        kept[i].on_frontier = !kept.iter().any(|other| dominates(other, &kept[i]));
    }
    Ok(kept)
}

fn fleet(point: &Point, ask: &Ask) -> Fleet {
    let needed = point.carrying(ask.tasks_per_hour);
    let units = needed as u64 + u64::from(ask.spare);
    Fleet {
        units,
        gpus: units * u64::from(point.gpus()),
        hourly: point.hourly.map(|rate| rate * units as f64),
        facility: point.facility.map(|watts| watts * units as f64),
        load: ask.tasks_per_hour / (units as f64 * point.tasks_per_hour),
        on_frontier: false,
        point: point.clone(),
    }
}

/// What is limited: its name, what the fleet needs, the limit, and whether it is too much. An
/// unknown need may be any, and does not fit.
fn excesses(fleet: &Fleet, budget: &Budget) -> Vec<(&'static str, f64, f64, bool)> {
    let limits = budget.limits().into_iter();
    let needs = limits.map(|(what, measured, limit)| (what, fleet.measure(measured), limit));
    let available = fleet.point.chips.iter().map(|(chip, count)| {
        let there_are = budget.available.get(chip).map(|&gpus| gpus as f64);
        ("available", Some((fleet.units * u64::from(*count)) as f64), there_are)
    });
    let limited = needs.chain(available).filter_map(|(what, need, limit)| {
        let (need, limit) = (need.unwrap_or(f64::INFINITY), limit?);
        Some((what, need, limit, need > limit))
    });
    limited.collect()
}

/// The limit that the fleet nearest to fitting misses most.
fn over_budget(all: &[Fleet], budget: &Budget) -> Unmet {
    let worst = |fleet: &Fleet| {
        let excesses = excesses(fleet, budget).into_iter();
        let worst = excesses.max_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)));
        worst.expect("a fleet that does not fit misses a limit")
    };
    let nearest = all.iter().map(|fleet| (fleet, worst(fleet)));
    let nearest = nearest.min_by(|a, b| (a.1.1 / a.1.2).total_cmp(&(b.1.1 / b.1.2)));
    let (fleet, (what, least, limit, _)) = nearest.expect("there is a fleet");
    Unmet::OverBudget { what, least, limit, chip: chips_of(std::iter::once(&fleet.point)) }
}

/// Whether `a` is nowhere worse than `b` and somewhere better; unknown is worst.
fn dominates(a: &Fleet, b: &Fleet) -> bool {
    let of = |fleet: &Fleet| {
        Objective::ALL.map(|objective| fleet.measure(objective).unwrap_or(f64::INFINITY))
    };
    let (a, b) = (of(a), of(b));
    a.iter().zip(&b).all(|(a, b)| a <= b) && a.iter().zip(&b).any(|(a, b)| a < b)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::planning::fleet) fn point(
        chip: &str,
        gpus: u32,
        rate: f64,
        usd: f64,
        watts: f64,
    ) -> Point {
        Point {
            kind: chip.into(),
            chips: vec![(chip.into(), gpus)],
            demand: 0,
            row: 0,
            tasks_per_hour: rate,
            hourly: Some(UsdPerHour::new(usd * f64::from(gpus))),
            facility: Some(Watts::new(watts * f64::from(gpus))),
        }
    }

    fn ask(objective: Objective) -> Ask {
        Ask { tasks_per_hour: 100.0, spare: 1, objective, budget: Budget::default() }
    }

    /// Three kinds: one cheap, one small, one that loses to both.
    fn points() -> [Point; 3] {
        [
            point("cheap", 8, 40.0, 1.0, 1500.0),
            point("fast", 2, 30.0, 6.0, 2000.0),
            point("poor", 8, 20.0, 7.0, 2500.0),
        ]
    }

    #[test]
    fn units_cover_the_peak_and_the_spares() {
        let all = fleets(&points(), &ask(Objective::Cheapest)).unwrap();
        // 100 of 40 an hour are three units, and one spare; of eight chips.
        assert_eq!((all[0].point.kind.as_str(), all[0].units, all[0].gpus), ("cheap", 4, 32));
        assert_eq!(all[0].hourly, Some(UsdPerHour::new(32.0)));
        assert!((all[0].load - 100.0 / 160.0).abs() < 1e-12);
    }

    #[test]
    fn the_objective_decides_and_the_frontier_does_not() {
        let first = |objective| fleets(&points(), &ask(objective)).unwrap()[0].point.kind.clone();
        assert_eq!(first(Objective::Cheapest), "cheap");
        assert_eq!(first(Objective::Smallest), "fast");
        assert_eq!(first(Objective::LeastPower), "fast");
        for objective in [Objective::Cheapest, Objective::LeastPower] {
            let all = fleets(&points(), &ask(objective)).unwrap();
            let poor = all.iter().find(|fleet| fleet.point.kind == "poor").unwrap();
            assert!(!poor.on_frontier && all.iter().filter(|f| f.on_frontier).count() == 2);
        }
    }

    #[test]
    fn a_budget_that_is_missed_is_named() {
        let budget = Budget { gpus: Some(9), ..Budget::default() };
        let unmet = fleets(&points(), &Ask { budget, ..ask(Objective::Cheapest) }).unwrap_err();
        let expected =
            Unmet::OverBudget { what: "gpus", least: 10.0, limit: 9.0, chip: "fast".into() };
        assert_eq!(unmet, expected);
        assert_eq!(fleets(&[], &ask(Objective::Cheapest)), Err(Unmet::NoPoint));
    }

    #[test]
    fn a_fleet_of_unknown_price_comes_last_and_fits_no_budget() {
        let mut unknown = point("new", 1, 1000.0, 0.0, 1.0);
        unknown.hourly = None;
        let points = [unknown, point("old", 8, 10.0, 9.0, 9000.0)];
        let all = fleets(&points, &ask(Objective::Cheapest)).unwrap();
        assert_eq!(all[0].point.kind, "old");
        let budget = Budget { hourly: Some(UsdPerHour::new(1e6)), ..Budget::default() };
        let all = fleets(&points, &Ask { budget, ..ask(Objective::Smallest) }).unwrap();
        assert_eq!(all.len(), 1);
    }
}
