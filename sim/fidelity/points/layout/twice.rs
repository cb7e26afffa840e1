//! Runs that a file lists twice: dumps of one database overlap.

use std::collections::BTreeSet;

use super::reader::Figures;
use super::table::Row;

/// The runs of a file so far, each by what was run and what was measured, as written.
#[derive(Debug, Default)]
pub(super) struct Listed(BTreeSet<Vec<String>>);

impl Listed {
    /// `figures`, of `row`; they are to be skipped if a row above has the same of the same run.
    /// `labels` tell runs apart and `values` are what was measured, both columns of the file; the
    /// latter are compared to four digits, for some dumps round them.
    pub(super) fn once(
        &mut self,
        mut figures: Figures,
        row: &Row,
        (labels, values): (&[&str], &[&str]),
    ) -> Figures {
        if figures.ask.is_err() {
            return figures;
        }
        let tags = &figures.tags;
        let names = [&tags.chip, &tags.model, &tags.engine, &tags.dtype].map(Clone::clone);
        let labels = labels.iter().map(|column| plain(row.text(column), |label| label.to_string()));
        let four_digits = |value: f64| format!("{value:.3e}");
        let values = values.iter().map(|column| plain(row.text(column), four_digits));
        if !self.0.insert(names.into_iter().chain(labels).chain(values).collect()) {
            figures.ask = Err("a row above has the same figures of the same run".into());
        }
        figures
    }
}

/// A cell, where numbers are all written by `number`: 8 and 8.0 are the same.
fn plain(cell: &str, number: fn(f64) -> String) -> String {
    cell.parse().map_or_else(|_| cell.to_owned(), number)
}
