//! What a tenth more of each resource buys: names, figures, table columns, a sentence.

use super::table::{Column, number, words};
use super::{WallDocument, WallRow};
use crate::report::Slope;
use crate::report::text::{listed, printable, wrap};

/// How much more is asked about.
const MORE: f64 = 1.1;

/// A resource that every row answers about.
pub(in crate::report) struct Lever {
    /// In words.
    pub(in crate::report) name: &'static str,
    /// Elasticity, and its error if that is known.
    pub(in crate::report) slope: fn(&WallRow) -> Option<Slope>,
}

/// In the order of reports.
pub(in crate::report) const LEVERS: [Lever; 6] = [
    Lever {
        name: "HBM bandwidth",
        slope: |row| with(row.elasticity.hbm_bandwidth, row.elasticity_error.hbm_bandwidth),
    },
    Lever {
        name: "HBM capacity",
        slope: |row| with(row.elasticity.hbm_capacity, row.elasticity_error.hbm_capacity),
    },
    Lever { name: "both", slope: both },
    Lever {
        name: "FLOP/s",
        slope: |row| with(row.elasticity.compute, row.elasticity_error.compute),
    },
    Lever {
        name: "links",
        slope: |row| with(row.elasticity.interconnect, row.elasticity_error.interconnect),
    },
    Lever { name: "host", slope: |row| with(row.elasticity.host, row.elasticity_error.host) },
];

/// The columns of the table, from left to right.
pub(super) const LEVER_COLUMNS: [Column; 8] = [
    words("+10 % of …\nbuys, on", 0, |row| wrap(&printable(&row.title), 20).join("\n")),
    number("HBM\nbandwidth", 0, |row| cell(row, 0)),
    number("HBM\ncapacity", 0, |row| cell(row, 1)),
    number("both\nof them", 1, |row| cell(row, 2)),
    number("FLOP/s\n", 0, |row| cell(row, 3)),
    number("links\n", 2, |row| cell(row, 4)),
    number("host\n", 3, |row| cell(row, 5)),
    number("standard\nerror", 4, |row| {
        let error = (LEVERS[0].slope)(row).and_then(|slope| Some(points(gain(slope.error?))));
        error.map_or_else(dash, |error| format!("± {error} %"))
    }),
];

/// Output per GPU that a tenth more buys at an elasticity, in per cent.
pub(in crate::report) fn gain(elasticity: f64) -> f64 {
    100.0 * (libm::pow(MORE, elasticity) - 1.0)
}

/// `On H100 SXM, 10 % more HBM bandwidth buys 4.1 % more output, …`; none if not asked for.
pub(super) fn said(row: &WallRow) -> Option<String> {
    let bought = |lever: &Lever| {
        let Slope { value, .. } = (lever.slope)(row)?;
        Some(format!("{} {} %", lever.name, points(gain(value))))
    };
    let parts: Vec<String> = LEVERS.iter().filter_map(bought).collect();
    (!parts.is_empty()).then(|| {
        format!(
            "10 % more of one thing changes output per GPU on {}: {}.",
            row.title,
            listed(&parts)
        )
    })
}

/// Whether the rows were asked.
pub(in crate::report) fn asked(document: &WallDocument) -> bool {
    document.rows.iter().any(|row| LEVERS.iter().any(|lever| (lever.slope)(row).is_some()))
}

fn with(elasticity: Option<f64>, error: Option<f64>) -> Option<Slope> {
    elasticity.map(|value| Slope { value, error })
}

fn both(row: &WallRow) -> Option<Slope> {
    row.elasticity_further.get("hbm_bandwidth_and_hbm_capacity").copied()
}

fn cell(row: &WallRow, place: usize) -> String {
    let slope = (LEVERS[place].slope)(row);
    slope.map_or_else(dash, |Slope { value, .. }| format!("{} %", signed(gain(value))))
}

fn signed(percent: f64) -> String {
    let text = points(percent);
    if text.starts_with('−') { text } else { format!("+{text}") }
}

/// One decimal: errors are about as large.
fn points(percent: f64) -> String {
    let rounded = format!("{percent:.1}");
    if rounded == "-0.0" { "0.0".to_owned() } else { rounded.replace('-', "−") }
}

fn dash() -> String {
    "–".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Class;
    use crate::report::Elasticity;

    #[test]
    fn proportional_output_gains_the_whole_tenth() {
        assert!((gain(1.0) - 10.0).abs() < 1e-12 && gain(0.0).abs() < 1e-12);
        assert_eq!(
            (signed(-0.04), signed(-1.26), signed(0.0)),
            ("+0.0".to_owned(), "−1.3".to_owned(), "+0.0".to_owned())
        );
    }

    #[test]
    fn a_row_that_was_not_asked_says_nothing() {
        let silent = WallRow::unknown("x", "X", Class::Datasheet);
        assert_eq!(said(&silent), None);
        let known = Elasticity { hbm_bandwidth: Some(0.5), ..Elasticity::default() };
        let asked = WallRow { elasticity: known, elasticity_error: known, ..silent };
        assert!(said(&asked).expect("it was asked").contains("on X: HBM bandwidth 4.9 %."));
        assert_eq!((LEVER_COLUMNS[1].cell)(&asked), "+4.9 %");
        assert_eq!((LEVER_COLUMNS[2].cell)(&asked), "–");
    }
}
