//! What is imported, and how.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::document::{Document, Prices, Row, SkippedFile, SkippedLine};
use super::print::print;
use crate::cli::files::{self, Staged};
use crate::cli::money::flags::PriceFlags;
use crate::cli::terminal::counted;
use crate::cli::{CliError, Exit, Shell};
use crate::economics::{
    Agent, BilledTokens, LoggedCall, PriceBook, SessionShape, UsageError, UsageReader, UsageRow,
    calibrated_workload, read_ccusage,
};

const EXAMPLES: &str = "\
Examples:
  memwall import claude-code ~/.claude/projects --out mine.toml
  memwall import codex ~/.codex/sessions --json
  memwall import ccusage usage.json --prices model_prices_and_context_window.json";

/// Whose usage is imported.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) enum ImportCommand {
    /// Claude Code's session logs
    #[command(after_help = EXAMPLES)]
    ClaudeCode(Source),
    /// Codex's rollout logs
    #[command(after_help = EXAMPLES)]
    Codex(Source),
    /// What `ccusage … --json` printed: totals, without the shape of sessions
    #[command(after_help = EXAMPLES)]
    Ccusage(Source),
}

/// Flags of every import.
#[derive(Args, Debug)]
pub(in crate::cli) struct Source {
    /// Files, or folders to look through for them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    prices: PriceFlags,
    /// Put a workload of this shape there, for `run --workload`
    #[arg(long, value_name = "FILE.toml")]
    out: Option<PathBuf>,
}

impl ImportCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let (source, document) = match self {
            Self::ClaudeCode(source) => (source, source.logs(Agent::ClaudeCode, "claude-code")?),
            Self::Codex(source) => (source, source.logs(Agent::Codex, "codex")?),
            Self::Ccusage(source) => (source, source.totals()?),
        };
        let (document, workload) = document;
        if let (Some(path), Some(text)) = (&source.out, workload) {
            let mut staged = Staged::default();
            staged.add(path, text.as_bytes())?;
            staged.commit()?;
        }
        for warning in warnings(&document) {
            shell.warn(warning);
        }
        if shell.json() {
            shell.document("memwall.import/1", &document)?;
        } else {
            print(&document, shell)?;
        }
        Ok(Exit::Done)
    }
}

impl Source {
    fn files(&self, ending: &str) -> Result<Vec<PathBuf>, CliError> {
        let mut found = Vec::new();
        for path in &self.paths {
            found.extend(files::files_below(path, ending)?);
        }
        Ok(found)
    }

    fn named(&self) -> String {
        let names = self.paths.iter().map(|path| path.display().to_string());
        names.collect::<Vec<_>>().join(", ")
    }

    /// The workload's name: that of its file.
    fn workload_name(&self) -> Option<String> {
        let stem = self.out.as_deref().and_then(Path::file_stem)?;
        Some(stem.to_string_lossy().into_owned())
    }

    fn workload_path(&self) -> Option<String> {
        self.out.as_ref().map(|path| path.display().to_string())
    }

    fn logs(
        &self,
        agent: Agent,
        name: &'static str,
    ) -> Result<(Document, Option<String>), CliError> {
        let book = self.prices.read()?;
        let files = self.files("jsonl")?;
        let mut reader = UsageReader::new(agent);
        for path in &files {
            let bytes = std::fs::read(path)
                .map_err(|source| CliError::Read { path: path.clone(), source })?;
            // A byte that is no text spoils its own line, not the file.
            reader.file(&path.display().to_string(), &String::from_utf8_lossy(&bytes));
        }
        let log = reader.finish();
        if log.calls.is_empty() {
            return Err(UsageError::Empty {
                files: self.named(),
                skipped: log.skipped.len(),
                remedy: match agent {
                    Agent::ClaudeCode => "give ~/.claude/projects, or *.jsonl below it",
                    Agent::Codex => "give ~/.codex/sessions, or rollout-*.jsonl below it",
                },
            }
            .into());
        }
        let shape = SessionShape::of(&log);
        let source = format!("{} sessions of {agent}", shape.sessions);
        let workload = self.workload_name().map(|name| shape.to_workload(&name, &source));
        let rows = |key: fn(&LoggedCall) -> Option<String>| {
            let bills = log.bills_by(&book, key).into_iter();
            bills.map(|(name, bill)| Row::of(name, &bill)).collect::<Vec<_>>()
        };
        let bill = log.bill(&book);
        let models = rows(|call| Some(call.model.clone()));
        let skipped = log.skipped.iter().map(|skipped| SkippedLine {
            file: skipped.file.clone(),
            line: skipped.line,
            problem: skipped.problem.clone(),
        });
        let document = Document {
            agent: name,
            files: files.len(),
            sessions: Some(shape.sessions),
            calls: Some(bill.calls),
            repeated_lines: log.repeated,
            skipped_lines: skipped.collect(),
            skipped_files: Vec::new(),
            tokens: bill.tokens.into(),
            usd: bill.usd.get(),
            usd_at_list_price: (bill.unlisted == 0).then(|| bill.usd_at_list.get()),
            unpriced_models: unpriced(&models),
            prices: prices(&book),
            models,
            periods: rows(|call| call.at.map(crate::economics::Moment::day)),
            workload: self.workload_path(),
        };
        Ok((document, workload.transpose()?))
    }

