//! `memwall diff`: what changed between two results.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::cli::files::{self, SUMMARY, Staged};
use crate::cli::sweep::{holds_sweep, rows_document};
use crate::cli::terminal::number;
use crate::cli::{CliError, Column, Exit, Shell, Table};
use crate::report::{DiffDocument, Incomparable, Metric, Tolerance, compare, diff_markdown};

const EXAMPLES: &str = "\
Examples:
  memwall diff base.json new.json --fail-over 2%
  memwall diff base.json new.json --tolerance ttft_ms.p99=10% --tolerance 'rows[h20].*=ignore'
  memwall diff base.json new.json --markdown summary.md
  memwall diff last-week/ results/";

/// Metrics that a terminal is shown of each kind.
const SHOWN: usize = 20;

/// Flags of `diff`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Diff {
    /// What to compare with: a document printed by a command with --json, the folder of a sweep, or
    /// of `run --out`
    base: PathBuf,
    /// What to judge
    new: PathBuf,
    /// Fail (exit code 1) if a metric gets worse by more: slower, dearer, hungrier
    #[arg(long, value_name = "SHARE", default_value = "2%", value_parser = share)]
    fail_over: f64,
    /// How much worse one metric may get: a path, its end, or a pattern with `*`; `ignore` for any
    #[arg(long, value_name = "PATH=SHARE", value_parser = tolerance)]
    tolerance: Vec<Tolerance>,
    /// Put a summary for a pull request there
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// `2%` or `0.02`.
fn share(text: &str) -> Result<f64, String> {
    let (digits, scale) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits, 0.01));
    let share = digits.trim().parse::<f64>().ok().map(|share| share * scale);
    let share = share.filter(|share| share.is_finite() && *share >= 0.0);
    share.ok_or_else(|| "give a share such as 2% or 0.02, not negative".into())
}

fn tolerance(text: &str) -> Result<Tolerance, String> {
    let (path, allowed) = text.rsplit_once('=').ok_or("write it as ttft_ms.p99=10%")?;
    let share = if allowed == "ignore" { None } else { Some(share(allowed)?) };
    Ok(Tolerance { path: path.into(), share })
}

impl Diff {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let (base, new) = (document(&self.base)?, document(&self.new)?);
        let diff = compare(&base, &new, self.fail_over, &self.tolerance)
            .map_err(|error| self.refused(error))?;
        if let Some(path) = &self.markdown {
            let mut staged = Staged::default();
            staged.add(path, diff_markdown(&diff).as_bytes())?;
            staged.commit()?;
        }
        for line in &diff.differing {
            shell.warn(format!("the documents are not of the same work: {line}"));
        }
        if shell.json() {
            shell.json_document(&diff)?;
        } else {
            print(&diff, shell)?;
        }
        Ok(if diff.ok { Exit::Done } else { Exit::Failed })
    }

    fn refused(&self, error: Incomparable) -> CliError {
        let path = match error {
            Incomparable::NoSuchMetric(path) => {
                return CliError::Flag {
                    flag: "--tolerance",
                    value: path,
                    problem: "fits no metric of either document".into(),
                    remedy: "give a path such as latency.ttft_ms.p99, or its end".into(),
                };
            }
            Incomparable::NoSchema | Incomparable::Kinds { .. } => self.new.clone(),
        };
        CliError::Scenario { path, line: None, problem: error.to_string() }
    }
}

fn document(path: &Path) -> Result<Value, CliError> {
    if holds_sweep(path) {
        return rows_document(path);
    }
    let summary = path.join(SUMMARY);
    let path = if summary.is_file() { summary.as_path() } else { path };
    if path.is_dir() {
        return Err(CliError::Store {
            path: path.into(),
            problem: format!(
                "holds no sweep and no {SUMMARY}; name the DIR of `memwall sweep --out DIR` or of \
                 `memwall run --out DIR`, or a document"
            ),
        });
    }
    let text = files::text(path, "a JSON document")?;
    serde_json::from_str(&text).map_err(|error| CliError::Scenario {
        path: path.into(),
        line: Some(error.line()),
        problem: format!("broken JSON ({error}); give what a command printed with --json"),
    })
}

fn print(diff: &DiffDocument, shell: &mut Shell) -> Result<(), CliError> {
    let (worse, changed) = (diff.regressions(), diff.changes());
    let verdict = if diff.ok { "nothing got worse than allowed" } else { "regressions" };
    shell.heading(format!("{}: {verdict}", diff.of))?;
    shell.line(format!(
        "{} metrics: {} worse than allowed, {} changed within it.",
        diff.metrics.len(),
        worse.len(),
        changed.len()
    ))?;
    for (title, metrics) in [("worse than allowed", worse), ("changed", changed)] {
        if metrics.is_empty() {
            continue;
        }
        shell.line("")?;
        shell.table(table(title, &metrics))?;
        if metrics.len() > SHOWN {
            shell.line(format!("{} more are in --json.", metrics.len() - SHOWN))?;
        }
    }
    Ok(())
}

fn table(title: &'static str, metrics: &[&Metric]) -> Table {
    let numbers = ["base", "new", "change", "allowed"].map(Column::Number);
    let mut table = Table::new(&[&[Column::Name(title)], numbers.as_slice()].concat());
    let per_cent = |share: Option<f64>, sign: bool| match (share, sign) {
        (Some(share), true) => format!("{:+.2} %", share * 100.0),
        (Some(share), false) => format!("{} %", crate::units::significant(share * 100.0, 3)),
        (None, _) => "–".into(),
    };
    for metric in metrics.iter().take(SHOWN) {
        table.row([
            metric.path.clone(),
            number(metric.base),
            number(metric.new),
            per_cent(metric.change, true),
            per_cent(metric.allowed, false),
        ]);
    }
    table
}
