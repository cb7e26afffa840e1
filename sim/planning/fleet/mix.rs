//! Fleets of several kinds of units, for several demands at once: a small integer program.

use std::collections::BTreeMap;

use good_lp::solvers::microlp::microlp;
use good_lp::{
    Expression, ProblemVariables, Solution, SolverModel, Variable, WithMipGap, variable,
};

use super::ask::{Ask, Budget, Objective, Point, Unmet, chips_of};
use crate::units::{UsdPerHour, Watts};

/// Units of one kind in a mixed fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The kind.
    pub point: Point,
    /// How many.
    pub units: u64,
}

/// A fleet of several kinds of units.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// Its parts, in the order of the points they are of.
    pub parts: Vec<Part>,
    /// Chips.
    pub gpus: u64,
    /// Dollars an hour; `None` if a chip's price is not known.
    pub hourly: Option<UsdPerHour>,
    /// Facility power; `None` if a chip's is not known.
    pub facility: Option<Watts>,
}

/// The search ends when no fleet can be better by more than this share.
const GAP: f32 = 1e-4;

/// What units fall short of a demand by less than this share, rounding does.
const ROUNDING: f64 = 1e-9;

/// The fleet that is least in what `asks` want and carries each of them: `asks[i]` is for the
/// points of demand `i`. All share the first one's objective and budget.
///
/// Each demand's fleet carries its peak without any `spare` of its units. Points that lack the
/// figure that is to be least, or one that is limited, are left out: they might be any.
pub fn best_mix(points: &[Point], asks: &[Ask]) -> Result<Mix, Unmet> {
    let first = asks.first().ok_or(Unmet::NoPoint)?;
    let (objective, budget) = (first.objective, &first.budget);
    solve(points, asks, objective, budget).ok_or_else(|| unmet(points, asks, budget))
}

fn solve(points: &[Point], asks: &[Ask], objective: Objective, budget: &Budget) -> Option<Mix> {
    let is_known = |point: &Point| {
        let limits = budget.limits().into_iter();
        let mut limited = limits.filter(|(.., limit)| limit.is_some());
        point.tasks_per_hour > 0.0
            && point.measure(objective).is_some()
            && limited.all(|(_, measured, _)| point.measure(measured).is_some())
    };
    let points: Vec<&Point> = points.iter().filter(|point| is_known(point)).collect();
    let mut variables = ProblemVariables::new();
    let counts: Vec<Variable> = points
        .iter()
        .map(|point| variables.add(variable().integer().min(0.0).max(most(point, asks))))
        .collect();
    let sum = |each: &dyn Fn(&Point) -> f64| -> Expression {
        points.iter().zip(&counts).map(|(point, &count)| each(point) * count).sum()
    };
    let mut bounds = Vec::new();
    for (demand, ask) in asks.iter().enumerate() {
        bounds.extend(carrying(demand, ask, &points, &counts, &mut variables));
    }
    for (_, measured, limit) in budget.limits() {
        if let Some(limit) = limit {
            let share = |point: &Point| point.measure(measured).unwrap_or(0.0) / limit;
            bounds.push(sum(&share).leq(1.0 + ROUNDING));
        }
    }
    for (chip, &limit) in &budget.available {
        let gpus = |point: &Point| f64::from(point.of(chip));
        bounds.push(sum(&gpus).leq(limit as f64));
    }
    // Of equally good fleets, that with fewer chips.
    let each = |point: &Point| {
        let least = point.measure(objective).unwrap_or(0.0);
        least * (1.0 + 1e-7 * f64::from(point.gpus()))
    };
    let total = sum(&each);
    let problem = variables.minimise(total).using(microlp).with_mip_gap(GAP).ok()?;
    let problem = bounds.into_iter().fold(problem, SolverModel::with);
    let solution = problem.solve().ok()?;
    let parts = points.iter().zip(&counts).filter_map(|(&point, &count)| {
        let units = libm::round(solution.value(count)) as u64;
        (units > 0).then(|| Part { point: point.clone(), units })
    });
    Some(Mix::of(parts.collect()))
}

/// More units than this do not help.
fn most(point: &Point, asks: &[Ask]) -> f64 {
    let Some(ask) = asks.get(point.demand) else { return 0.0 };
    point.carrying(ask.tasks_per_hour) + f64::from(ask.spare)
}

