//! `memwall validate`: predictions against measured points.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use rayon::prelude::*;

use super::calibrate::left_out;
use super::document::{FitDocument, FloorRow, PointRow, SummaryRow, ValidateDocument};
use super::scores::{print_floors, print_scores, print_skipped};
use crate::cli::specs::catalog;
use crate::cli::terminal::counted;
use crate::cli::{CliError, Exit, Shell, files};
use crate::cost::{Calibration, TimeModel};
use crate::fidelity::{
    Group, HostFit, Point, Predicted, Reader, Remainders, Terms, floors, host_toml, jobs,
    read_points, remainders_toml, score, shipped,
};
use crate::hardware::Catalog;
use crate::model::Catalog as Models;

const EXAMPLES: &str = "\
Rows of serving points are simulated as InferenceX ran them (its launch scripts, lengths of 80 to \
100 % of nominal) if `source` is `db-dump/NAME` or `source_file=NAME`; others have prompts of the \
stated length and the engine's own settings. workloads/measured/README.md describes the columns. \
Rows are counted from 0 after the header.

Examples:
  memwall validate
  memwall validate --points my-points.csv --max-median 0.15
  memwall validate --leave-out blackwell
  memwall validate --cost roofline --json | jq '.summary[] | select(.by == \"all\")'";

/// Flags of `validate`.
#[derive(Args, Clone, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Validate {
    /// Measured points, in the columns of either shipped file [default: the shipped points]
    #[arg(long, value_name = "FILE.csv", num_args = 1..)]
    points: Vec<PathBuf>,
    /// The time model: datasheet bounds (roofline), or fitted to measured kernels (calibrated)
    #[arg(long, value_name = "MODEL", default_value_t = TimeModel::Calibrated)]
    cost: TimeModel,
    /// Fail if the median error of any metric is larger (0.15: 15 %)
    #[arg(long, value_name = "SHARE", value_parser = share)]
    max_median: Option<f64>,
    /// Predict the points of these chips, or of a generation, as if nobody had measured a kernel
    /// on them
    #[arg(
        long,
        value_name = "CHIP|GENERATION",
        value_delimiter = ',',
        conflicts_with_all = ["fit_host", "fit_bands", "cost"]
    )]
    leave_out: Vec<String>,
    /// Fit the engines' host terms to the aggregated points instead, and write them here
    #[arg(long, value_name = "OUT.toml", conflicts_with_all = ["max_median", "cost"])]
    fit_host: Option<PathBuf>,
    /// Fit what bands leave unexplained to the points instead, and write it here
    #[arg(long, value_name = "OUT.toml", conflicts_with_all = ["max_median", "cost", "fit_host"])]
    fit_bands: Option<PathBuf>,
}

/// A share greater than zero.
fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share: &f64| share.is_finite() && *share > 0.0);
    share.ok_or_else(|| "give a share such as 0.15 for 15 %".into())
}

pub(super) type Answer = Result<Predicted, String>;

