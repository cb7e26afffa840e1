//! What is to be carried, by flags or by a file.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::money::flags::positive;
use crate::cli::{CliError, files};
use crate::hardware::Catalog;
use crate::planning::{AskedFor, Daily, FleetRequest, MOST_TASKS};

/// What is to be carried.
#[derive(Args, Debug)]
#[command(next_help_heading = "Demand")]
pub(super) struct DemandFlags {
    /// A TOML file of several demands and of the chips there are, instead of the flags
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Tasks an hour on average (conversations, agents' sessions; see `workloads show`)
    #[arg(long, value_name = "N", value_parser = tasks, conflicts_with = "file")]
    #[arg(required_unless_present = "file")]
    tasks_per_hour: Option<f64>,
    /// How the tasks are spread over the day: flat, office, or 24 numbers with commas between
    #[arg(long, value_name = "SHAPE", conflicts_with = "file")]
    daily: Option<Daily>,
    /// The busiest hour over the average one, if that is all that is known of the day
    #[arg(long, value_name = "RATIO", value_parser = ratio, conflicts_with_all = ["daily", "file"])]
    peak: Option<f64>,
    /// Chips that there are of a kind (`h100-sxm=64`); of others as many as one likes
    #[arg(long, value_name = "CHIP=N", value_parser = there_are, value_delimiter = ',')]
    #[arg(conflicts_with = "file")]
    available: Vec<(String, u64)>,
}

fn tasks(text: &str) -> Result<f64, String> {
    let rate = positive(text)?;
    if rate > MOST_TASKS {
        Err("give at most 3.6e9: a million tasks a second".into())
    } else {
        Ok(rate)
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio = positive(text).ok().filter(|ratio| (1.0..=1000.0).contains(ratio));
    ratio.ok_or_else(|| "give a number from 1 to 1000: no peak is below its average".into())
}

fn there_are(text: &str) -> Result<(String, u64), String> {
    let pair = text.split_once('=').and_then(|(chip, n)| Some((chip.to_owned(), n.parse().ok()?)));
    pair.ok_or_else(|| "give a chip and a number, as in h100-sxm=64".into())
}

impl DemandFlags {
    /// What they say; chips by their names in the catalogue.
    pub(super) fn read(&self, catalog: &Catalog) -> Result<Asked, CliError> {
        let request = match &self.file {
            Some(file) => read_file(file)?,
            None => FleetRequest {
                name: String::new(),
                demands: vec![AskedFor {
                    name: String::new(),
                    model: None,
                    workload: None,
                    tasks_per_hour: self.tasks_per_hour.unwrap_or_default(),
                    daily: self.daily.clone().unwrap_or(Daily::FLAT),
                }],
                available: self.available.iter().cloned().collect(),
            },
        };
        let FleetRequest { demands, available, .. } = request;
        let named = available
            .into_iter()
            .map(|(chip, gpus)| Ok::<_, CliError>((catalog.chip(&chip)?.name.clone(), gpus)));
        Ok(Asked { demands, peak: self.peak, available: named.collect::<Result<_, _>>()? })
    }
}

fn read_file(file: &Path) -> Result<FleetRequest, CliError> {
    let text = files::text(file, "a TOML file of demands (`memwall schema fleet-request`)")?;
    Ok(FleetRequest::parse(&file.display().to_string(), &text)?)
}

/// What is asked for.
pub(super) struct Asked {
    pub(super) demands: Vec<AskedFor>,
    /// The busiest hour over the average one, where it was given in place of a day.
    peak: Option<f64>,
    pub(super) available: std::collections::BTreeMap<String, u64>,
}

impl Asked {
    /// Tasks an hour of a demand in the busiest hour.
    pub(super) fn peak_of(&self, demand: &AskedFor) -> f64 {
        self.peak.map_or_else(|| demand.peak(), |peak| peak * demand.tasks_per_hour)
    }

    /// Tasks in each hour of the day; none where only the peak is known.
    pub(super) fn hours(&self, demand: &AskedFor) -> Option<Vec<f64>> {
        let hours = demand.daily.hours().iter();
        self.peak.is_none().then(|| hours.map(|hour| hour * demand.tasks_per_hour).collect())
    }
}
