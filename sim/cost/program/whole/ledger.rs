//! What decode steps cost, kept as counts of what it is made of.
//!
//! A step on a [`Curve`](super::Curve) costs a constant and so much for each of its sums. The clock
//! needs only its time at once; what it is spent on is asked for once a run. So steps are counted,
//! and their sums added up, by the line on which they lie, and multiplied out when they are asked
//! for: to the last digit what their costs one by one add up to.

use super::exact::Cost;
use super::pace::{Pace, triangle};
use super::series::Series;
use crate::cost::batch::CLIPS;

/// Sums of contexts that prices may depend on.
pub(super) const AXES: usize = 1 + CLIPS;

/// Sums of contexts: plain, and clipped at each clip length.
pub(in crate::cost::program) type Sums = [u64; AXES];

/// Decode steps whose times are known, and of whose costs it is known where to find them.
#[derive(Clone, Debug)]
pub struct DecodeSteps {
    pace: Pace,
    account: Account,
}

/// Where costs are found.
#[derive(Clone, Debug)]
enum Account {
    /// Here; apart, for most are not.
    Told(Box<Series>),
    /// On a line of whoever priced them: at these sums, which grow so by a step.
    OnLine { line: LineId, sums: Sums, growth: Sums },
}

/// Names a line of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineId {
    /// Sequences of its steps.
    pub(in crate::cost::program) sequences: u32,
    /// The piece on each axis of their curve.
    pub(in crate::cost::program) pieces: [u16; AXES],
}

/// A cost that is linear in some sums: a constant, and what each of these costs by one.
#[derive(Clone, Debug)]
pub struct Line {
    pub(super) at: Cost,
    pub(super) slopes: Vec<(usize, Cost)>,
}

/// The cost of many decode steps.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    told: Cost,
    /// By number of sequences; few lines each.
    lines: Vec<Vec<Entry>>,
}

/// Steps on one line, and the sums of their sums of contexts, of those that it depends on.
#[derive(Clone, Debug)]
struct Entry {
    id: LineId,
    line: Line,
    steps: u64,
    values: [i128; AXES],
}

impl DecodeSteps {
    /// Steps at `pace` on a line, at these sums, which grow so by a step.
    pub(super) fn on_line(pace: Pace, line: LineId, sums: Sums, growth: Sums) -> Self {
        Self { pace, account: Account::OnLine { line, sums, growth } }
    }

    /// Their times.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What the first `steps` of them cost; `line` knows the lines of whoever priced them.
    pub fn cost(&self, steps: u64, line: impl FnOnce(LineId) -> Line) -> Cost {
        let mut ledger = Ledger::default();
        ledger.book(self, steps, line);
        ledger.total()
    }
}

impl From<Series> for DecodeSteps {
    fn from(series: Series) -> Self {
        Self { pace: *series.pace(), account: Account::Told(Box::new(series)) }
    }
}

impl Line {
    fn cost(&self, steps: u64, values: &[i128; AXES]) -> Cost {
        let mut cost = self.at * steps;
        for (sum, slope) in &self.slopes {
            cost.add_scaled(slope, values[*sum]);
        }
        cost
    }
}

impl Ledger {
    /// Adds the first `steps` of `all`; `line` knows the lines of whoever priced them.
    pub fn book(&mut self, all: &DecodeSteps, steps: u64, line: impl FnOnce(LineId) -> Line) {
        match &all.account {
            Account::Told(series) => self.told += series.cost(steps),
            Account::OnLine { line: id, sums, growth } => {
                let entry = self.entry(*id, line);
                entry.steps += steps;
                let (steps, triangle) = (i128::from(steps), i128::from(triangle(steps)));
                for &(sum, _) in &entry.line.slopes {
                    entry.values[sum] +=
                        i128::from(sums[sum]) * steps + i128::from(growth[sum]) * triangle;
                }
            }
        }
    }

    /// Adds what is told.
    pub fn add(&mut self, cost: &Cost) {
        self.told += *cost;
    }

    /// The cost of all that was added.
    pub fn total(&self) -> Cost {
        let mut total = self.told;
        for entry in self.lines.iter().flatten() {
            total += entry.line.cost(entry.steps, &entry.values);
        }
        total
    }

    /// Multiplies out what was counted: lines that come have other names.
    pub fn settle(&mut self) {
        *self = Self { told: self.total(), lines: Vec::new() };
    }

    fn entry(&mut self, id: LineId, line: impl FnOnce(LineId) -> Line) -> &mut Entry {
        let sequences = id.sequences as usize;
        if sequences >= self.lines.len() {
            self.lines.resize_with(sequences + 1, Vec::new);
        }
        let entries = &mut self.lines[sequences];
        let known = entries.iter().position(|entry| entry.id.pieces == id.pieces);
        let index = known.unwrap_or_else(|| {
            entries.push(Entry { id, line: line(id), steps: 0, values: [0; AXES] });
            entries.len() - 1
        });
        &mut entries[index]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::curve::{Curve, Sample};
    use super::*;

    /// Two lines over one sum, two over another, and work on both.
    fn price(sums: &Sums) -> Sample {
        let [x, y] = [sums[0] as f64, sums[1] as f64];
        let mut sample = Sample::default();
        sample[0] = 3e-4;
        sample[1] = f64::max(1e-3, 1e-7 * x);
        sample[4] = f64::max(2e-4, 1e-8 * y - 1e-4);
        sample[7] = 3.0 * x + y + 1e9;
        sample[8] = 0.25 * y;
        sample
    }

    proptest! {
        #[test]
        fn what_is_counted_is_what_steps_cost_one_by_one(
            stretches in prop::collection::vec(
                (1u32..40, 1u64..30_000, 1u64..40_000, 1u64..300),
                1..40,
            ),
            settled in 0usize..40,
        ) {
            let curve = |sequences| Curve::trace(sequences, 2, price);
            let curves: Vec<_> = (1..40).map(curve).collect();
            let (mut ledger, mut sum) = (Ledger::default(), Cost::default());
            for (index, (sequences, x, y, steps)) in stretches.into_iter().enumerate() {
                let curve = &curves[sequences as usize - 1];
                let n = u64::from(sequences);
                let (sums, growth) = ([n * x, n * y, 0, 0, 0], [n, n / 2, 0, 0, 0]);
                let (told, counted) = (curve.series(&sums, &growth), curve.steps(sums, growth));
                prop_assert_eq!(told.pace(), counted.pace());
                let steps = steps.min(told.pace().steps());
                let line = |id: LineId| curve.line(&id);
                prop_assert_eq!(counted.cost(steps, line), told.cost(steps));
                ledger.book(&counted, steps, line);
                ledger.book(&told.into(), steps, |_| unreachable!("it is told"));
                for step in 0..steps {
                    sum += told.skip(step).first() * 2;
                }
                if index == settled {
                    ledger.settle();
                }
            }
            prop_assert_eq!(ledger.total(), sum);
        }
    }
}
