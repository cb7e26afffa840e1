//! What an axis does to a figure.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::document::figure;
use super::results::{Row, text};
use crate::report::round6;
use crate::units::significant;

/// An axis with more numbers than this is told in fifths.
const MOST_VALUES: usize = 8;

const FIFTHS: usize = 5;

/// An axis and what its values give.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Effect {
    /// Its column.
    pub(super) axis: String,
    /// Values in their order, or fifths of the points by the axis.
    pub(super) groups: Vec<Group>,
}

/// Points with one value, or with values of one range.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Group {
    /// The value, or the range.
    pub(super) value: String,
    /// Points that have the figure.
    pub(super) points: u64,
    /// Mean of the figure over them.
    pub(super) mean: f64,
    /// The least of it.
    pub(super) least: f64,
    /// The most.
    pub(super) most: f64,
}

/// The effect of each axis that takes more than one value.
pub(super) fn effects(axes: &[String], rows: &[Row], by: &str) -> Vec<Effect> {
    let of = |axis: &String| Effect { axis: axis.clone(), groups: groups(axis, rows, by) };
    axes.iter().map(of).filter(|effect| effect.groups.len() > 1).collect()
}

fn groups(axis: &str, rows: &[Row], by: &str) -> Vec<Group> {
    let pairs = rows.iter().filter_map(|row| Some((row.get(axis)?, figure(row, by)?)));
    let pairs: Vec<_> = pairs.collect();
    let numbers: Option<Vec<_>> =
        pairs.iter().map(|(value, figure)| Some((value.as_f64()?, *figure))).collect();
    match numbers {
        Some(numbers) => by_number(numbers),
        None => by_name(&pairs),
    }
}

fn by_name(pairs: &[(&Value, f64)]) -> Vec<Group> {
    let mut order = Vec::new();
    let mut found = BTreeMap::<String, Vec<f64>>::new();
    for (value, figure) in pairs {
        let name = text(value);
        if !found.contains_key(&name) {
            order.push(name.clone());
        }
        found.entry(name).or_default().push(*figure);
    }
    order.into_iter().map(|name| group(name.clone(), &found[&name])).collect()
}

fn by_number(mut pairs: Vec<(f64, f64)>) -> Vec<Group> {
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let runs: Vec<_> = pairs.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()).collect();
    let chunks = if runs.len() <= MOST_VALUES {
        runs
    } else {
        pairs.chunks(pairs.len().div_ceil(FIFTHS)).collect()
    };
    let one = |chunk: &[(f64, f64)]| {
        let figures: Vec<_> = chunk.iter().map(|(_, figure)| *figure).collect();
        group(range(chunk[0].0, chunk[chunk.len() - 1].0), &figures)
    };
    chunks.into_iter().map(one).collect()
}

fn range(from: f64, to: f64) -> String {
    let (from, to) = (significant(from, 3), significant(to, 3));
    if from == to { from } else { format!("{from}–{to}") }
}

fn group(value: String, figures: &[f64]) -> Group {
    let mean = figures.iter().sum::<f64>() / figures.len() as f64;
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let most = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let [mean, least, most] = [mean, least, most].map(round6);
    Group { value, points: figures.len() as u64, mean, least, most }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn few_numbers_stand_alone_and_many_in_fifths() {
        let row = |i: u32, modulus: u32| -> Row {
            let cells = [("tp", json!(i % modulus)), ("y", json!(f64::from(i % modulus)))];
            cells.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        let groups = |modulus| {
            let rows: Vec<_> = (0..100).map(|i| row(i, modulus)).collect();
            effects(&["tp".into()], &rows, "y").remove(0).groups
        };
        let few = groups(4);
        assert_eq!(few.iter().map(|group| group.points).collect::<Vec<_>>(), [25; 4]);
        assert_eq!((few[3].value.as_str(), few[3].mean, few[3].most), ("3", 3.0, 3.0));
        let many = groups(100);
        assert_eq!(many.len(), FIFTHS);
        assert_eq!((many[1].value.as_str(), many[1].mean), ("20–39", 29.5));
    }

    #[test]
    fn an_axis_of_one_value_does_nothing() {
        let rows = [Row::from([("chip".into(), json!("a")), ("y".into(), json!(1.0))])];
        assert!(effects(&["chip".into()], &rows, "y").is_empty());
    }
}