/// That the units for a demand carry it, and still do without the `spare` largest of them.
fn carrying(
    demand: usize,
    ask: &Ask,
    points: &[&Point],
    counts: &[Variable],
    variables: &mut ProblemVariables,
) -> Vec<good_lp::Constraint> {
    let largest = variables.add(variable().min(0.0));
    let mut bounds = Vec::new();
    let mut carried = Expression::from(0.0);
    for (&point, &count) in points.iter().zip(counts) {
        if point.demand != demand {
            continue;
        }
        let rate = point.tasks_per_hour / ask.tasks_per_hour;
        carried += rate * count;
        if ask.spare > 0 {
            let is_used = variables.add(variable().binary());
            let count = Expression::from(count);
            bounds
                .push((count - most(point, std::slice::from_ref(ask)).max(1.0) * is_used).leq(0.0));
            bounds.push((rate * is_used - largest).leq(0.0));
        }
    }
    bounds.push((carried - f64::from(ask.spare) * largest).geq(1.0 - ROUNDING));
    bounds
}

/// The limit that no fleet keeps.
fn unmet(points: &[Point], asks: &[Ask], budget: &Budget) -> Unmet {
    let is_served = |demand| points.iter().any(|p| p.demand == demand && p.tasks_per_hour > 0.0);
    if !(0..asks.len()).all(is_served) {
        return Unmet::NoPoint;
    }
    for (what, measured, limit) in budget.limits() {
        let Some(limit) = limit else { continue };
        let free = Budget { available: budget.available.clone(), ..Budget::default() };
        let Some(mix) = solve(points, asks, measured, &free) else { continue };
        let least = mix.measure(measured);
        if least > limit {
            return Unmet::OverBudget { what, least, limit, chip: mix.chips() };
        }
    }
    let anything = Budget { available: BTreeMap::new(), ..budget.clone() };
    match solve(points, asks, Objective::Smallest, &anything) {
        Some(mix) if !budget.available.is_empty() => mix.beyond(&budget.available),
        _ => Unmet::Together,
    }
}

impl Mix {
    fn of(parts: Vec<Part>) -> Self {
        let gpus = parts.iter().map(|part| part.units * u64::from(part.point.gpus())).sum();
        let total = |objective| {
            let each =
                parts.iter().map(|part| Some(part.point.measure(objective)? * part.units as f64));
            each.sum::<Option<f64>>()
        };
        let hourly = total(Objective::Cheapest).map(UsdPerHour::new);
        let facility = total(Objective::LeastPower).map(Watts::new);
        Self { parts, gpus, hourly, facility }
    }

    /// What it takes of what is to be least; infinite if it is not known.
    pub fn measure(&self, objective: Objective) -> f64 {
        let known = match objective {
            Objective::Cheapest => self.hourly.map(UsdPerHour::get),
            Objective::Smallest => Some(self.gpus as f64),
            Objective::LeastPower => self.facility.map(Watts::get),
        };
        known.unwrap_or(f64::INFINITY)
    }

    /// Its chips by name, each once.
    fn chips(&self) -> String {
        chips_of(self.parts.iter().map(|part| &part.point))
    }

