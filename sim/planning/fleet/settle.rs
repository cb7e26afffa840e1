//! Fleets that hold as a whole: chosen, tried at their peak, and chosen again.

use std::collections::BTreeMap;

use super::ask::{Ask, Point, Unmet};
use super::mix::{Mix, best_mix};
use super::size::{Fleet, fleets};

/// Units of one point that meet a part of a demand's peak together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stand {
    /// The point's row.
    pub row: usize,
    /// How many; spare ones have failed.
    pub units: u64,
    /// The part of the peak.
    pub tasks_per_hour: f64,
}

/// What was chosen.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Fleets of one kind for each demand, the best first.
    pub single: Vec<Result<Vec<Fleet>, Unmet>>,
    /// The best of several kinds for all demands.
    pub mix: Result<Mix, Unmet>,
}

/// Fleets are chosen again at most so often.
const ROUNDS: usize = 64;

/// A fleet that does not hold grows by this share, then by twice as much, and so on.
const STEP: f64 = 0.03;

/// One that has missed so often, and has grown by half, is given up.
const MOST_MISSES: u32 = 6;

/// The best fleets of `points` for `asks`, which stand alone and mixed, `hold` willing.
///
/// A point is what one unit yields by itself. Many of them before which tasks arrive at random may
/// bear less: `hold` says of each stand whether it keeps the service level. The points of those
/// that do not are credited with less, and the choice is made anew, until all that is chosen
/// holds. Points whose fleets do not hold when they have grown by half are given up. What was never
/// chosen was never tried, and is credited with too much if anything.
pub fn settle(
    points: &[Point],
    asks: &[Ask],
    mut hold: impl FnMut(&[Stand]) -> Vec<bool>,
) -> Settled {
    let single = settled(
        points,
        |points| {
            let of_demand = |(demand, ask)| {
                let own = points.iter().filter(|point| point.demand == demand);
                fleets(&own.cloned().collect::<Vec<_>>(), ask)
            };
            asks.iter().enumerate().map(of_demand).collect::<Vec<_>>()
        },
        |single| single.iter().flatten().flatten().map(|fleet| fleet.stand(asks)).collect(),
        &mut hold,
    );
    let mix = settled(
        points,
        |points| best_mix(points, asks),
        |mix| mix.iter().flat_map(|mix| mix.stands(asks)).collect(),
        &mut hold,
    );
    Settled { single, mix }
}

fn settled<T>(
    points: &[Point],
    choose: impl Fn(&[Point]) -> T,
    stands: impl Fn(&T) -> Vec<Stand>,
    hold: &mut impl FnMut(&[Stand]) -> Vec<bool>,
) -> T {
    let mut points = points.to_vec();
    let mut held: Vec<Stand> = Vec::new();
    let mut misses: BTreeMap<usize, u32> = BTreeMap::new();
    for _ in 0..ROUNDS {
        let chosen = choose(&points);
        let open: Vec<Stand> =
            stands(&chosen).into_iter().filter(|stand| !held.contains(stand)).collect();
        if open.is_empty() {
            return chosen;
        }
        for (stand, holds) in open.iter().zip(hold(&open)) {
            if holds {
                held.push(*stand);
                continue;
            }
            let missed = misses.entry(stand.row).or_default();
            *missed += 1;
            let credit = if *missed < MOST_MISSES { stand.credit(*missed) } else { 0.0 };
            for point in points.iter_mut().filter(|point| point.row == stand.row) {
                point.tasks_per_hour = point.tasks_per_hour.min(credit);
            }
        }
    }
    choose(&points)
}

impl Stand {
    /// What a unit is credited with that missed so often, so that there are more next time.
    fn credit(&self, missed: u32) -> f64 {
        let units = self.units as f64;
        let more = libm::ceil(units * STEP * f64::from(missed)).max(1.0);
        // A little more than that many need, or rounding asks for one more.
        self.tasks_per_hour / (units + more) * (1.0 + 1e-9)
    }
}

impl Fleet {
    /// What is left of it at the peak of its demand when its spare units have failed.
    pub fn stand(&self, asks: &[Ask]) -> Stand {
        let ask = &asks[self.point.demand];
        Stand {
            row: self.point.row,
            units: self.units - u64::from(ask.spare),
            tasks_per_hour: ask.tasks_per_hour,
        }
    }
}

