//! A sweep as its file describes it.

use super::axis::Axis;
use super::constraint::Constraint;
use super::setting::Setting;

/// A sweep: settings of all points, axes, and what the points must obey.
///
/// ```toml
/// seed = 7
/// where = ["gpus * concurrency <= 512"]
/// [base]
/// model = "llama-3.1-70b"
/// [grid]
/// chip = ["h100-sxm", "b200-sxm"]
/// concurrency = { from = 8, to = 128, steps = 5, scale = "log" }
/// [latin]
/// count = 100
/// figure.memory.pin_rate = { from = "x0.8", to = "x1.2" }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SweepSpec {
    /// The file, as the user named it.
    pub file: String,
    /// What reports call it; the file's name if it has none.
    pub name: String,
    /// From which points' seeds and draws come.
    pub seed: u64,
    /// Points in one part of the store, if the file says.
    pub part_points: Option<u64>,
    /// Settings of every point.
    pub base: Vec<(String, Setting)>,
    /// The axes.
    pub blocks: Blocks,
    /// What every point obeys; others are left out before they are numbered.
    pub(super) constraints: Vec<Constraint>,
}

/// The three kinds of axes, each crossed with the others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Blocks {
    /// `[[list]]`: rows of settings that go together.
    pub list: Vec<Vec<(String, Setting)>>,
    /// `[grid]`: every combination; the last key changes fastest.
    pub grid: Vec<(String, Vec<Setting>)>,
    /// `[random]` or `[latin]`.
    pub draws: Option<Draws>,
}

/// Axes that are drawn from together, a number of times.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// Whether each axis' draws fall one into each of `count` equal strata.
    pub latin: bool,
    /// How often.
    pub count: u64,
    /// From what.
    pub axes: Vec<(String, Axis)>,
}

impl SweepSpec {
    /// Every key that differs between points and the values it takes; the ends of a span.
    pub fn axes(&self) -> Vec<(String, Vec<Setting>)> {
        let mut axes: Vec<(String, Vec<Setting>)> = Vec::new();
        for (key, value) in self.blocks.list.iter().flatten() {
            match axes.iter_mut().find(|(known, _)| known == key) {
                Some((_, values)) => values.push(value.clone()),
                None => axes.push((key.clone(), vec![value.clone()])),
            }
        }
        axes.extend(self.blocks.grid.iter().cloned());
        let draws = self.blocks.draws.iter().flat_map(|draws| &draws.axes);
        axes.extend(draws.map(|(key, axis)| (key.clone(), axis.samples())));
        axes
    }
}
