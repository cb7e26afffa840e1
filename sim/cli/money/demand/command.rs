//! The command.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;

use super::document::{Compared, Document, OnChip, Row};
use super::page::sheet;
use super::print::print;
use crate::cli::files;
use crate::cli::money::flags::{PageFlags, PriceFlags, RateFlags, rates};
use crate::cli::specs::{catalog, is_file};
use crate::cli::{CliError, Exit, Shell};
use crate::hardware::Catalog;
use crate::planning::{Demand, SimulatedRates, UseFigures};

const EXAMPLES: &str = "\
Examples:
  memwall demand
  memwall demand eras --chips h100-sxm,gb300,rubin --model deepseek-r1
  memwall demand eras --report demand.html
  memwall demand spenders --no-simulation --json";

/// One chip a generation.
const CHIPS: [&str; 5] = ["h100-sxm", "h200-sxm", "gb200", "gb300", "rubin"];

/// Flags of `demand`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct DemandCommand {
    /// case-study (Claude Code against ChatGPT), eras (a day of each), spenders, or a TOML file
    #[arg(value_name = "NAME|FILE", default_value = "case-study")]
    scenario: String,
    /// Chips to carry it [default: one a generation, H100 to Rubin]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    chips: Vec<String>,
    #[command(flatten)]
    rates: RateFlags,
    #[command(flatten)]
    prices: PriceFlags,
    #[command(flatten)]
    page: PageFlags,
}

impl DemandCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        self.page.probe()?;
        let demand = self.scenario()?;
        let (book, catalog) = (self.prices.read()?, catalog(shell)?);
        let window = self.rates.common.model(shell)?.context;
        let figures = demand.figures(&book, window)?;
        let mut compared = Vec::new();
        for statement in &demand.statements {
            compared.push(Compared {
                says: statement.says.clone(),
                published: statement.published.value,
                value: statement.value(&demand, &book)?,
                source: statement.published.source.clone(),
            });
        }
        let mut warnings = Vec::new();
        let rates = self.simulated(&figures, shell, &mut warnings)?;
        let utilisation = demand.utilisation.value;
        let uses = figures.into_iter().map(|figures| {
            let of = rates.get(&figures.workload).into_iter().flatten();
            let carried =
                of.map(|(chip, rates)| on_chip(&figures, chip, *rates, utilisation, &catalog));
            Row { carried: carried.collect(), figures }
        });
        let document = Document {
            scenario: demand.name.clone(),
            description: demand.description.clone(),
            utilisation,
            model: (!rates.is_empty()).then(|| self.rates.common.model.clone()),
            uses: uses.collect(),
            statements: compared,
            warnings,
        };
        for warning in &document.warnings {
            shell.warn(warning);
        }
        self.page.keep(|| sheet(&document), &document, shell)?;
        if shell.json() {
            shell.document("memwall.demand/1", &document)?;
        } else {
            print(&document, shell)?;
        }
        Ok(Exit::Done)
    }

    fn scenario(&self) -> Result<Demand, CliError> {
        if !is_file(&self.scenario) {
            return Ok(Demand::embedded(&self.scenario)?);
        }
        let text = files::text(Path::new(&self.scenario), "a TOML file of a demand scenario")?;
        Ok(Demand::parse(&self.scenario, &text)?)
    }

    /// Rates by workload, and within it by chip in the order of the ladder.
    fn simulated(
        &self,
        figures: &[UseFigures],
        shell: &Shell,
        warnings: &mut Vec<String>,
    ) -> Result<BTreeMap<String, Vec<(String, SimulatedRates)>>, CliError> {
        let own: Vec<_> = self.chips.iter().map(String::as_str).collect();
        let chips = if own.is_empty() { CHIPS.to_vec() } else { own };
        let workloads: BTreeSet<_> = figures.iter().map(|used| used.workload.as_str()).collect();
        let mut all = BTreeMap::new();
        for workload in workloads {
            let rows = self.rates.rows(&chips, Some(workload), shell)?;
            warnings.extend(rows.iter().filter_map(|row| row.reason.clone()));
            let by_chip = rates(&rows);
            let rows =
                rows.iter().filter_map(|row| Some((row.chip.clone(), *by_chip.get(&row.chip)?)));
            let rows: Vec<_> = rows.collect();
            if !rows.is_empty() {
                all.insert(workload.to_owned(), rows);
            }
        }
        Ok(all)
    }
}

fn on_chip(
    figures: &UseFigures,
    chip: &str,
    rates: SimulatedRates,
    utilisation: f64,
    catalog: &Catalog,
) -> OnChip {
    let facility = catalog.chip(chip).ok().and_then(|chip| chip.power.facility);
    OnChip { chip: chip.into(), carried: figures.carried(rates, facility, utilisation) }
}
