//! A run described in a file: the flags of `run` as TOML keys.

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory, Parser};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::run::Run;
use crate::cli::arguments::{Arguments, Command};
use crate::cli::terminal::hint;
use crate::cli::{CliError, files};
use crate::hardware::nearest;

macro_rules! shipped {
    ($($name:literal),+ $(,)?) => {
        [$((
            $name,
            include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"), "/workloads/scenarios/", $name, ".toml"
            )),
        )),+]
    };
}

/// The scenarios in the program, by name.
const SHIPPED: [(&str, &str); 30] = shipped!(
    "cache-ttl",
    "compaction",
    "context-parallel",
    "deadlines",
    "disaggregated",
    "engines",
    "expert-copies",
    "failures",
    "host-cores",
    "kv-offload",
    "kv-pool",
    "kv-precision",
    "model-routing",
    "overlap-scheduling",
    "oversubscribed",
    "part-failures",
    "part-rates",
    "per-user",
    "pipeline",
    "power-cap",
    "prefetch",
    "prefill-delay",
    "prefill-on-older-chips",
    "priorities",
    "rank-skew",
    "routing",
    "speculative",
    "sub-agents",
    "two-batch",
    "wide-ep-rack",
);

/// A scenario file, as flags.
#[derive(Debug)]
pub(super) struct Scenario {
    path: PathBuf,
    flags: Vec<Flag>,
}

/// One key of it.
#[derive(Debug)]
struct Flag {
    name: String,
    /// Flag and value as words of a command line; none for a switch that is off.
    words: Vec<String>,
}

impl Scenario {
    /// Reads it; every key is checked on its own, so that an error names its line.
    ///
    /// A name that no file has may be that of a shipped scenario.
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        let text = match shipped(path) {
            Some(text) => text.to_owned(),
            None if is_mistyped(path) => return Err(unknown(path)),
            None => files::text(path, "a TOML file")?,
        };
        let place = |span: Range<usize>, problem: String| CliError::Scenario {
            path: path.into(),
            line: Some(1 + text[..span.start.min(text.len())].matches('\n').count()),
            problem,
        };
        let table = DeTable::parse(&text)
            .map_err(|error| place(error.span().unwrap_or_default(), error.message().to_owned()))?;
        let run = run_command();
        let mut flags = Vec::new();
        for (key, value) in table.get_ref() {
            let name = key.get_ref().to_string();
            let flag = known(&run, &name).map_err(|problem| place(key.span(), problem))?;
            let words = as_words(flag, value).map_err(|problem| place(value.span(), problem))?;
            check_value(&words).map_err(|problem| place(value.span(), problem))?;
            flags.push(Flag { name, words });
        }
        Ok(Self { path: path.into(), flags })
    }

    /// The run it describes, with the flags of the command line over it.
    pub(super) fn under_flags(self, line: &[OsString]) -> Result<Run, CliError> {
        let run = run_command();
        let own = own_words(line);
        let start = ["memwall", "run"].map(OsString::from);
        let given = run.clone().try_get_matches_from(start.iter().skip(1).chain(&own));
        let given = given.expect("the command line was parsed before");
        let flags = self.flags.into_iter().filter(|flag| !is_overruled(&run, &given, &flag.name));
        let scenario = flags.flat_map(|flag| flag.words).map(OsString::from);
        let words = start.iter().cloned().chain(scenario).chain(own.iter().cloned());
        match Arguments::try_parse_from(words).map(|arguments| arguments.command) {
            Ok(Command::Run(run)) => Ok(*run),
            Ok(_) => unreachable!("the second word is `run`"),
            Err(error) => {
                Err(CliError::Scenario { path: self.path, line: None, problem: first_line(&error) })
            }
        }
    }
}

/// The text of the shipped scenario that is named so, unless a file is.
fn shipped(name: &Path) -> Option<&'static str> {
    let found = SHIPPED.iter().find(|(known, _)| name == Path::new(known));
    found.filter(|_| !name.exists()).map(|(_, text)| *text)
}

/// Whether it is a plain name, which no file has.
fn is_mistyped(name: &Path) -> bool {
    name.extension().is_none() && name.components().count() == 1 && !name.exists()
}

/// That there is no scenario of this name.
fn unknown(name: &Path) -> CliError {
    let given = name.to_string_lossy();
    let near = nearest(&given, SHIPPED.map(|(known, _)| known));
    let meant = near.map_or(String::new(), |known| format!("did you mean `{known}`? "));
    let problem =
        format!("neither a file nor a shipped scenario; {meant}`memwall run --help` lists them");
    CliError::Scenario { path: name.into(), line: None, problem }
}

