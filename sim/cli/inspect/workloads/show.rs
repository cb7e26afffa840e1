//! `memwall workloads show`.

use clap::Args;
use serde::Serialize;

use super::figures::{FigureRow, figures};
use super::named::source;
use super::sample::{Sample, Spread};
use crate::cli::terminal::count;
use crate::cli::{CliError, Column, Exit, Shell, Table};
use crate::units::significant;
use crate::workload::{Synthetic, Task};

const EXAMPLES: &str = "\
Examples:
  memwall workloads show agentic-coding
  memwall workloads show my-workload.toml --sample 1000 --json";

/// The page of the recorded coding sessions.
const PAGE_TOKENS: u32 = 64;

/// Flags of `workloads show`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Show {
    /// A built-in workload, or a TOML file
    #[arg(value_name = "NAME|FILE")]
    which: String,
    /// Tasks to generate and describe
    #[arg(long, value_name = "N", default_value = "200")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=100_000))]
    sample: u64,
    /// The model's context window in tokens
    #[arg(long, value_name = "N", default_value = "131072")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    window: u32,
    /// Seed of every random stream
    #[arg(long, value_name = "N", default_value = "0")]
    seed: u64,
}

#[derive(Serialize)]
struct WorkloadDocument {
    name: String,
    description: String,
    figures: Vec<FigureRow>,
    sample: Sample,
}

impl Show {
    pub(super) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let (file, text) = source(&self.which, shell)?;
        let workload = Synthetic::parse(&file, &text)?;
        let progress = shell.progress("generating tasks", self.sample);
        let tasks = workload.tasks(self.seed, PAGE_TOKENS, self.window)?;
        let tasks = tasks.take(self.sample as usize).inspect(|_| progress.advance(1));
        let tasks: Vec<Task> = tasks.collect();
        drop(progress);
        let document = WorkloadDocument {
            name: workload.name().into(),
            description: workload.description().into(),
            figures: figures(&text),
            sample: Sample::of(&tasks, self.window, PAGE_TOKENS),
        };
        if shell.json() {
            shell.document("memwall.workload/1", &document)?;
        } else {
            document.print(shell)?;
        }
        Ok(Exit::Done)
    }
}

impl WorkloadDocument {
    fn print(&self, shell: &mut Shell) -> Result<(), CliError> {
        shell.heading(&self.name)?;
        shell.line(&self.description)?;
        shell.line("")?;
        let mut table = Table::new(&[
            Column::Name("figure"),
            Column::Text("value"),
            Column::Name("class"),
            Column::Text("source"),
        ]);
        for figure in &self.figures {
            let FigureRow { key, value, class, source } = figure;
            table.row([key.clone(), value.clone(), class.clone(), source.clone()]);
        }
        shell.table(table)?;
        shell.line("")?;
        shell.line(format!(
            "{} tasks for a window of {} tokens, {} sub-agents a task:",
            count(self.sample.tasks),
            count(u64::from(self.sample.window_tokens)),
            significant(self.sample.sub_agents_per_task, 2),
        ))?;
        shell.line("")?;
        shell.table(self.sample.lengths())?;
        shell.line("")?;
        shell.table(self.sample.shares())
    }
}

impl Sample {
    fn lengths(&self) -> Table {
        let columns = ["mean", "p50", "p90", "p99"].map(Column::Number);
        let mut table = Table::new(&[&[Column::Name("")], columns.as_slice()].concat());
        let rows: [(&str, &Spread); 4] = [
            ("calls a task", &self.calls_per_task),
            ("prompt tokens", &self.prompt_tokens),
            ("output tokens", &self.output_tokens),
            ("gap before a call, s", &self.gap_s),
        ];
        for (name, spread) in rows {
            let [mean, p50, p90, p99] = [spread.mean, spread.p50, spread.p90, spread.p99]
                .map(|value| significant(value, 3));
            table.row([name.into(), mean, p50, p90, p99]);
        }
        table
    }

    fn shares(&self) -> Table {
        let mut table = Table::new(&[
            Column::Name("unlimited cache, TTL"),
            Column::Number("cached"),
            Column::Number("fresh"),
            Column::Number("output"),
        ]);
        for row in &self.cache {
            let share = |fraction: f64| format!("{} %", significant(fraction * 100.0, 3));
            table.row([
                row.ttl_s.map_or_else(|| "none".into(), |s| format!("{} s", significant(s, 4))),
                share(row.cached_fraction),
                share(row.fresh_fraction),
                share(row.output_fraction),
            ]);
        }
        table
    }
}