    fn totals(&self) -> Result<(Document, Option<String>), CliError> {
        let book = self.prices.read()?;
        let (files, rows, skipped_files) = self.ccusage_rows()?;
        let tokens = rows.iter().fold(BilledTokens::default(), |sum, row| sum + row.tokens);
        let models = by_model(&rows, &book);
        let workload = self
            .workload_name()
            .map(|name| calibrated_workload(&name, &self.named(), &tokens))
            .transpose()?;
        let listed: Vec<_> = models.iter().map(|row| row.usd_at_list_price).collect();
        let broken_down = models.iter().map(|row| row.tokens.total).sum::<u64>() == tokens.total();
        let document = Document {
            agent: "ccusage",
            files,
            sessions: None,
            calls: None,
            repeated_lines: 0,
            skipped_lines: Vec::new(),
            skipped_files,
            tokens: tokens.into(),
            usd: rows.iter().map(|row| row.usd.get()).sum(),
            usd_at_list_price: listed.into_iter().sum::<Option<f64>>().filter(|_| broken_down),
            unpriced_models: Vec::new(),
            prices: prices(&book),
            models,
            periods: rows.iter().map(period).collect(),
            workload: self.workload_path(),
        };
        Ok((document, workload))
    }
}

impl Source {
    /// How many files were read, what they hold, and the files of folders that are something else;
    /// a file that was named has to be ccusage's.
    fn ccusage_rows(&self) -> Result<(usize, Vec<UsageRow>, Vec<SkippedFile>), CliError> {
        let (mut count, mut rows, mut skipped) = (0, Vec::new(), Vec::new());
        for path in self.files("json")? {
            let file = path.display().to_string();
            let read = files::text(&path, "ccusage's JSON")
                .and_then(|text| Ok(read_ccusage(&file, &text)?));
            match read {
                Ok(found) => {
                    count += 1;
                    rows.extend(found);
                }
                Err(error) if self.paths.contains(&path) => return Err(error),
                Err(error) => skipped.push(SkippedFile { file, problem: error.to_string() }),
            }
        }
        if count == 0 {
            let first = skipped.first().map(|skipped: &SkippedFile| skipped.problem.clone());
            return Err(UsageError::Ccusage {
                file: self.named(),
                problem: first.map_or_else(
                    || "holds no *.json".into(),
                    |first| format!("holds no usage: {first}"),
                ),
            }
            .into());
        }
        Ok((count, rows, skipped))
    }
}

fn period(row: &UsageRow) -> Row {
    Row {
        name: row.period.clone(),
        calls: None,
        tokens: row.tokens.into(),
        usd: Some(row.usd.get()),
        usd_at_list_price: None,
    }
}

fn by_model(rows: &[UsageRow], book: &PriceBook) -> Vec<Row> {
    let mut sums = std::collections::BTreeMap::<&str, (BilledTokens, Option<f64>)>::new();
    for (model, tokens, usd) in rows.iter().flat_map(|row| &row.models) {
        let sum = sums.entry(model).or_insert((BilledTokens::default(), Some(0.0)));
        sum.0 += *tokens;
        sum.1 = sum.1.zip(*usd).map(|(sum, usd)| sum + usd.get());
    }
    let rows = sums.into_iter().map(|(model, (tokens, usd))| Row {
        name: model.into(),
        calls: None,
        tokens: tokens.into(),
        usd,
        // Totals do not tell long calls from short ones: the ordinary rates.
        usd_at_list_price: book.price(model).map(|price| price.rates.cost(&tokens).get()),
    });
    rows.collect()
}

fn prices(book: &PriceBook) -> Prices {
    Prices { source: book.title.clone(), date: book.date.clone(), class: book.class }
}

fn unpriced(models: &[Row]) -> Vec<String> {
    models.iter().filter(|row| row.usd.is_none()).map(|row| row.name.clone()).collect()
}

fn warnings(document: &Document) -> Vec<String> {
    let mut warnings = Vec::new();
    if let [first, ..] = document.skipped_lines.as_slice() {
        warnings.push(format!(
            "{} could not be read, skipped; the first is {}:{}: {}",
            counted(document.skipped_lines.len(), "line"),
            first.file,
            first.line,
            first.problem
        ));
    }
    if let [first, ..] = document.skipped_files.as_slice() {
        warnings.push(format!(
            "{} of the folder are none of ccusage's and were skipped; the first: {}",
            counted(document.skipped_files.len(), "file"),
            first.problem
        ));
    }
    if !document.unpriced_models.is_empty() {
        warnings.push(format!(
            "no list price of {}; the dollars leave these out: give --prices FILE",
            document.unpriced_models.join(", ")
        ));
    }
    warnings
}