/// The words of the command line after `run`.
fn own_words(line: &[OsString]) -> Vec<OsString> {
    let mut words = line.iter();
    while let Some(word) = words.next() {
        if word == "--specs" {
            words.next();
        } else if word == "run" {
            break;
        }
    }
    words.cloned().collect()
}

/// `run`, with the flags of every command.
pub(super) fn run_command() -> clap::Command {
    let mut arguments = Arguments::command();
    arguments.build();
    arguments.find_subcommand("run").expect("`run` is a command").clone()
}

/// Whether the command line gives this flag, or one that cannot stand beside it.
fn is_overruled(run: &clap::Command, given: &ArgMatches, name: &str) -> bool {
    let flag = run.get_arguments().find(|flag| flag.get_long() == Some(name));
    let flag = flag.expect("keys were checked");
    let excludes = |one: &Arg, other: &Arg| {
        run.get_arg_conflicts_with(one).iter().any(|found| found.get_id() == other.get_id())
    };
    let is_given =
        |arg: &Arg| given.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    run.get_arguments().filter(|other| is_given(other)).any(|other| {
        other.get_id() == flag.get_id() || excludes(flag, other) || excludes(other, flag)
    })
}

/// The flag that a key of a scenario sets.
pub(super) fn known<'a>(run: &'a clap::Command, key: &str) -> Result<&'a Arg, String> {
    let of_run = || run.get_arguments().filter(|flag| !flag.is_global_set());
    let flags = || of_run().filter_map(|flag| Some((flag.get_long()?, flag)));
    let flags = || flags().filter(|(long, _)| *long != "help");
    if let Some((_, flag)) = flags().find(|(long, _)| *long == key) {
        return Ok(flag);
    }
    let near = nearest(key, flags().map(|(long, _)| long));
    let meant = near.map_or(String::new(), |flag| format!("did you mean `{flag}`? "));
    Err(format!("unknown key `{key}`; {meant}keys are the flags of `memwall run --help`"))
}

/// A flag and its value as words of a command line.
fn as_words(flag: &Arg, value: &Spanned<DeValue>) -> Result<Vec<String>, String> {
    let key = flag.get_long().expect("keys are long flags");
    let takes_many = flag.get_num_args().is_some_and(|range| range.max_values() > 1);
    Ok(match value.get_ref() {
        DeValue::Boolean(true) => vec![format!("--{key}")],
        DeValue::Boolean(false) => Vec::new(),
        DeValue::Array(values) if takes_many => {
            let values = values.iter();
            let words: Result<Vec<_>, _> = values.map(|value| word(key, value.get_ref())).collect();
            [vec![format!("--{key}")], words?].concat()
        }
        other => vec![format!("--{key}={}", word(key, other)?)],
    })
}

fn word(key: &str, value: &DeValue) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.to_string()),
        DeValue::Float(number) => Ok(number.to_string()),
        _ => Err(format!("`{key}` takes a text or a number")),
    }
}

/// Whether clap accepts the flag with its value; flags that need others are left to the whole.
pub(super) fn check_value(flag: &[String]) -> Result<(), String> {
    use clap::error::ErrorKind::{
        InvalidValue, TooFewValues, TooManyValues, UnknownArgument, ValueValidation,
    };
    let words = ["memwall", "run"].into_iter().chain(flag.iter().map(String::as_str));
    match Arguments::try_parse_from(words) {
        Err(error) if error.kind() == TooManyValues => {
            let remedy = "a switch is true or false, without quotes";
            Err(format!("{}; {remedy}", first_line(&error)))
        }
        Err(error)
            if matches!(
                error.kind(),
                InvalidValue | TooFewValues | UnknownArgument | ValueValidation
            ) =>
        {
            Err(first_line(&error))
        }
        _ => Ok(()),
    }
}

pub(super) fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    hint(error).map_or_else(|| first.to_owned(), |hint| format!("{first}; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_file_is_in_the_table_and_can_be_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads/scenarios");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.collect();
        files.sort();
        let names: Vec<_> = files.iter().map(|path| path.file_stem().unwrap()).collect();
        assert_eq!(names, SHIPPED.map(|(name, _)| name));
        for path in files {
            let scenario = Scenario::read(&path).unwrap_or_else(|error| panic!("{error}"));
            assert!(scenario.flags.len() > 5);
        }
    }
}
