//! The points of a sweep, numbered.

use super::constraint::GPUS;
use super::setting::Setting;
use super::spec::{Draws, SweepSpec};
use crate::des::Streams;
use crate::model::Plan;

/// Points' seeds have so many bits: whole numbers that every reader of JSON keeps.
const SEED_BITS: u32 = 53;

/// One point.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// From 0.
    pub number: u64,
    /// The point's own, of the sweep's seed and its number, unless a key `seed` sets it.
    pub seed: u64,
    /// Its settings: those of all points, then its own.
    pub settings: Vec<(String, Setting)>,
}

impl Point {
    /// What it sets `key` to.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

/// All points of a sweep.
#[derive(Clone, Debug)]
pub struct Points {
    spec: SweepSpec,
    /// For each drawn axis, which stratum each draw falls into.
    strata: Vec<Vec<u64>>,
    /// Combinations that obey every constraint, in order; `None` if all do.
    kept: Option<Vec<u64>>,
}

impl SweepSpec {
    /// Enumerates it: rows of the list outermost, then the grid, draws innermost.
    pub fn points(&self) -> Points {
        let strata = self.blocks.draws.iter().flat_map(|draws| {
            draws.axes.iter().map(|(key, _)| {
                if draws.latin { shuffled(draws.count, self.seed, key) } else { Vec::new() }
            })
        });
        let mut points = Points { spec: self.clone(), strata: strata.collect(), kept: None };
        if !self.constraints.is_empty() {
            let all = 0..points.combinations();
            points.kept = Some(all.filter(|&combination| points.obeys(combination)).collect());
        }
        points
    }

    /// Combinations of its axes, before constraints; `None` if they cannot be counted.
    pub fn combinations(&self) -> Option<u64> {
        let grid = self.blocks.grid.iter().map(|(_, values)| values.len() as u64);
        let draws = self.blocks.draws.iter().map(|draws| draws.count);
        let list = [(self.blocks.list.len() as u64).max(1)];
        list.into_iter().chain(grid).chain(draws).try_fold(1u64, u64::checked_mul)
    }
}

impl Points {
    /// How many there are.
    pub fn len(&self) -> u64 {
        self.kept.as_ref().map_or_else(|| self.combinations(), |kept| kept.len() as u64)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The point of a number.
    ///
    /// # Panics
    /// If there is none.
    pub fn get(&self, number: u64) -> Point {
        assert!(number < self.len(), "point {number} of {}", self.len());
        let combination = self.kept.as_ref().map_or(number, |kept| kept[number as usize]);
        let settings = self.settings(combination);
        let set = settings.iter().find(|(key, _)| key == "seed");
        let seed = if let Some((_, Setting::Integer(seed))) = set {
            *seed as u64
        } else {
            let mut stream = Streams::new(self.spec.seed).named("point", number);
            stream.integer(0, (1 << SEED_BITS) - 1)
        };
        Point { number, seed, settings }
    }

    fn combinations(&self) -> u64 {
        self.spec.combinations().expect("reading a spec refuses what cannot be counted")
    }

    fn settings(&self, combination: u64) -> Vec<(String, Setting)> {
        let blocks = &self.spec.blocks;
        let mut rest = combination;
        let mut take = |of: u64| {
            let index = rest % of;
            rest /= of;
            index
        };
        let draw = blocks.draws.as_ref().map(|draws| (draws, take(draws.count)));
        let mut grid: Vec<_> = blocks
            .grid
            .iter()
            .rev()
            .map(|(key, values)| (key.clone(), values[take(values.len() as u64) as usize].clone()))
            .collect();
        grid.reverse();
        let mut settings = self.spec.base.clone();
        if !blocks.list.is_empty() {
            set(&mut settings, blocks.list[rest as usize].iter().cloned());
        }
        set(&mut settings, grid.into_iter());
        if let Some((draws, index)) = draw {
            set(&mut settings, self.drawn(draws, index));
        }
        settings
    }

    fn drawn<'b>(
        &'b self,
        draws: &'b Draws,
        index: u64,
    ) -> impl Iterator<Item = (String, Setting)> + 'b {
        draws.axes.iter().enumerate().map(move |(axis_number, (key, axis))| {
            let purpose = format!("draw {key}");
            let unit = Streams::new(self.spec.seed).named(&purpose, index).unit();
            let strata = &self.strata[axis_number];
            let unit = match strata.get(index as usize) {
                Some(&stratum) => (stratum as f64 + unit) / draws.count as f64,
                None => unit,
            };
            (key.clone(), axis.drawn(unit))
        })
    }

    fn obeys(&self, combination: u64) -> bool {
        let settings = self.settings(combination);
        let value_of = |key: &str| {
            let found = settings.iter().find(|(name, _)| name == key);
            match found {
                Some((_, value)) => Some(value.to_string()),
                None if key == GPUS => gpus(&settings).map(|gpus| gpus.to_string()),
                None => None,
            }
        };
        self.spec.constraints.iter().all(|constraint| constraint.holds(value_of))
    }
}

