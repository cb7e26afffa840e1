//! The command.

use std::path::{Path, PathBuf};

use clap::Args;

use super::document::{ChipRates, Document};
use super::gains::{claimed, from_file, measured, recorded};
use super::page::sheet;
use super::print::print;
use crate::cli::files;
use crate::cli::money::flags::{PageFlags, RateFlags, rates};
use crate::cli::specs::{catalog, is_file};
use crate::cli::{CliError, Exit, Shell};
use crate::planning::Supply;
use crate::report::WallRow;

const EXAMPLES: &str = "\
Examples:
  memwall supply
  memwall supply --scenario revised --workload chat --model deepseek-r1
  memwall supply --report supply.html
  memwall supply --no-simulation --measure
  memwall supply --scenario my.toml --no-simulation --json";

/// Flags of `supply`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct SupplyCommand {
    /// memo (as assumed in March 2026), revised (the facts of November 2026), or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "memo")]
    scenario: String,
    #[command(flatten)]
    rates: RateFlags,
    /// Show these gains of techniques beside the scenario's: the JSON of `memwall ablate`
    /// [default: those of recorded ablations]
    #[arg(long, value_name = "FILE.json", conflicts_with = "measure")]
    ablate: Option<PathBuf>,
    /// Run the recorded ablations anew: some minutes
    #[arg(long)]
    measure: bool,
    #[command(flatten)]
    page: PageFlags,
}

impl SupplyCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        self.page.probe()?;
        let supply = self.scenario()?;
        let catalog = catalog(shell)?;
        // Faults of the scenario are told before anything is simulated.
        let bare = supply.outcome(&catalog, &std::collections::BTreeMap::new())?;
        let measured_gains = match &self.ablate {
            Some(path) => from_file(path)?,
            None if self.measure => measured(shell)?,
            None => recorded(),
        };
        let rows = self.rates.rows(&supply.chips(), None, shell)?;
        let outcome =
            if rows.is_empty() { bare } else { supply.outcome(&catalog, &rates(&rows))? };
        let common = &self.rates.common;
        let workload = common.work.workload.as_deref().unwrap_or("agentic-coding");
        let has_rows = !rows.is_empty();
        let document = Document {
            scenario: supply.name.clone(),
            description: supply.description.clone(),
            reference: supply.reference,
            fitted: supply.fitted(),
            workload: has_rows.then(|| workload.to_owned()),
            model: has_rows.then(|| common.model.clone()),
            warnings: warnings(&rows),
            simulated: rows.into_iter().map(chip).collect(),
            outcome,
            claimed_gains: claimed(&supply),
            measured_gains,
        };
        for warning in &document.warnings {
            shell.warn(warning);
        }
        self.page.keep(|| sheet(&document), &document, shell)?;
        if shell.json() {
            shell.document("memwall.supply/1", &document)?;
        } else {
            print(&document, shell)?;
        }
        Ok(Exit::Done)
    }

    fn scenario(&self) -> Result<Supply, CliError> {
        if !is_file(&self.scenario) {
            return Ok(Supply::embedded(&self.scenario)?);
        }
        let text = files::text(Path::new(&self.scenario), "a TOML file of a supply scenario")?;
        Ok(Supply::parse(&self.scenario, &text)?)
    }
}

fn warnings(rows: &[WallRow]) -> Vec<String> {
    rows.iter().filter_map(|row| row.reason.clone()).collect()
}

fn chip(row: WallRow) -> ChipRates {
    ChipRates {
        chip: row.chip,
        parallel: row.parallel,
        output_tok_s_per_gpu: row.output_tok_s_per_gpu,
        tasks_per_hour_per_gpu: row.tasks_per_hour_per_gpu,
        reason: row.reason,
    }
}
