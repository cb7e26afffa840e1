//! Plain tables: a header, aligned columns, two spaces between them.

use std::fmt::Display;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table as Grid};

use crate::hardware::Class;
use crate::units::significant;

/// What stands where nothing is known.
const UNKNOWN: &str = "–";

/// Spaces between columns.
const GAP: u16 = 2;

/// A column's title and kind.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) enum Column {
    /// Words, aligned left; wraps in a narrow terminal.
    Text(&'static str),
    /// Numbers, aligned right; never wraps.
    Number(&'static str),
}

/// A table of results.
#[derive(Debug)]
pub(in crate::cli) struct Table {
    grid: Grid,
    numbers: Vec<bool>,
}

impl Table {
    /// A table without rows.
    pub(in crate::cli) fn new(columns: &[Column]) -> Self {
        let mut grid = Grid::new();
        grid.load_style(NOTHING);
        let numbers: Vec<_> =
            columns.iter().map(|column| matches!(column, Column::Number(_))).collect();
        grid.set_header(columns.iter().map(|column| match column {
            Column::Text(title) => Cell::new(title),
            Column::Number(title) => Cell::new(title).set_alignment(CellAlignment::Right),
        }));
        for (column, &is_number) in grid.column_iter_mut().zip(&numbers) {
            column.set_padding((0, GAP));
            if is_number {
                column.set_cell_alignment(CellAlignment::Right);
                column.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        if let Some(last) = grid.column_mut(columns.len() - 1) {
            last.set_padding((0, 0));
        }
        Self { grid, numbers }
    }

    /// Adds a row; one cell a column.
    ///
    /// # Panics
    /// If there are more or fewer cells than columns.
    pub(in crate::cli) fn row<const N: usize>(&mut self, cells: [String; N]) {
        assert_eq!(N, self.numbers.len(), "a row has one cell a column");
        self.grid.add_row(cells);
    }

    /// The table as text, at most `width` columns wide if that is known.
    pub(super) fn fitted(mut self, width: Option<u16>) -> String {
        if let Some(width) = width {
            self.grid.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        self.grid.trim_fmt()
    }
}

/// The text of something that may be unknown.
pub(in crate::cli) fn known<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| UNKNOWN.into(), |value| value.to_string())
}

/// A number to three digits that may be unknown.
pub(in crate::cli) fn number(value: Option<f64>) -> String {
    known(value.map(|value| significant(value, 3)))
}

/// A share in per cent to four digits; unknown where there is no whole.
pub(in crate::cli) fn per_cent(part: u64, whole: u64) -> String {
    let share = (whole > 0).then(|| part as f64 / whole as f64);
    known(share.map(|share| format!("{} %", significant(share * 100.0, 4))))
}

/// A whole number with its thousands set apart.
pub(in crate::cli) fn count(number: u64) -> String {
    significant(number as f64, 1)
}

/// A number of parameters as people say it: `8.03 B`, `1.03 T`.
pub(in crate::cli) fn parameters(number: u64) -> String {
    let number = number as f64;
    let steps = [(1e12, "T"), (1e9, "B"), (1e6, "M")];
    let (scale, suffix) = steps.into_iter().find(|step| number >= step.0).unwrap_or((1e6, "M"));
    format!("{} {suffix}", significant(number / scale, 3))
}

/// So many of a thing: `1 file`, `2 files`.
pub(in crate::cli) fn counted(number: usize, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number as u64))
}

/// The name of a class of figures.
pub(in crate::cli) fn class_name(class: Class) -> &'static str {
    match class {
        Class::Datasheet => "datasheet",
        Class::Announced => "announced",
        Class::Reported => "reported",
        Class::Estimate => "estimate",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new(&[Column::Text("chip"), Column::Number("TB/s")]);
        table.row(["h100-sxm".into(), number(Some(3.352))]);
        table.row(["unknown".into(), number(None)]);
        table
    }

    #[test]
    fn columns_align_and_unknown_is_no_number() {
        assert_eq!(sample().fitted(None), "chip      TB/s\nh100-sxm  3.35\nunknown      –");
    }

    #[test]
    fn a_narrow_terminal_wraps_words_not_numbers() {
        let text = sample().fitted(Some(12));
        assert!(text.contains("3.35"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 12), "{text}");
    }
}
