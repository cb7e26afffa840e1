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

/// A column of words is never narrower, unless its words are.
const TEXT_MIN: u16 = 10;

/// A column's title and kind.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli) enum Column {
    /// Names, aligned left; never wraps.
    Name(&'static str),
    /// Words, aligned left; wraps in a narrow terminal.
    Text(&'static str),
    /// Numbers, aligned right; never wraps.
    Number(&'static str),
}

impl Column {
    const fn title(self) -> &'static str {
        match self {
            Self::Name(title) | Self::Text(title) | Self::Number(title) => title,
        }
    }
}

/// A table of results.
#[derive(Debug)]
pub(in crate::cli) struct Table {
    grid: Grid,
    columns: Vec<Column>,
    titles: Vec<String>,
}

impl Table {
    /// A table without rows.
    pub(in crate::cli) fn new(columns: &[Column]) -> Self {
        Self::titled(columns, columns.iter().map(|column| column.title().to_owned()).collect())
    }

    /// A table without rows whose columns have other `titles`, one each.
    pub(in crate::cli) fn titled(columns: &[Column], titles: Vec<String>) -> Self {
        let mut grid = Grid::new();
        grid.load_style(NOTHING);
        grid.set_header(titles.iter().map(Cell::new));
        for (drawn, column) in grid.column_iter_mut().zip(columns) {
            drawn.set_padding((0, GAP));
            if matches!(column, Column::Number(_)) {
                drawn.set_cell_alignment(CellAlignment::Right);
            }
            if !matches!(column, Column::Text(_)) {
                drawn.set_constraint(ColumnConstraint::ContentWidth);
            }
        }
        if let Some(last) = grid.column_mut(columns.len() - 1) {
            last.set_padding((0, 0));
        }
        Self { grid, columns: columns.into(), titles }
    }

    /// Adds a row; one cell a column.
    ///
    /// # Panics
    /// If there are more or fewer cells than columns.
    pub(in crate::cli) fn row(&mut self, cells: impl Into<Vec<String>>) {
        let cells = cells.into();
        assert_eq!(cells.len(), self.columns.len(), "a row has one cell a column");
        self.grid.add_row(cells);
    }

    /// The same table for a page.
    pub(in crate::cli) fn for_page(&self) -> crate::report::Grid {
        let cells = |row: &comfy_table::Row| row.cell_iter().map(Cell::content).collect();
        let is_number = |column: &Column| matches!(column, Column::Number(_));
        crate::report::Grid {
            head: self.columns.iter().map(|it| (it.title().to_owned(), is_number(it))).collect(),
            rows: self.grid.row_iter().map(cells).collect(),
        }
    }

    /// The table as text, at most `width` columns wide if that is known.
    ///
    /// What has no room even with words wrapped is left out from the right, and said so.
    pub(super) fn fitted(mut self, width: Option<u16>) -> String {
        let Some(width) = width else { return self.grid.trim_fmt() };
        let shown = self.columns_within(width);
        for hidden in shown..self.columns.len() {
            if let Some(column) = self.grid.column_mut(hidden) {
                column.set_constraint(ColumnConstraint::Hidden);
            }
        }
        self.grid.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        let text = self.grid.trim_fmt();
        let hidden = &self.titles[shown..];
        if hidden.is_empty() {
            return text;
        }
        [text, format!("No room for: {}.", hidden.join(", "))].join("\n")
    }

    /// How many columns, the first at least, fit into `width`.
    fn columns_within(&self, width: u16) -> usize {
        let mut used = 0;
        let widths = self.grid.column_max_content_widths().into_iter().zip(&self.columns);
        let fits = |(content, column): (u16, &Column)| {
            let is_text = matches!(column, Column::Text(_));
            used += if is_text { content.min(TEXT_MIN) } else { content };
            let fits = used <= width;
            used += GAP;
            fits
        };
        widths.map(fits).take_while(|&fits| fits).count().max(1)
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
        let columns = [Column::Name("chip"), Column::Number("TB/s"), Column::Text("class")];
        let mut table = Table::new(&columns);
        table.row(["h100-sxm".into(), number(Some(3.352)), "data sheet".into()]);
        table.row(["unknown".into(), number(None), "a rough own estimate".into()]);
        table
    }

    #[test]
    fn columns_align_and_unknown_is_no_number() {
        let text = "chip      TB/s  class\nh100-sxm  3.35  data sheet\n\
                    unknown      –  a rough own estimate";
        assert_eq!(sample().fitted(None), text);
    }

    #[test]
    fn a_narrow_terminal_wraps_words_and_no_numbers() {
        let text = sample().fitted(Some(27));
        assert!(text.contains("h100-sxm  3.35  data sheet"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 27), "{text}");
    }

    #[test]
    fn what_has_no_room_is_named() {
        let text = sample().fitted(Some(20));
        assert!(text.ends_with("No room for: class."), "{text}");
        assert!(text.starts_with("chip      TB/s\n"), "{text}");
    }
}
