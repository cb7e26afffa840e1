//! The tables of `memwall import`.

use super::document::{Document, Row, Tokens};
use crate::cli::terminal::{count, counted, known};
use crate::cli::{CliError, Column, Shell, Table};

/// Most periods that a terminal is shown.
const PERIODS: usize = 31;

/// Prints what was used.
pub(super) fn print(document: &Document, shell: &mut Shell) -> Result<(), CliError> {
    let mut title = format!("{}: {}", document.agent, counted(document.files, "file"));
    if let (Some(sessions), Some(calls)) = (document.sessions, document.calls) {
        title += &format!(", {}, {} calls", counted(sessions, "session"), count(calls));
    }
    shell.heading(title)?;
    if document.repeated_lines > 0 {
        let repeated = count(document.repeated_lines);
        shell.line(format!("{repeated} lines told again of a call and were not counted."))?;
    }
    shell.line("")?;
    let mut table = table("model");
    document.models.iter().for_each(|row| add(&mut table, row));
    let total = Row {
        name: "all".into(),
        calls: document.calls,
        tokens: document.tokens,
        usd: Some(document.usd),
        usd_at_list_price: document.usd_at_list_price,
    };
    add(&mut table, &total);
    shell.table(table)?;
    shell.line(shares(&document.tokens))?;
    if document.periods.len() > 1 {
        shell.line("")?;
        let mut table = self::table("period");
        let hidden = document.periods.len().saturating_sub(PERIODS);
        document.periods[hidden..].iter().for_each(|row| add(&mut table, row));
        shell.table(table)?;
        if hidden > 0 {
            shell.line(format!("{hidden} earlier ones are in --json."))?;
        }
    }
    if let Some(path) = &document.workload {
        shell.line(format!(
            "\nA workload of this shape is in {path}:\n  \
             memwall run --workload {path} --chip gb300 --tp 2\n  \
             memwall plan --workload {path} --tasks-per-hour 100"
        ))?;
    }
    let prices = &document.prices;
    let date = prices.date.as_ref().map_or(String::new(), |date| format!(", {date}"));
    shell.line(format!("\nList prices: {}{date}.", prices.source))
}

fn table(first: &'static str) -> Table {
    Table::new(&[
        Column::Name(first),
        Column::Number("calls"),
        Column::Number("input"),
        Column::Number("cache write"),
        Column::Number("cache read"),
        Column::Number("output"),
        Column::Number("USD"),
        Column::Number("at list"),
    ])
}

fn add(table: &mut Table, row: &Row) {
    let usd = |usd: Option<f64>| known(usd.map(|usd| format!("{usd:.2}")));
    let tokens = &row.tokens;
    table.row([
        row.name.clone(),
        known(row.calls.map(count)),
        count(tokens.input),
        count(tokens.cache_write),
        count(tokens.cache_read),
        count(tokens.output),
        usd(row.usd),
        usd(row.usd_at_list_price),
    ]);
}

fn shares(tokens: &Tokens) -> String {
    let share = |part: u64| format!("{:.1} %", part as f64 * 100.0 / tokens.total.max(1) as f64);
    format!(
        "{} tokens: {} cache reads, {} output.",
        count(tokens.total),
        share(tokens.cache_read),
        share(tokens.output)
    )
}
