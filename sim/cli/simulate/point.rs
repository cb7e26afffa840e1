//! Runs of a sweep: settings to flags to a document, with what all points share read once.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clap::{Args, FromArgMatches};

use super::explain::band_run;
use super::run::{Crew, Others, Run, Watch};
use super::scenario::{check_value, first_line, known, run_command};
use super::work::Work;
use crate::cli::models::model_named;
use crate::cli::specs::catalog;
use crate::cli::workloads::workload_named;
use crate::cli::{CliError, Shell};
use crate::hardware::{Catalog, Chip, Finding, HardwareError, nearest};
use crate::model::{Model, Plan};
use crate::report::{RunDocument, fill_task};
use crate::sweep::{Measure, Point, Setting};

/// Keys below this vary a figure of the chip: `figure.memory.pin_rate`.
const FIGURE: &str = "figure.";

/// Flags of `run` that make no sense in a point.
const NOT_SWEPT: [&str; 7] =
    ["out", "timing", "format", "api", "timeline", "window", "timeline-events"];

/// What the points of a sweep share.
pub(in crate::cli) struct Bench {
    catalog: Catalog,
    command: clap::Command,
    specs: Option<PathBuf>,
    models: Shelf<Model>,
    works: Shelf<Work>,
}

/// Things by name, each read when it is first asked for.
struct Shelf<T>(Mutex<BTreeMap<String, Arc<T>>>);

impl<T> Shelf<T> {
    fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    fn get(
        &self,
        name: &str,
        read: impl FnOnce() -> Result<T, CliError>,
    ) -> Result<Arc<T>, CliError> {
        // A point that panicked is reported as failed; what it had read is sound.
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = shelf.get(name) {
            return Ok(Arc::clone(found));
        }
        let new = Arc::new(read()?);
        shelf.insert(name.to_owned(), Arc::clone(&new));
        Ok(new)
    }
}

impl Bench {
    /// For points over the catalogue that the shell names.
    pub(in crate::cli) fn new(shell: &Shell) -> Result<Self, CliError> {
        Ok(Self {
            catalog: catalog(shell)?,
            command: Run::augment_args(clap::Command::new("run")),
            specs: shell.specs().cloned(),
            models: Shelf::new(),
            works: Shelf::new(),
        })
    }

    /// Simulates a point.
    pub(in crate::cli) fn document(&self, point: &Point) -> Result<RunDocument, CliError> {
        let shell = Shell::silent(self.specs.clone());
        let run = self.run_of(point)?;
        let varied = self.varied(&run.chip, point)?;
        let chip = varied.as_ref().map_or_else(|| self.catalog.chip(&run.chip), Ok)?;
        let chip = &run.wired(chip.clone())?;
        let model = self.models.get(&run.common.model, || run.common.model(&shell))?;
        let flags = &run.common.work;
        let work = self.works.get(&format!("{flags:?}"), || flags.read(&shell))?;
        let steady = run.steady_clients(&work).map(|_| work.with_pauses_cut());
        let work = steady.as_ref().unwrap_or(&work);
        run.check(work)?;
        let plan = run.plan.unwrap_or(Plan::tp(run.tp.unwrap_or(1)));
        let order = run.order(chip, &model, plan, work.page_tokens())?;
        let deployment = order.deploy()?;
        let wired = |name: &str| run.wired(self.catalog.chip(name)?.clone());
        let prefill = run.prefill_chip().map(wired).transpose()?;
        let (better, better_chip) = run.better();
        let better = better.map(|name| self.models.get(name, || model_named(name, &shell)));
        let better = better.transpose()?;
        let better_chip = better_chip.map(wired).transpose()?;
        let others = Others {
            prefill: prefill.as_ref(),
            better: better.as_deref(),
            better_chip: better_chip.as_ref(),
        };
        let crew = Crew::of(&run, others, (&order, &deployment), || Ok(self.catalog.clone()))?;
        let (result, figures) = run.measure(&crew, work, &mut Watch::new(&mut |_| {}))?;
        let mut document = run.document(&crew, &result, figures.as_ref(), work);
        let basis = run.money.basis();
        let paid = run.paid(&basis);
        fill_task(&mut document, &crew.used(&result, figures.as_ref()), &result, &paid);
        if run.explain {
            let program = &deployment.program;
            band_run(&mut document, &order, program, &shell, |order| run.again(order, work));
        }
        if varied.is_some() {
            document.chip.clone_from(&self.catalog.chip(&run.chip)?.name);
        }
        Ok(document)
    }

    /// The flags of a point.
    fn run_of(&self, point: &Point) -> Result<Run, CliError> {
        let flags = point.settings.iter().filter(|(key, _)| is_flag(key) && key != "seed");
        let words = flags.flat_map(|(key, value)| words(key, value));
        let start = ["run".to_owned(), format!("--seed={}", point.seed)];
        let matches = self.command.clone().try_get_matches_from(start.into_iter().chain(words));
        matches.and_then(|matches| Run::from_arg_matches(&matches)).map_err(|error| {
            CliError::Flag {
                flag: "point",
                value: point.number.to_string(),
                problem: first_line(&error),
                remedy: "mend the axes, or leave such points out by `where`".into(),
            }
        })
    }

