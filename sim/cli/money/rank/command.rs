//! The command.

use std::collections::BTreeMap;

use clap::Args;

use super::document::{Document, Row, Unfit, mixes, portability, rank};
use super::page::sheet;
use super::print::print;
use crate::cli::money::flags::{SubjectFlags, share};
use crate::cli::simulate::Wall;
use crate::cli::specs::catalog;
use crate::cli::{CliError, Exit, Shell};

const EXAMPLES: &str = "\
Examples:
  memwall rank --models llama-3.1-8b,llama-3.1-70b --chips h100-sxm,gb300
  memwall rank --models qwen3-30b,deepseek-r1 --success qwen3-30b=0.7,deepseek-r1=0.9
  memwall rank --models qwen3-30b,qwen3-235b --report rank.html
  memwall rank --models gpt-oss-20b,gpt-oss-120b --escalation 0.25 --workload chat --json";

/// Flags of `rank`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct RankCommand {
    /// The models, as --model takes them
    #[arg(long, value_name = "LIST", value_delimiter = ',', required = true)]
    models: Vec<String>,
    /// The share of attempts with which a model completes a task (`deepseek-r1=0.9`) [default: 1]
    #[arg(long, value_name = "MODEL=SHARE", value_delimiter = ',', value_parser = success)]
    success: Vec<(String, f64)>,
    /// The share of tasks that a cheap model hands on to a better one [default: those in which it
    /// does not succeed]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    escalation: Option<f64>,
    #[command(flatten)]
    subject: SubjectFlags,
}

fn success(text: &str) -> Result<(String, f64), String> {
    let (model, rate) = text.split_once('=').ok_or("give a model and a share, as in llama=0.6")?;
    Ok((model.to_owned(), share(rate)?))
}

impl RankCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        let (success, subject) = (self.successes()?, &self.subject);
        subject.page.probe()?;
        let catalog = catalog(shell)?;
        let basis = subject.money.basis();
        let (mut rows, mut unfit) = (Vec::new(), Vec::new());
        for model in &self.models {
            let common = subject.common.with(Some(model), None, subject.common.engine_profile());
            let wall = Wall::of(subject.chips(), common).within(subject.level.clone());
            let wall = wall.over(subject.tiers.clone());
            for row in wall.rows(shell)? {
                let chip = catalog.chip(&row.chip)?;
                match row.reason.clone() {
                    Some(reason) => {
                        unfit.push(Unfit { model: model.clone(), chip: row.chip, reason });
                    }
                    None => rows.push(Row::of(model, &row, basis.hourly(chip), success[model])),
                }
            }
        }
        if rows.is_empty() {
            return Err(CliError::Flag {
                flag: "--models",
                value: self.models.join(","),
                problem: unfit.iter().map(|one| one.reason.clone()).collect::<Vec<_>>().join("; "),
                remedy: "give other --chips, or relax the service level".into(),
            });
        }
        rank(&mut rows);
        let document = Document {
            workload: subject.workload(),
            basis: basis.name(),
            portability: portability(&rows, &self.models),
            mixes: mixes(&rows, &self.models, self.escalation),
            rows,
            unfit,
        };
        subject.page.keep(|| sheet(&document), &document, shell)?;
        if shell.json() {
            shell.document("memwall.rank/1", &document)?;
        } else {
            print(&document, shell)?;
        }
        Ok(Exit::Done)
    }

    /// By model, each of `--models`.
    fn successes(&self) -> Result<BTreeMap<String, f64>, CliError> {
        let mut rates: BTreeMap<_, _> =
            self.models.iter().map(|model| (model.clone(), 1.0)).collect();
        for (model, rate) in &self.success {
            let known = rates.get_mut(model).ok_or_else(|| CliError::Flag {
                flag: "--success",
                value: model.clone(),
                problem: "is none of --models".into(),
                remedy: format!("name one of {}", self.models.join(", ")),
            })?;
            *known = *rate;
        }
        Ok(rates)
    }
}
