//! What `calibrate` reports.

use std::collections::BTreeMap;

use serde::Serialize;

use super::floors::{FloorScores, TwinRow};
use crate::cli::terminal::known;
use crate::cli::{Column, Table};
use crate::fidelity::fit::{Family, Fit, Floor, Group, Outcome, Place, Rule, Score};

/// The document `memwall.calibrate/1`.
#[derive(Debug, Default, Serialize)]
pub(super) struct Document {
    pub(super) rows: Vec<Row>,
    /// How far kernels are from themselves; only if floors were asked for.
    pub(super) twins: Vec<TwinRow>,
    /// Rows of the tables that could not be used.
    pub(super) faults: Vec<String>,
    /// Files that were written.
    pub(super) written: Vec<String>,
}

/// Errors of one row of constants, or of a key over all chips.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) family: &'static str,
    pub(super) key: String,
    /// A chip, a pool of chips, `all`, or those `with HBM`.
    pub(super) place: String,
    pub(super) engine: String,
    /// The donor and the rule, where the chip was left out.
    inherited: Option<String>,
    /// Kernels fitted to, or predicted.
    n: usize,
    in_sample: Option<Score>,
    /// On shapes, or on the chip, that the fit did not see.
    pub(super) held_out: Option<Score>,
    /// The table's own on the same shapes; none if not asked for, or of kernels whose sizes are not
    /// all numbers.
    pub(super) floor: Option<FloorScores>,
    /// Median and 90th percentile to reach.
    target: Option<(f64, f64)>,
}

impl Row {
    /// The target for people.
    pub(super) fn shown_target(&self) -> Option<String> {
        self.target.map(|(median, p90)| format!("{} / {}", percent(median), percent(p90)))
    }
}

/// What was fitted, and its floor if that was asked for.
pub(super) type Fitted<'a> = (&'a Group<'a>, &'a Fit, Option<&'a Floor>);

/// Predicted over measured, by the form and by the floors.
#[derive(Default)]
struct Pooled {
    form: Vec<f64>,
    table: Vec<f64>,
    joined: Vec<f64>,
}

impl Pooled {
    fn add(&mut self, fit: &Fit, floor: Option<&Floor>) {
        self.form.extend(&fit.residuals);
        if let Some(floor) = floor {
            self.table.extend(&floor.table);
            self.joined.extend(&floor.joined);
        }
    }
}

const ALL: &str = "all";

/// All chips but the boards with graphics memory.
const HBM: &str = "with HBM";

/// Rows of a family's fits, and for each key one over all chips.
pub(super) fn rows(family: &Family, fits: &[Fitted]) -> Vec<Row> {
    let row = |(group, fit, floor): &Fitted| Row {
        family: family.name,
        key: group.key.clone(),
        place: group.place.name().to_owned(),
        engine: group.engine.clone(),
        inherited: None,
        n: group.len(),
        in_sample: Some(fit.in_sample),
        held_out: fit.held_out,
        floor: floor.and_then(|floor| FloorScores::of(&floor.table, &floor.joined)),
        target: None,
    };
    let mut rows: Vec<Row> = fits.iter().map(row).collect();
    let mut pooled = BTreeMap::<(&str, &str, &str), Pooled>::new();
    for (group, fit, floor) in fits.iter().filter(|(of, ..)| matches!(of.place, Place::Chip(_))) {
        let mut add = |of| pooled.entry(of).or_default().add(fit, *floor);
        add((&group.key, ALL, &group.engine));
        for key in [group.key.as_str(), ALL] {
            add((key, ALL, ALL));
            if group.has_hbm() {
                add((key, HBM, ALL));
            }
        }
    }
    rows.extend(pooled.into_iter().map(|(of, errors)| Row {
        target: if of.2 == ALL { family.target(of.0) } else { None },
        floor: FloorScores::of(&errors.table, &errors.joined),
        ..pooled_row(family.name, of, &errors.form)
    }));
    rows
}

fn pooled_row(family: &'static str, of: (&str, &str, &str), residuals: &[f64]) -> Row {
    let (key, place, engine) = of;
    Row {
        family,
        key: key.to_owned(),
        place: place.to_owned(),
        engine: engine.to_owned(),
        inherited: None,
        n: residuals.len(),
        in_sample: None,
        held_out: Score::of(residuals),
        floor: None,
        target: None,
    }
}

/// Rows of what was predicted for chips that were left out, and for each key and rule one over
/// them.
pub(super) fn left_rows(outcomes: &[Outcome]) -> Vec<Row> {
    let row = |outcome: &Outcome| Row {
        family: outcome.family,
        key: outcome.key.clone(),
        place: outcome.chip.clone(),
        engine: outcome.engine.clone(),
        inherited: Some(format!("{}, {}", outcome.donor, outcome.rule.name())),
        n: outcome.score.n,
        in_sample: None,
        held_out: Some(outcome.score),
        floor: None,
        target: None,
    };
    let mut rows: Vec<Row> = outcomes.iter().map(row).collect();
    let mut pooled = BTreeMap::<(&'static str, &str, Rule), Vec<f64>>::new();
    for outcome in outcomes {
        for key in [outcome.key.as_str(), ALL] {
            let of = (outcome.family, key, outcome.rule);
            pooled.entry(of).or_default().extend(&outcome.residuals);
        }
    }
    rows.extend(pooled.into_iter().map(|((family, key, rule), residuals)| Row {
        inherited: Some(rule.name().to_owned()),
        ..pooled_row(family, (key, ALL, ALL), &residuals)
    }));
    rows
}

/// A share in per cent to a tenth.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// The same for people.
pub(super) fn table(document: &Document) -> Table {
    let mut table = Table::new(&[
        Column::Name("Family"),
        Column::Name("Key"),
        Column::Name("Place"),
        Column::Name("Engine"),
        Column::Name("Inherited"),
        Column::Number("n"),
        Column::Number("in-sample"),
        Column::Number("p90"),
        Column::Number("held out"),
        Column::Number("p90"),
        Column::Number("bias"),
        Column::Number("target"),
    ]);
    for row in &document.rows {
        let share = |score: Option<Score>, part: fn(Score) -> f64| {
            known(score.map(|score| percent(part(score))))
        };
        table.row([
            row.family.to_owned(),
            row.key.clone(),
            row.place.clone(),
            row.engine.clone(),
            known(row.inherited.clone()),
            row.n.to_string(),
            share(row.in_sample, |score| score.median),
            share(row.in_sample, |score| score.p90),
            share(row.held_out, |score| score.median),
            share(row.held_out, |score| score.p90),
            share(row.held_out, |score| score.bias),
            known(row.shown_target()),
        ]);
    }
    table
}
