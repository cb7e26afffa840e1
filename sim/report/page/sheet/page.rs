//! The page.

use maud::{Markup, html};
use serde::Serialize;
use serde_json::{Map, Value};

use super::plot::Plot;
use crate::report::page::charts::{place, stated};
use crate::report::page::html::{facts, footer, glued, render_page, warned, without_script};
use crate::report::page::tables::framed;

/// What stands on a page.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// Its title.
    pub title: String,
    /// What the document in it is: `memwall.plan/1`.
    pub schema: &'static str,
    /// What was asked, by name.
    pub facts: Vec<(&'static str, String)>,
    /// What to beware of.
    pub warnings: Vec<String>,
    /// Its parts, in order.
    pub sections: Vec<Section>,
}

/// A part of a page.
#[derive(Clone, Debug)]
pub struct Section {
    /// Distinct on the page, a word.
    pub id: &'static str,
    /// Its heading.
    pub heading: String,
    /// What its numbers say, in sentences.
    pub says: Vec<String>,
    /// Its chart, and how to read it.
    pub plot: Option<(Plot, String)>,
    /// Its numbers.
    pub table: Option<Grid>,
}

/// A table of texts.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// Headings of the columns, and whether they hold numbers.
    pub head: Vec<(String, bool)>,
    /// Cells by row.
    pub rows: Vec<Vec<String>>,
}

/// The sheet as one HTML file, under 3 MB, that works offline; `document` is inside as JSON.
pub fn render_sheet(sheet: &Sheet, document: &impl Serialize) -> String {
    let asked: Vec<(&str, &str)> =
        sheet.facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let body = html! {
        main {
        h1 { (sheet.title) }
        (facts(&asked))
        (warned(&sheet.warnings))
        (without_script())
        @for section in &sheet.sections {
            section {
                (stated(section.id, &section.heading, &section.says))
                @if let Some((_, caption)) = &section.plot {
                    (place(section.id, &html! {}, caption))
                }
                @if let Some(grid) = &section.table { (table(section.id, grid)) }
            }
        }
        }
        (footer(env!("CARGO_PKG_VERSION"), sheet.schema))
    };
    let figures: Map<String, Value> = sheet
        .sections
        .iter()
        .filter_map(|section| Some((section.id.to_owned(), section.plot.as_ref()?.0.figure())))
        .collect();
    render_page(&sheet.title, &body, document, &Value::Object(figures))
}

fn table(id: &str, grid: &Grid) -> Markup {
    let class = |is_number: bool| is_number.then_some("number");
    let table = html! {
        thead { tr {
            @for (title, is_number) in &grid.head {
                th scope="col" class=[class(*is_number)] { (title) }
            }
        } }
        tbody { @for row in &grid.rows { tr {
            @for ((_, is_number), cell) in grid.head.iter().zip(row) {
                td class=[class(*is_number)] { (glued(cell)) }
            }
        } } }
    };
    framed("results", &format!("{id}-heading"), &table)
}