    /// The chip with the figures that the point varies, if it varies any.
    fn varied(&self, name: &str, point: &Point) -> Result<Option<Chip>, CliError> {
        let figures = point.settings.iter();
        let figures: Vec<_> =
            figures.filter_map(|(key, value)| Some((key.strip_prefix(FIGURE)?, value))).collect();
        if figures.is_empty() {
            return Ok(None);
        }
        vary(&self.catalog, name, &figures).map(Some)
    }
}

/// A chip of the catalogue with other figures.
fn vary(catalog: &Catalog, name: &str, figures: &[(&str, &Setting)]) -> Result<Chip, CliError> {
    const NAME: &str = "varied by the sweep";
    let base = &catalog.chip(name)?.name;
    let mut text = format!("name = \"{NAME}\"\nbase = \"{base}\"\n");
    for (path, value) in figures {
        let value = absolute(catalog, base, path, value)?;
        writeln!(text, "{path}.value = {value}").expect("a String takes every write");
    }
    Ok(catalog.variation(&format!("{base}, {NAME}"), &text)?)
}

/// A value as TOML; multiples are multiplied out.
pub(super) fn absolute(
    catalog: &Catalog,
    chip: &str,
    path: &str,
    value: &Setting,
) -> Result<toml::Value, CliError> {
    let text = match value {
        Setting::Integer(number) => return Ok(toml::Value::Integer(*number)),
        Setting::Number(number) => return Ok(toml::Value::Float(*number)),
        other => other.to_string(),
    };
    let Some(multiple) = Measure::of(&text).filter(|measure| measure.prefix == "x") else {
        return Ok(toml::Value::String(text));
    };
    let spec = catalog.spec(chip)?;
    let entries = spec.entries();
    let own = entries.iter().find(|entry| entry.key() == path);
    let own =
        own.and_then(|entry| Measure::of(entry.text)).filter(|own| !own.suffix.contains(" to "));
    let own = own.ok_or_else(|| CliError::Flag {
        flag: "figure",
        value: path.to_owned(),
        problem: format!("{chip} gives no such number, of which there could be a multiple"),
        remedy: "give values with their unit instead".into(),
    })?;
    let number = own.number * multiple.number;
    Ok(match own.suffix.as_str() {
        "" if number.fract() == 0.0 => toml::Value::Integer(number as i64),
        "" => toml::Value::Float(number),
        _ => toml::Value::String(own.with(number).to_string()),
    })
}

/// Whether a setting is a flag, not a figure of the chip.
fn is_flag(key: &str) -> bool {
    !key.starts_with(FIGURE)
}

/// A setting as words of a command line.
fn words(key: &str, value: &Setting) -> Vec<String> {
    match value {
        Setting::Switch(true) => vec![format!("--{key}")],
        Setting::Switch(false) => Vec::new(),
        Setting::Many(texts) => [vec![format!("--{key}")], texts.clone()].concat(),
        other => vec![format!("--{key}={other}")],
    }
}

/// Whether a sweep may set `key` to `value`; the message says what is wrong, and what to do.
pub(in crate::cli) fn check_setting(
    catalog: &Catalog,
    shell: &Shell,
    key: &str,
    value: &Setting,
) -> Result<(), String> {
    if let Some(path) = key.strip_prefix(FIGURE) {
        return check_figure(catalog, path, value);
    }
    if NOT_SWEPT.contains(&key) {
        return Err(format!("`{key}` cannot be swept; the sweep's own `--out` keeps its results"));
    }
    known(&run_command(), key).map_err(|problem| {
        format!("{problem}, or figures of the chip: `figure.memory.pin_rate`")
    })?;
    check_value(&words(key, value))?;
    let found = match (key, value) {
        ("chip", Setting::Text(name)) => catalog.chip(name).map(drop).map_err(CliError::from),
        ("model", Setting::Text(name)) => model_named(name, shell).map(drop),
        ("workload", Setting::Text(name)) => workload_named(name, shell).map(drop),
        _ => Ok(()),
    };
    found.map_err(|error| error.to_string())
}

/// The flags of `run` that a file may set.
pub(in crate::cli) fn run_flags() -> Vec<clap::Arg> {
    let run = run_command();
    let flags = run.get_arguments().filter(|flag| !flag.is_global_set());
    let long = flags.filter(|flag| flag.get_long().is_some_and(|long| long != "help"));
    long.cloned().collect()
}

/// Whether any chip has the figure, and values could be one.
fn check_figure(catalog: &Catalog, path: &str, value: &Setting) -> Result<(), String> {
    let keys = catalog.figure_keys();
    if !keys.contains(path) {
        let near = nearest(path, keys.iter().map(|key| &**key));
        let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        return Err(format!(
            "no chip has a figure `{path}`; {near}`memwall chips show h100-sxm` lists them"
        ));
    }
    if value.measure().is_some_and(|measure| measure.prefix == "x") {
        return Ok(());
    }
    let any = catalog.chips().next().expect("the catalogue has chips");
    vary(catalog, &any.name, &[(path, value)]).map(|_| ()).map_err(|error| match error {
        // Whose figure it would be is no matter: what is wrong is the value.
        CliError::Hardware(HardwareError::BadSpecs { findings }) => {
            let complaint = |finding: &Finding| match finding.remedy.as_str() {
                "" => finding.message.clone(),
                remedy => format!("{}; {remedy}", finding.message),
            };
            let complaints: Vec<_> = findings.iter().map(complaint).collect();
            format!("`{value}`: {}", complaints.join("; "))
        }
        other => other.to_string(),
    })
}
