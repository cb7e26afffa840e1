//! The document of a report.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::effects::{Effect, effects};
use super::results::{Results, Row};
use crate::report::Direction;

/// What a sweep found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct SweepReport {
    /// `memwall.sweep-report/1`.
    pub(super) schema: &'static str,
    /// Name of the sweep.
    pub(super) name: String,
    /// Version of the program that computed it.
    pub(super) memwall_version: String,
    /// Of the spec and all that it names.
    pub(super) spec_hash: String,
    /// The sweep's seed.
    pub(super) seed: u64,
    /// Points of the whole sweep.
    pub(super) points: u64,
    /// Whether all of them are there.
    pub(super) complete: bool,
    /// Points by their end: `done`, `impossible`, `failed`.
    pub(super) states: BTreeMap<String, u64>,
    /// Why points are impossible, and how many.
    pub(super) reasons: BTreeMap<String, u64>,
    /// Conditions that points were to meet.
    #[serde(rename = "where")]
    pub(super) conditions: Vec<String>,
    /// Points that were done and meet them.
    pub(super) kept: u64,
    /// The figure that ranks points.
    pub(super) by: String,
    /// Whether less of it is better.
    pub(super) least_first: bool,
    /// Columns of the axes.
    pub(super) axes: Vec<String>,
    /// What each axis does to the figure.
    pub(super) effects: Vec<Effect>,
    /// The best points.
    pub(super) best: Vec<Row>,
    /// Points that no other beats both in tokens a second and user and in output a GPU.
    pub(super) frontier: Vec<Row>,
}

/// Speed per user, made of the median time between its tokens.
pub(super) const SPEED: &str = "tok_s_per_user_p50";

/// What is shown of a point beside its settings.
pub(super) const SHOWN: [&str; 6] = [
    "output_tok_s_per_gpu",
    SPEED,
    "ttft_ms_p99",
    "tpot_ms_p50",
    "usd_per_mtok_output",
    "kv_hit_rate",
];

const OUTPUT: &str = SHOWN[0];

/// How a report is asked for.
pub(super) struct Asked<'a> {
    pub(super) by: &'a str,
    pub(super) top: usize,
    pub(super) conditions: Vec<String>,
}

impl SweepReport {
    const SCHEMA: &'static str = "memwall.sweep-report/1";

    /// Of `rows`, of which those at `kept` were done and meet the conditions.
    pub(super) fn of(results: &Results, rows: &[Row], kept: &[Row], asked: Asked) -> Self {
        let manifest = &results.manifest;
        let least_first = Direction::of(asked.by) == Direction::Worse;
        let mut ranked: Vec<&Row> =
            kept.iter().filter(|row| figure(row, asked.by).is_some()).collect();
        ranked.sort_by(|a, b| {
            let order = figure(a, asked.by).partial_cmp(&figure(b, asked.by));
            let order = order.expect("figures are finite");
            if least_first { order } else { order.reverse() }
        });
        let shown = |row: &Row| shown(results, asked.by, row);
        Self {
            schema: Self::SCHEMA,
            name: manifest.name.clone(),
            memwall_version: manifest.memwall_version.clone(),
            spec_hash: manifest.spec_hash.clone(),
            seed: manifest.seed,
            points: manifest.points,
            complete: manifest.complete,
            states: counts(rows, "state"),
            reasons: counts(rows, "reason"),
            conditions: asked.conditions,
            kept: kept.len() as u64,
            by: asked.by.to_owned(),
            least_first,
            axes: results.axes.clone(),
            effects: effects(&results.axes, kept, asked.by),
            best: ranked.into_iter().take(asked.top).map(shown).collect(),
            frontier: frontier(kept).into_iter().map(shown).collect(),
        }
    }

    /// Columns of a point: the figure that ranks, its settings, and the usual figures.
    pub(super) fn columns(&self) -> Vec<&str> {
        let mut columns = Vec::new();
        let settings = self.axes.iter().map(String::as_str);
        for name in std::iter::once(self.by.as_str()).chain(settings).chain(SHOWN) {
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
        columns
    }
}

/// A figure of a row, if it has one.
pub(super) fn figure(row: &Row, name: &str) -> Option<f64> {
    if name == SPEED {
        let gap_ms = row.get("tpot_ms_p50")?.as_f64()?;
        return (gap_ms > 0.0).then(|| 1000.0 / gap_ms);
    }
    row.get(name)?.as_f64()
}

fn counts(rows: &[Row], column: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for text in rows.iter().filter_map(|row| row.get(column)?.as_str()) {
        *counts.entry(text.to_owned()).or_default() += 1;
    }
    counts
}

/// A point with its number, settings and figures.
fn shown(results: &Results, by: &str, row: &Row) -> Row {
    let settings = results.axes.iter().map(String::as_str).chain(["point"]);
    let settings = settings.map(|name| (name, row.get(name).cloned().unwrap_or(Value::Null)));
    let figures = SHOWN.iter().copied().chain([by]);
    let figures = figures.map(|name| (name, figure(row, name).map(crate::report::round6).into()));
    let both = figures.chain(settings);
    both.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Rows that no other beats in both, the fastest for its users first.
pub(super) fn frontier(rows: &[Row]) -> Vec<&Row> {
    let both = |row: &Row| Some((figure(row, SPEED)?, figure(row, OUTPUT)?));
    let mut rows: Vec<_> = rows.iter().filter_map(|row| Some((both(row)?, row))).collect();
    rows.sort_by(|((speed, output), _), ((other_speed, other), _)| {
        other_speed.total_cmp(speed).then(other.total_cmp(output))
    });
    let mut most = f64::NEG_INFINITY;
    let beats = rows.into_iter().filter(|((_, output), _)| {
        let is_more = *output > most;
        most = most.max(*output);
        is_more
    });
    beats.map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_frontier_holds_what_no_other_beats_in_both() {
        let row = |gap_ms: f64, output: f64| {
            let figures = [("tpot_ms_p50", json!(gap_ms)), (OUTPUT, json!(output))];
            figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Row>()
        };
        let rows = [row(10.0, 50.0), row(20.0, 90.0), row(20.0, 80.0), row(15.0, 40.0)];
        let found = frontier(&rows).into_iter().map(|row| figure(row, OUTPUT).unwrap());
        assert_eq!(found.collect::<Vec<_>>(), [50.0, 90.0]);
    }
}
