//! What chips yield in simulation, for plans that count in tokens and tasks.

use std::collections::BTreeMap;

use clap::Args;

use crate::cli::simulate::{CommonFlags, Wall};
use crate::cli::{CliError, Shell};
use crate::planning::SimulatedRates;
use crate::report::WallRow;

/// What is simulated to get rates.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct RateFlags {
    /// What is simulated, and how
    #[command(flatten)]
    pub(in crate::cli) common: CommonFlags,
    /// Simulate nothing: leave tokens, tasks and chips out
    #[arg(long)]
    pub(in crate::cli) no_simulation: bool,
}

impl RateFlags {
    /// The best point of each chip within `wall`'s service level: the rows of its ladder.
    pub(in crate::cli) fn rows(
        &self,
        chips: &[&str],
        workload: Option<&str>,
        shell: &Shell,
    ) -> Result<Vec<WallRow>, CliError> {
        if self.no_simulation || chips.is_empty() {
            return Ok(Vec::new());
        }
        let mut common = self.common.clone();
        common.work.workload = common.work.workload.or(workload.map(str::to_owned));
        Wall::of(chips.iter().map(|&name| name.to_owned()).collect(), common).rows(shell)
    }
}

/// The rates of the rows that have them, by chip.
pub(in crate::cli) fn rates(rows: &[WallRow]) -> BTreeMap<String, SimulatedRates> {
    let rates = rows.iter().filter_map(|row| {
        let rates = SimulatedRates {
            output_tok_s: row.output_tok_s_per_gpu?,
            tasks_per_hour: row.tasks_per_hour_per_gpu.filter(|rate| *rate > 0.0)?,
        };
        Some((row.chip.clone(), rates))
    });
    rates.collect()
}