impl Validate {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let chips = catalog(shell)?;
        let models = Models::embedded();
        let reader = Reader { chips: &chips, models: &models };
        let mut points = self.read(reader, shell)?;
        if let Some(path) = &self.fit_host {
            return fit_host(path, points, reader, shell);
        }
        self.fit_bands.as_deref().map_or(Ok(()), files::Staged::probe)?;
        let unmeasured = self.unmeasured(&chips, &mut points, shell)?;
        let calibration = unmeasured.as_ref().unwrap_or(Calibration::embedded());
        let terms = Terms { reader, cost: self.cost, calibration };
        let answers = predict(&points, terms, shell);
        let predicted = points.iter().zip(&answers);
        let predicted =
            predicted.filter_map(|(point, answer)| Some((point, answer.as_ref().copied().ok()?)));
        if let Some(path) = &self.fit_bands {
            let is_stacked = |(point, _): &(&Point, Predicted)| {
                let chip = chips.chip(&point.tags.chip);
                chip.is_ok_and(|chip| chip.memory.stacks.is_some())
            };
            let predicted: Vec<_> = predicted.filter(is_stacked).collect();
            if predicted.is_empty() {
                return Err(CliError::Flag {
                    flag: "--fit-bands",
                    value: path.display().to_string(),
                    problem: "no point on a chip with stacked memory was predicted".into(),
                    remedy: "give --points that can be; without --fit-bands reasons are told"
                        .into(),
                });
            }
            return keep(path, &remainders_toml(&predicted), shell);
        }
        let groups = score(predicted.clone(), Remainders::embedded());
        let floors = floors(predicted.map(|(point, _)| point));
        if shell.json() {
            let points = points.iter().zip(&answers);
            shell.json_document(&ValidateDocument {
                schema: ValidateDocument::SCHEMA,
                memwall_version: env!("CARGO_PKG_VERSION"),
                cost: self.cost.to_string(),
                points: points.map(|(point, answer)| PointRow::new(point, answer)).collect(),
                summary: groups.iter().map(SummaryRow::from).collect(),
                floor: floors.iter().map(FloorRow::from).collect(),
            })?;
        } else {
            print_scores(&groups, shell)?;
            print_floors(&floors, shell)?;
            print_skipped(&points, &answers, shell)?;
        }
        Ok(self.gate(&groups, shell))
    }

    /// The points of every file; one that cannot be read stops only if no other can.
    fn read(&self, reader: Reader, shell: &Shell) -> Result<Vec<Point>, CliError> {
        let mut files = Vec::new();
        for path in &self.points {
            files.push((path.display().to_string(), files::text(path, "a CSV file")?));
        }
        if files.is_empty() {
            files.extend(shipped().iter().map(|&(name, text)| (name.to_owned(), text.to_owned())));
        }
        let (mut points, mut unreadable) = (Vec::new(), Vec::new());
        for (name, text) in &files {
            match read_points(name, text, reader) {
                Ok(read) => points.extend(read),
                Err(error) => unreadable.push(error),
            }
        }
        if unreadable.len() == files.len() {
            return Err(unreadable.swap_remove(0).into());
        }
        for error in unreadable {
            shell.warn(error);
        }
        Ok(points)
    }

    /// The constants without those of the chips that are left out, if any are; only their points
    /// stay.
    fn unmeasured(
        &self,
        chips: &Catalog,
        points: &mut Vec<Point>,
        shell: &Shell,
    ) -> Result<Option<Calibration>, CliError> {
        if self.leave_out.is_empty() {
            return Ok(None);
        }
        let names = left_out(&self.leave_out, chips)?;
        let refused = |problem: &str, remedy: &str| CliError::Flag {
            flag: "--leave-out",
            value: self.leave_out.join(","),
            problem: problem.into(),
            remedy: remedy.into(),
        };
        points.retain(|point| names.contains(&point.tags.chip));
        if points.is_empty() {
            return Err(refused("there is no point of it", "name a chip that the points have"));
        }
        let left = names.iter().map(|name| chips.chip(name)).collect::<Result<Vec<_>, _>>()?;
        let Some((calibration, seen)) = Calibration::embedded().without(&left) else {
            return Err(refused("no chip is left to inherit from", "leave out one generation"));
        };
        for pool in seen {
            shell.warn(format!(
                "the fit over all {pool} chips, which is inherited, has seen the chip that is left \
                 out; --leave-out {pool} leaves out all of it"
            ));
        }
        Ok(Some(calibration))
    }

    fn gate(&self, groups: &[Group], shell: &Shell) -> Exit {
        let Some(limit) = self.max_median else { return Exit::Done };
        let over = groups.iter().filter(|group| group.by == "all" && group.median > limit);
        if groups.is_empty() {
            shell.warn("no point was predicted, so there is no median for --max-median to judge");
            return Exit::Failed;
        }
        let mut exit = Exit::Done;
        for group in over {
            shell.warn(format!(
                "the median error of {} over {} is {:.1} %, more than the {:.1} % of --max-median",
                group.metric,
                counted(group.n, "point"),
                group.median * 100.0,
                limit * 100.0
            ));
            exit = Exit::Failed;
        }
        exit
    }
}

/// A prediction for each point, in their order, on all cores.
fn predict(points: &[Point], terms: Terms, shell: &Shell) -> Vec<Answer> {
    let jobs = jobs(points);
    let total = jobs.iter().map(|job| job.points() as u64).sum();
    let bar = shell.progress("simulating points", total);
    let run = jobs.par_iter().flat_map_iter(|job| {
        let answers = job.run(points, terms);
        bar.advance(job.points() as u64);
        answers
    });
    let mut answers: BTreeMap<usize, Answer> = run.collect();
    let answer = |(index, point): (usize, &Point)| {
        let asked = answers.remove(&index);
        asked.unwrap_or_else(|| Err(point.ask.clone().expect_err("what is asked is answered")))
    };
    points.iter().enumerate().map(answer).collect()
}

/// Rounds of predictions at and around the terms, after which these do not move any more.
const ROUNDS: u32 = 12;

fn fit_host(
    path: &Path,
    points: Vec<Point>,
    reader: Reader,
    shell: &mut Shell,
) -> Result<Exit, CliError> {
    files::Staged::probe(path)?;
    let mut fit = HostFit::new(points);
    for _ in 0..ROUNDS {
        let predict_with = |calibration: &Calibration| {
            let terms = Terms { reader, cost: TimeModel::Calibrated, calibration };
            let answers = predict(fit.points(), terms, shell).into_iter();
            answers.map(|answer| Some(answer.ok()?.value)).collect()
        };
        let predicted: Vec<_> = fit.trials().iter().map(predict_with).collect();
        fit.refine(&predicted);
    }
    keep(path, &host_toml(&fit), shell)
}

fn keep(path: &Path, text: &str, shell: &mut Shell) -> Result<Exit, CliError> {
    let mut staged = files::Staged::default();
    staged.add(path, text.as_bytes())?;
    staged.commit()?;
    shell.inform(format!("the fit is in {}", path.display()));
    if shell.json() {
        let written = path.display().to_string();
        shell.json_document(&FitDocument::of(written))?;
    }
    Ok(Exit::Done)
}
