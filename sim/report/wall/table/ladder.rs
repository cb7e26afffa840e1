//! The ladder as a table for a terminal.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::columns::{CLASS_LEGEND, COLUMNS, Column, PAGE_ONLY};
use super::frontier::FRONTIER_COLUMNS;
use super::turns::{TURN_COLUMNS, TURN_LEGEND};
use crate::report::text::{printable, wrap};
use crate::report::wall::levers::{LEVER_COLUMNS, asked};
use crate::report::wall::{NEED_COLUMNS, legend_of_needs};
use crate::report::{WallDocument, WallRow, findings, power_line};

const RULED: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─'));

/// Blanks between columns.
const GAP: usize = 2;

/// The ladder for a terminal of `width` columns: heading, table, legend, and what it says.
///
/// Columns that do not fit are dropped, least important first, and named below the table.
pub fn render_wall_table(document: &WallDocument, width: usize) -> String {
    let (shown, dropped) = choose_columns(document, &COLUMNS, width);
    let mut blocks = vec![heading(document, width)];
    if !document.rows.is_empty() {
        blocks.push(lines_of(&build(document, &shown, width)));
        blocks.push(legend(&dropped, width));
    }
    let of_power = |row: &WallRow| {
        row.power.as_ref().map(|power| format!("{}: {}.", row.title, power_line(power)))
    };
    let power: Vec<String> = document.rows.iter().filter_map(of_power).collect();
    blocks.push(paragraph(&power, width));
    let has_frontier = document.rows.iter().any(|row| !row.frontier.is_empty());
    let is_explained = asked(document);
    let needs = legend_of_needs(document);
    let further: [(bool, &[Column], &str); 4] = [
        (is_explained, &LEVER_COLUMNS, ""),
        (is_explained, &TURN_COLUMNS, TURN_LEGEND),
        (has_frontier, &FRONTIER_COLUMNS, ""),
        (needs.is_some(), &NEED_COLUMNS, needs.as_deref().unwrap_or_default()),
    ];
    for (_, columns, how) in further.into_iter().filter(|(is_wanted, ..)| *is_wanted) {
        let (shown, _) = choose_columns(document, columns, width);
        blocks.push(lines_of(&build(document, &shown, width)));
        blocks.push(paragraph(&[how.to_owned()], width));
    }
    blocks.push(paragraph(&[findings(document).join(" ")], width));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n\n") + "\n"
}

fn heading(document: &WallDocument, width: usize) -> String {
    let over = document.kv_tiers.as_ref();
    paragraph(
        &[format!(
            "{} on {}{}: {}{}; {} time model, {} engine, seed {}.",
            document.model,
            document.workload,
            over.map_or(String::new(), |stores| format!(", KV over {stores}")),
            document.slo,
            document.steps.as_ref().map_or_else(String::new, |steps| format!("; {steps}")),
            document.cost,
            document.engine_profile,
            document.seed
        )],
        width,
    )
}

/// Which of `columns` fit into `width`, and the titles of those that have figures but no room.
fn choose_columns<'a>(
    document: &WallDocument,
    columns: &'a [Column],
    width: usize,
) -> (Vec<&'a Column>, Vec<String>) {
    let mut shown: Vec<&Column> = columns
        .iter()
        .filter(|column| column.rank != PAGE_ONLY)
        .filter(|column| {
            column.rank == 0 || document.rows.iter().any(|row| (column.cell)(row) != "–")
        })
        .collect();
    let mut dropped: Vec<&Column> = Vec::new();
    while table_width(document, &shown) > width {
        let least = shown.iter().map(|column| column.rank).max().unwrap_or(0);
        if least == 0 {
            break;
        }
        dropped.extend(shown.extract_if(.., |column| column.rank == least));
    }
    (shown, dropped.iter().rev().map(|column| column.header.replace('\n', " ")).collect())
}

/// Width of the table if nothing is wrapped: contents with two blanks between.
fn table_width(document: &WallDocument, columns: &[&Column]) -> usize {
    let contents = fill(document, columns).column_max_content_widths();
    contents.iter().map(|&content| usize::from(content) + GAP).sum::<usize>() - GAP
}

fn build(document: &WallDocument, columns: &[&Column], width: usize) -> Table {
    let mut table = fill(document, columns);
    table.load_style(RULED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    table
}

fn fill(document: &WallDocument, columns: &[&Column]) -> Table {
    let mut table = Table::new();
    let align = |column: &Column, text: String| {
        Cell::new_owned(text).set_alignment(if column.is_number {
            CellAlignment::Right
        } else {
            CellAlignment::Left
        })
    };
    table.set_header(columns.iter().map(|column| align(column, column.header.to_owned())));
    for row in &document.rows {
        table.add_row(columns.iter().map(|column| align(column, (column.cell)(row))));
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((if place == 0 { 0 } else { GAP as u16 }, 0));
    }
    table
}

fn lines_of(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn legend(dropped: &[String], width: usize) -> String {
    let mut lines = vec![CLASS_LEGEND.to_owned()];
    if !dropped.is_empty() {
        lines.push(format!(
            "No room for: {}. A wider terminal shows more, --json everything.",
            dropped.join(", ")
        ));
    }
    paragraph(&lines, width)
}

fn paragraph(sentences: &[String], width: usize) -> String {
    let lines: Vec<String> =
        sentences.iter().flat_map(|sentence| wrap(&printable(sentence), width)).collect();
    lines.join("\n")
}
