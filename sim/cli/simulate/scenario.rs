//! A run described in a file: the flags of `run` as TOML keys.

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::run::Run;
use crate::cli::arguments::{Arguments, Command};
use crate::cli::{CliError, files};

/// A scenario file, as flags.
#[derive(Debug)]
pub(super) struct Scenario {
    path: PathBuf,
    flags: Vec<String>,
}

impl Scenario {
    /// Reads it; every key is checked on its own, so that an error names its line.
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        let text = files::text(path, "a TOML file")?;
        let place = |span: Range<usize>, problem: String| CliError::Scenario {
            path: path.into(),
            line: 1 + text[..span.start.min(text.len())].matches('\n').count(),
            problem,
        };
        let table = DeTable::parse(&text)
            .map_err(|error| place(error.span().unwrap_or_default(), error.message().to_owned()))?;
        let mut flags = Vec::new();
        for (key, value) in table.get_ref() {
            check_key(key.get_ref()).map_err(|problem| place(key.span(), problem))?;
            let flag = as_flags(key.get_ref(), value).map_err(|p| place(value.span(), p))?;
            check_value(&flag).map_err(|problem| place(value.span(), problem))?;
            flags.extend(flag);
        }
        Ok(Self { path: path.into(), flags })
    }

    /// The run it describes, with the flags of this process's command line over it.
    pub(super) fn under_flags(self) -> Result<Run, CliError> {
        let own = std::env::args_os().skip_while(|argument| argument != "run").skip(1);
        let own = own.filter(|argument| Path::new(argument) != self.path);
        let words = ["memwall", "run"].map(OsString::from);
        let scenario = self.flags.into_iter().map(OsString::from);
        let parsed = Arguments::try_parse_from(words.into_iter().chain(scenario).chain(own));
        match parsed.map(|arguments| arguments.command) {
            Ok(Command::Run(run)) => Ok(*run),
            Ok(_) => unreachable!("the second word is `run`"),
            Err(error) => {
                Err(CliError::Scenario { path: self.path, line: 1, problem: first_line(&error) })
            }
        }
    }
}

/// The flags that a scenario may set.
fn known_flags() -> Vec<String> {
    let arguments = Arguments::command();
    let run = arguments.find_subcommand("run").expect("`run` is a command");
    run.get_arguments().filter_map(|flag| flag.get_long()).map(str::to_owned).collect()
}

fn check_key(key: &str) -> Result<(), String> {
    let known = known_flags();
    if known.iter().any(|flag| flag == key) {
        return Ok(());
    }
    let nearest = known
        .iter()
        .map(|flag| (strsim::jaro_winkler(flag, key), flag))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(String::new(), |(_, flag)| format!("; did you mean `{flag}`?"));
    Err(format!("unknown key `{key}`{nearest} Keys are the flags of `memwall run --help`"))
}

/// A key and its value as words of a command line.
fn as_flags(key: &str, value: &Spanned<DeValue>) -> Result<Vec<String>, String> {
    let flag = format!("--{key}");
    Ok(match value.get_ref() {
        DeValue::Boolean(true) => vec![flag],
        DeValue::Boolean(false) => Vec::new(),
        DeValue::Array(values) => {
            let words: Result<Vec<_>, _> =
                values.iter().map(|value| word(key, value.get_ref())).collect();
            [vec![flag], words?].concat()
        }
        other => vec![format!("{flag}={}", word(key, other)?)],
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
fn check_value(flag: &[String]) -> Result<(), String> {
    use clap::error::ErrorKind::{InvalidValue, TooFewValues, UnknownArgument, ValueValidation};
    let words = ["memwall", "run"].into_iter().chain(flag.iter().map(String::as_str));
    match Arguments::try_parse_from(words) {
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

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    first.strip_prefix("error: ").unwrap_or(first).to_owned()
}
