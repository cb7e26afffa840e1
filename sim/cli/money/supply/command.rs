//! The command.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::document::{ChipRates, Document, MeasuredGain};
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
    /// Show measured gains of techniques beside the scenario's: the JSON of `memwall ablate`
    #[arg(long, value_name = "FILE.json")]
    ablate: Option<PathBuf>,
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
        let measured_gains = self.ablate.as_deref().map(measured).transpose()?;
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

/// The techniques of an ablation.
fn measured(path: &Path) -> Result<Vec<MeasuredGain>, CliError> {
    let refuse = |problem: String| CliError::Scenario { path: path.into(), line: None, problem };
    let text = files::text(path, "the JSON of `memwall ablate`")?;
    let document: Value = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    let techniques = document["techniques"].as_array().ok_or_else(|| {
        refuse("has no `techniques`; give what `memwall ablate --json` printed".into())
    })?;
    let gains = techniques.iter().filter_map(|technique| {
        Some(MeasuredGain {
            name: technique["name"].as_str()?.to_owned(),
            alone: technique["alone"].as_f64(),
            last: technique["last"].as_f64(),
            shapley: technique["shapley"].as_f64(),
        })
    });
    Ok(gains.collect())
}