/// Later settings replace earlier ones of the same key.
fn set(settings: &mut Vec<(String, Setting)>, new: impl Iterator<Item = (String, Setting)>) {
    for (key, value) in new {
        settings.retain(|(known, _)| *known != key);
        settings.push((key, value));
    }
}

/// Chips of a replica, as `plan` or `tp` says; one if neither does.
fn gpus(settings: &[(String, Setting)]) -> Option<u32> {
    let value = |key: &str| settings.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    match (value("plan"), value("tp")) {
        (Some(plan), _) => plan.to_string().parse::<Plan>().ok().map(Plan::gpus),
        (None, Some(tp)) => tp.to_string().parse().ok(),
        (None, None) => Some(1),
    }
}

/// The numbers below `count` in an order of chance.
fn shuffled(count: u64, seed: u64, key: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> = (0..count).collect();
    let mut stream = Streams::new(seed).named(&format!("strata {key}"), 0);
    for last in (1..count).rev() {
        numbers.swap(last as usize, stream.integer(0, last) as usize);
    }
    numbers
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn sweep(text: &str) -> SweepSpec {
        SweepSpec::read("x.toml", text, &|_, _| Ok(())).unwrap()
    }

    fn value(point: &Point, key: &str) -> String {
        point.get(key).unwrap().to_string()
    }

    #[test]
    fn blocks_are_crossed_and_draws_change_fastest() {
        let points = sweep(
            "base.tasks = 5\nlist = [{ chip = \"a\", tp = 1 }, { chip = \"b\", tp = 2 }]\n\
             [grid]\nkv = [\"fp8\", \"bf16\"]\nmax-seqs = { from = 1, to = 9, steps = 3 }\n\
             [random]\ncount = 2\nrate = { from = 1.5, to = 2.5 }\n",
        )
        .points();
        assert_eq!(points.len(), 2 * 2 * 3 * 2);
        let all: Vec<_> = (0..points.len()).map(|number| points.get(number)).collect();
        assert_eq!([value(&all[11], "chip"), value(&all[12], "chip")], ["a", "b"]);
        assert_eq!([value(&all[0], "kv"), value(&all[6], "kv")], ["fp8", "bf16"]);
        assert_eq!([value(&all[1], "max-seqs"), value(&all[2], "max-seqs")], ["1", "5"]);
        assert_eq!(value(&all[0], "rate"), value(&all[2], "rate"), "a draw is one for all rows");
        assert_ne!(value(&all[0], "rate"), value(&all[1], "rate"));
        let different: BTreeSet<_> =
            all.iter().map(|point| format!("{:?}", point.settings)).collect();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn a_latin_square_has_one_draw_in_each_stratum() {
        let points = sweep(
            "[latin]\ncount = 50\nrate = { from = 0.0, to = 50.0 }\n\
             figure.memory.pin_rate = { from = \"x1\", to = \"x2\" }\n",
        )
        .points();
        let stratum = |number, key: &str, from: f64, width: f64| {
            let measure = points.get(number).get(key).unwrap().measure().unwrap();
            ((measure.number - from) / width * 50.0) as u64
        };
        let strata = |key: &str, from, width| -> BTreeSet<u64> {
            (0..50).map(|number| stratum(number, key, from, width)).collect()
        };
        assert_eq!(strata("rate", 0.0, 50.0).len(), 50);
        assert_eq!(strata("figure.memory.pin_rate", 1.0, 1.0).len(), 50);
    }

    #[test]
    fn seeds_differ_by_point_and_sweep_unless_one_is_set() {
        let seeds = |text: &str| -> Vec<u64> {
            let points = sweep(text).points();
            (0..points.len()).map(|number| points.get(number).seed).collect()
        };
        let grid = "[grid]\ntp = { from = 1, to = 100, steps = 100 }\n";
        let one = seeds(grid);
        assert_eq!(one.iter().collect::<BTreeSet<_>>().len(), 100);
        assert!(one.iter().all(|seed| *seed < 1 << SEED_BITS));
        assert_ne!(one, seeds(&format!("seed = 1\n{grid}")));
        assert_eq!(seeds("base.seed = 4\ngrid.tp = [1, 2]\n"), [4, 4]);
    }

    #[test]
    fn constraints_leave_points_out_before_they_are_numbered() {
        let points = sweep(
            "where = [\"gpus * concurrency <= 8\"]\n[grid]\nplan = [\"tp2\", \"tp4\"]\n\
             concurrency = [1, 2, 4, 8]\n",
        )
        .points();
        let kept: Vec<_> = (0..points.len()).map(|number| points.get(number)).collect();
        let kept: Vec<_> =
            kept.iter().map(|point| value(point, "plan") + &value(point, "concurrency")).collect();
        // Axes come in the order of their names, the last changes fastest.
        assert_eq!(kept, ["tp21", "tp41", "tp22", "tp42", "tp24"]);
    }
}