impl Mix {
    /// What is left of each part at its demand's peak when the spare units, the largest, have
    /// failed: tasks are spread over kinds in proportion to what they bear.
    pub fn stands(&self, asks: &[Ask]) -> Vec<Stand> {
        let mut stands = Vec::new();
        for (demand, ask) in asks.iter().enumerate() {
            let mut parts: Vec<_> = self
                .parts
                .iter()
                .filter(|part| part.point.demand == demand)
                .map(|part| (&part.point, part.units))
                .collect();
            parts.sort_by(|a, b| b.0.tasks_per_hour.total_cmp(&a.0.tasks_per_hour));
            let mut failed = u64::from(ask.spare);
            for (_, units) in &mut parts {
                let gone = failed.min(*units);
                *units -= gone;
                failed -= gone;
            }
            let borne = |(point, units): &(&Point, u64)| point.tasks_per_hour * *units as f64;
            let all: f64 = parts.iter().map(borne).sum();
            let left = parts.iter().filter(|(_, units)| *units > 0);
            stands.extend(left.map(|part| Stand {
                row: part.0.row,
                units: part.1,
                tasks_per_hour: ask.tasks_per_hour * borne(part) / all,
            }));
        }
        stands
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planning::fleet::ask::{Budget, Objective};
    use crate::planning::fleet::size::tests::point;

    fn ask(tasks_per_hour: f64, spare: u32) -> Ask {
        let budget = Budget::default();
        Ask { tasks_per_hour, spare, objective: Objective::Cheapest, budget }
    }

    /// Two kinds, numbered, of which the first looks cheaper.
    fn points() -> [Point; 2] {
        let second = point("second", 1, 10.0, 1.2, 1.0);
        [point("first", 1, 10.0, 1.0, 1.0), Point { row: 1, ..second }]
    }

    #[test]
    fn what_holds_stays_as_it_is() {
        let asks = [ask(995.0, 1)];
        let mut tried = Vec::new();
        let settled = settle(&points(), &asks, |stands| {
            tried.extend(stands.to_vec());
            vec![true; stands.len()]
        });
        assert_eq!(settled.single, [fleets(&points(), &asks[0])]);
        assert_eq!(settled.mix, best_mix(&points(), &asks));
        // Each kind alone, and the mix, without the spare.
        assert_eq!(tried.len(), 3);
        let is_whole =
            |stand: &Stand| stand.units == 100 && (stand.tasks_per_hour - 995.0).abs() < 1e-9;
        assert!(tried.iter().all(is_whole));
    }

    #[test]
    fn what_does_not_hold_grows_until_it_does() {
        // Units bear nine in ten of what they were found to bear.
        let holds = |stand: &Stand| stand.tasks_per_hour <= stand.units as f64 * 9.0;
        let asks = [ask(1000.0, 0)];
        let settled = settle(&points(), &asks, |stands| stands.iter().map(holds).collect());
        for fleet in settled.single[0].as_ref().unwrap() {
            assert!(holds(&fleet.stand(&asks)) && fleet.units <= 120, "{}", fleet.units);
        }
        assert!(settled.mix.unwrap().stands(&asks).iter().all(holds));
    }

    #[test]
    fn another_is_chosen_if_the_first_bears_too_little() {
        let holds = |stand: &Stand| {
            let bears = if stand.row == 0 { 5.0 } else { 10.0 };
            stand.tasks_per_hour <= stand.units as f64 * bears
        };
        let asks = [ask(1000.0, 0)];
        let settled = settle(&points(), &asks, |stands| stands.iter().map(holds).collect());
        let mix = settled.mix.unwrap();
        assert_eq!(mix.parts.len(), 1);
        assert_eq!((mix.parts[0].point.row, mix.parts[0].units), (1, 100));
        assert_eq!(settled.single[0].as_ref().unwrap()[0].point.row, 1);
    }

    #[test]
    fn nothing_is_tried_forever() {
        let mut asked = 0;
        let settled = settle(&points(), &[ask(100.0, 0)], |stands| {
            asked += 1;
            vec![false; stands.len()]
        });
        assert!(asked <= 4 * MOST_MISSES, "{asked}");
        assert_eq!(settled.single, [Err(Unmet::NoPoint)]);
        assert_eq!(settled.mix, Err(Unmet::NoPoint));
    }
}
