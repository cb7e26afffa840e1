//! The command: flags, and which rows they mean.

use std::path::PathBuf;

use clap::Args;

use super::document::{Asked, SHOWN, SPEED, SweepReport, figure};
use super::page::render_page;
use super::print::print;
use super::results::{Results, Row, text};
use crate::cli::files::Staged;
use crate::cli::{CliError, Exit, Shell};
use crate::hardware::nearest;
use crate::sweep::Constraint;

const EXAMPLES: &str = "\
Examples:
  memwall report results/
  memwall report results/ --by usd_per_mtok_output --where 'ttft_ms_p99 < 2000'
  memwall report results/ --html report.html";

/// Flags of `report`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ReportCommand {
    /// The folder of a sweep
    #[arg(value_name = "RUN")]
    folder: PathBuf,
    /// The column that ranks points; less is better of latencies, dollars and joules
    #[arg(long, value_name = "COLUMN", default_value = SHOWN[0])]
    by: String,
    /// Only points that obey this: `KEY OP VALUE` of columns, alternatives joined by ` or `; may be
    /// given several times
    #[arg(long = "where", value_name = "CONDITION", value_parser = condition)]
    conditions: Vec<Condition>,
    /// How many of the best points to show
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: u16,
    /// Put a page with charts there: one file that needs no network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// A condition and its text.
#[derive(Clone, Debug)]
struct Condition {
    text: String,
    constraint: Constraint,
}

fn condition(text: &str) -> Result<Condition, String> {
    Ok(Condition { text: text.to_owned(), constraint: Constraint::read(text)? })
}

impl ReportCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let results = Results::open(&self.folder)?;
        let words = self.conditions.iter().flat_map(|one| one.constraint.words());
        let left: Vec<&str> = words.filter(|(_, is_left)| *is_left).map(|(word, _)| word).collect();
        known("--by", &self.by, &results)?;
        left.iter().try_for_each(|word| known("--where", word, &results))?;
        let right = self.conditions.iter().flat_map(|one| one.constraint.words());
        let mut only = vec!["point", "state", "reason"];
        only.extend(results.axes.iter().map(String::as_str));
        only.extend(SHOWN.iter().copied().chain([self.by.as_str()]));
        only.extend(right.map(|(word, _)| word));
        let rows = results.rows(&self.folder, &only)?;
        let kept = rows.iter().filter(|row| self.keeps(row)).cloned().collect::<Vec<_>>();
        if !results.manifest.complete {
            shell.warn("the sweep is not complete; only the points that are there are reported");
        }
        let conditions = self.conditions.iter().map(|one| one.text.clone()).collect();
        let asked = Asked { by: &self.by, top: self.top.into(), conditions };
        let report = SweepReport::of(&results, &rows, &kept, asked);
        if let Some(path) = &self.html {
            let mut staged = Staged::default();
            staged.add(path, render_page(&report, &kept).as_bytes())?;
            staged.commit()?;
            shell.inform(format!("The page is in {}", path.display()));
        }
        if shell.json() {
            shell.json_document(&report)?;
        } else {
            print(&report, shell)?;
        }
        Ok(Exit::Done)
    }

    /// Whether a point was done and meets every condition; one whose figure is not known does not.
    fn keeps(&self, row: &Row) -> bool {
        let value_of = |word: &str| -> Option<String> {
            if word == SPEED {
                return figure(row, word).map(|speed| speed.to_string());
            }
            row.get(word).filter(|value| !value.is_null()).map(text)
        };
        row.get("state").is_some_and(|state| state == "done")
            && self.conditions.iter().all(|one| {
                let mut left = one.constraint.words().filter(|(_, is_left)| *is_left);
                left.all(|(word, _)| value_of(word).is_some()) && one.constraint.holds(value_of)
            })
    }
}

/// Refuses a column that the folder lacks.
fn known(flag: &'static str, column: &str, results: &Results) -> Result<(), CliError> {
    let columns = || results.known().chain([SPEED]);
    if columns().any(|known| known == column) {
        return Ok(());
    }
    let near = nearest(column, columns());
    let meant = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
    Err(CliError::Flag {
        flag,
        value: column.to_owned(),
        problem: "is no column of figures or settings of this sweep".into(),
        remedy: format!("{meant}`memwall sweep export DIR | head -1` lists them"),
    })
}