    /// Of which chip it needs most beyond what there is.
    fn beyond(&self, available: &BTreeMap<String, u64>) -> Unmet {
        let needs = available.iter().map(|(chip, &limit)| {
            let gpus = self.parts.iter().map(|part| part.units * u64::from(part.point.of(chip)));
            (chip, gpus.sum::<u64>(), limit)
        });
        match needs.max_by_key(|&(_, gpus, limit)| gpus.saturating_sub(limit)) {
            Some((chip, gpus, limit)) if gpus > limit => Unmet::OverBudget {
                what: "available",
                least: gpus as f64,
                limit: limit as f64,
                chip: chip.clone(),
            },
            _ => Unmet::Together,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::planning::fleet::size::{fleets, tests::point};

    fn ask(tasks_per_hour: f64, spare: u32, budget: Budget) -> Ask {
        Ask { tasks_per_hour, spare, objective: Objective::Cheapest, budget }
    }

    fn counts(mix: &Mix) -> Vec<(&str, u64)> {
        mix.parts.iter().map(|part| (&*part.point.kind, part.units)).collect()
    }

    #[test]
    fn what_there_is_too_little_of_is_filled_up_with_the_next_best() {
        let points = [point("cheap", 8, 40.0, 1.0, 1.0), point("dear", 2, 30.0, 6.0, 1.0)];
        let budget = Budget { available: [("cheap".into(), 16)].into(), ..Budget::default() };
        let mix = best_mix(&points, &[ask(100.0, 0, budget)]).unwrap();
        // Two cheap replicas carry 80, one dear one the rest.
        assert_eq!(counts(&mix), [("cheap", 2), ("dear", 1)]);
        assert_eq!((mix.gpus, mix.hourly), (18, Some(UsdPerHour::new(28.0))));
    }

    #[test]
    fn spares_stand_in_for_the_largest_replicas() {
        let points = [point("large", 8, 100.0, 1.0, 1.0), point("small", 1, 11.0, 1.0, 1.0)];
        let mix = best_mix(&points, &[ask(100.0, 1, Budget::default())]).unwrap();
        // Two large ones, of which one may go, cost 16; eleven small ones 11.
        assert_eq!(counts(&mix), [("small", 11)]);
    }

    #[test]
    fn demands_share_what_there_is() {
        let mut points = Vec::new();
        for demand in 0..2 {
            let gain = if demand == 0 { 1.0 } else { 4.0 };
            points.push(Point { demand, ..point("old", 8, 10.0, 1.0, 1.0) });
            points.push(Point { demand, ..point("new", 8, 10.0 * gain, 2.0, 1.0) });
        }
        let budget = Budget { available: [("new".into(), 16)].into(), ..Budget::default() };
        let asks = [ask(40.0, 0, budget.clone()), ask(80.0, 0, budget)];
        let mix = best_mix(&points, &asks).unwrap();
        // The new chips go where they gain most.
        let of: Vec<_> =
            mix.parts.iter().map(|part| (part.point.demand, &*part.point.kind)).collect();
        assert_eq!(of, [(0, "old"), (1, "new")]);
    }

    #[test]
    fn the_limit_that_fails_is_named() {
        let points = [point("one", 8, 10.0, 1.0, 1.0)];
        let over = |budget| best_mix(&points, &[ask(100.0, 0, budget)]).unwrap_err();
        let gpus = over(Budget { gpus: Some(64), ..Budget::default() });
        let chip = String::from("one");
        let expected = Unmet::OverBudget { what: "gpus", least: 80.0, limit: 64.0, chip };
        assert_eq!(gpus, expected);
        let there_are =
            over(Budget { available: [("one".into(), 72)].into(), ..Budget::default() });
        let chip = String::from("one");
        let expected = Unmet::OverBudget { what: "available", least: 80.0, limit: 72.0, chip };
        assert_eq!(there_are, expected);
        assert_eq!(best_mix(&[], &[ask(1.0, 0, Budget::default())]), Err(Unmet::NoPoint));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// No fleet of one kind beats the mix, and the mix carries what it should.
        #[test]
        fn a_mix_is_as_good_as_its_best_part(
            kinds in prop::collection::vec((1u32..9, 1.0..500.0f64, 0.5..9.0f64), 1..5),
            demand in 1.0..5000.0f64,
            spare in 0u32..3,
        ) {
            let kind = |(i, &(gpus, rate, usd)): (usize, &(u32, f64, f64))| {
                point(&format!("chip-{i}"), gpus, rate, usd, 1.0)
            };
            let points: Vec<_> = kinds.iter().enumerate().map(kind).collect();
            let ask = ask(demand, spare, Budget::default());
            let best = fleets(&points, &ask).unwrap().remove(0).hourly.unwrap().get();
            let mix = best_mix(&points, std::slice::from_ref(&ask)).unwrap();
            prop_assert!(mix.hourly.unwrap().get() <= best * 1.001);
            let mut rates: Vec<f64> = Vec::new();
            for part in &mix.parts {
                rates.extend(vec![part.point.tasks_per_hour; part.units as usize]);
            }
            rates.sort_by(f64::total_cmp);
            let left: f64 = rates.iter().rev().skip(spare as usize).sum();
            prop_assert!(left >= demand * (1.0 - 1e-6), "{left} of {demand}");
        }
    }
}
