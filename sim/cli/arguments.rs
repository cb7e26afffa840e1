//! The table of commands, and the flags they share.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::fidelity::{Calibrate, HbmCommand, Validate};
use super::inspect::{
    ChipsCommand, Completions, Man, ModelsCommand, SchemaCommand, TraceCommand, WorkloadsCommand,
};
use super::money::{DemandCommand, Diff, ImportCommand, PlanCommand, RankCommand, SupplyCommand};
use super::simulate::{Ablate, Run, Wall};
use super::sweep::{ReportCommand, SweepCommand};
use super::terminal::with_hint;
use super::{CliError, Exit, Shell};

const EXAMPLES: &str = "\
Examples:
  memwall wall
  memwall run --chip gb300 --tp 4 --workload agentic-coding --concurrency 32
  memwall chips show rubin-ultra-192gb";

/// Simulates LLM inference on accelerators and shows where the memory wall stands.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Arguments {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Flags of every command.
#[derive(Args, Debug)]
#[command(next_help_heading = "Flags of every command")]
pub(super) struct Flags {
    /// Print one JSON document instead of tables
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Print no progress and no warnings
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// Read every TOML file below DIR, or one file, over the built-in catalogue
    #[arg(long, global = true, value_name = "DIR|FILE")]
    pub(super) specs: Option<PathBuf>,
}

/// Every command, in the order of the help.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Climb the ladder of chips: what each gives, and what holds it back
    Wall(Box<Wall>),
    /// Simulate one chip in depth
    Run(Box<Run>),
    /// What each serving technique gains, alone, last, on average, and all together
    Ablate(Box<Ablate>),
    /// Simulate many points: grids, lists and draws, on all cores or many machines
    Sweep(SweepCommand),
    /// What a sweep found: the best points, the frontier, what each axis does
    Report(ReportCommand),
    /// Hold predictions against measured points
    Validate(Validate),
    Calibrate(Calibrate),
    /// Look up accelerators, and check spec files of one's own
    #[command(subcommand)]
    Chips(ChipsCommand),
    /// Look up models: parameters, bytes, and what a step runs
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Look up workloads, and what tasks come of them
    #[command(subcommand)]
    Workloads(WorkloadsCommand),
    /// Look into traces of real requests
    #[command(subcommand)]
    Trace(TraceCommand),
    /// What a chip's stacked memory gives of its pins' peak, by access pattern
    Hbm(HbmCommand),
    /// The cheapest, smallest or least hungry fleet that carries a demand within a service level
    Plan(Box<PlanCommand>),
    /// Rank models and chips by what a completed task costs; a cheap model before a better one
    Rank(Box<RankCommand>),
    /// What can be built year by year, under power, packaging and HBM, against demand
    Supply(Box<SupplyCommand>),
    /// What people ask for: tokens, tasks, dollars, and the chips that carry it
    Demand(Box<DemandCommand>),
    /// Your own usage: tokens, what they cost at an API, and a workload of their shape
    #[command(subcommand)]
    Import(ImportCommand),
    /// What changed between two results, as a gate for CI
    Diff(Diff),
    /// What may stand in a TOML file: JSON Schema for editors
    Schema(SchemaCommand),
    /// Completions for a shell
    Completions(Completions),
    /// Man pages
    Man(Man),
}

impl Arguments {
    /// Reads the process's arguments.
    ///
    /// Help, version and usage errors are answered here; the error is the exit code they end in.
    pub fn read() -> Result<Self, Exit> {
        Self::try_parse_from(with_negatives_joined(std::env::args_os())).map_err(|answer| {
            let answer = with_hint(answer);
            // Help into a closed pipe is as good as read.
            let _ = answer.print();
            if answer.use_stderr() { Exit::BadInput } else { Exit::Done }
        })
    }

    /// Runs the command to its end: results are out, an error is told.
    pub fn run(&self) -> Exit {
        let mut shell = Shell::new(&self.flags);
        let end = self.command.run(&mut shell);
        shell.close(end)
    }
}

/// The words of a command line with `--rate -3` as `--rate=-3`: a number below zero is the flag's
/// value, of which the flag then says what is wrong, and no flag of its own.
pub(super) fn with_negatives_joined(words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let is_number = |word: &str| word.starts_with('-') && word.parse::<f64>().is_ok();
    let is_flag = |word: &str| word.starts_with("--") && word.len() > 2 && !word.contains('=');
    words.fold(Vec::new(), |mut joined: Vec<OsString>, word| {
        let flag = joined.last().and_then(|last| last.to_str()).filter(|last| is_flag(last));
        match (flag, word.to_str().filter(|word| is_number(word))) {
            (Some(flag), Some(number)) => {
                let both = format!("{flag}={number}").into();
                joined.pop();
                joined.push(both);
            }
            _ => joined.push(word),
        }
        joined
    })
}

/// Runs a command line without its first word, as [`Arguments::run`] does, but hands what it prints
/// to the caller. The error is a sentence for the user, with file, line, key, value and remedy.
pub fn execute(words: &[String]) -> Result<(Exit, String), String> {
    let line = std::iter::once("memwall").chain(words.iter().map(String::as_str));
    let line = with_negatives_joined(line.map(OsString::from));
    let arguments = Arguments::try_parse_from(line).map_err(|error| {
        let text = error.to_string();
        text.strip_prefix("error: ").unwrap_or(&text).trim_end().to_owned()
    })?;
    let (mut shell, printed) = Shell::captured(&arguments.flags, words);
    let exit = arguments.command.run(&mut shell).map_err(|error| error.to_string())?;
    drop(shell);
    let bytes = printed.take();
    Ok((exit, String::from_utf8_lossy(&bytes).into_owned()))
}

impl Command {
    fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        match self {
            Self::Wall(wall) => wall.run(shell),
            Self::Run(run) => run.run(shell),
            Self::Ablate(ablate) => ablate.run(shell),
            Self::Sweep(sweep) => sweep.run(shell),
            Self::Report(report) => report.run(shell),
            Self::Validate(validate) => validate.run(shell),
            Self::Calibrate(calibrate) => calibrate.run(shell),
            Self::Chips(command) => command.run(shell),
            Self::Models(command) => command.run(shell),
            Self::Workloads(command) => command.run(shell),
            Self::Trace(command) => command.run(shell),
            Self::Hbm(command) => command.run(shell),
            Self::Plan(command) => command.run(shell),
            Self::Rank(command) => command.run(shell),
            Self::Supply(command) => command.run(shell),
            Self::Demand(command) => command.run(shell),
            Self::Import(command) => command.run(shell),
            Self::Diff(diff) => diff.run(shell),
            Self::Schema(schema) => schema.run(shell),
            Self::Completions(completions) => completions.run(shell),
            Self::Man(man) => man.run(shell),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_declaration_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn numbers_below_zero_are_values() {
        let joined = |line: &str| {
            let words = line.split(' ').map(OsString::from);
            with_negatives_joined(words).join(" ".as_ref()).into_string().unwrap()
        };
        assert_eq!(joined("run --rate -3 --json"), "run --rate=-3 --json");
        assert_eq!(joined("run --rate -1e-3 -q"), "run --rate=-1e-3 -q");
        for same in ["run --rate=2 -3", "run -q -3", "run -- -3", "run --chip -x"] {
            assert_eq!(joined(same), same);
        }
    }

    #[test]
    fn every_command_has_an_example() {
        fn check(command: &clap::Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("memwall "), "`{}` has no example", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }
}
