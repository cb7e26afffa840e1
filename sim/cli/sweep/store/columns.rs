//! Which columns a sweep's parts have: what was set, then every figure of a run.

use serde::Serialize;
use serde_json::Value;

use crate::report::RunDocument;
use crate::sweep::{Setting, SweepSpec};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli::sweep) enum Kind {
    /// Whole numbers.
    Integer,
    /// Numbers, six significant digits.
    Number,
    /// Texts.
    Text,
    /// Yes or no.
    Switch,
}

/// From where a column is filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli::sweep) enum From {
    /// Number, seed, state, reason.
    Point,
    /// The setting of this key.
    Setting(String),
    /// The document's value at this path, or else the setting of the same name.
    Document(Vec<String>),
    /// The lower or the upper end of the band of this figure.
    Band(&'static str, &'static str),
}

/// A column of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::cli::sweep) struct Column {
    /// Its name, the unit last: `ttft_ms_p99`.
    pub(in crate::cli::sweep) name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub(in crate::cli::sweep) kind: Kind,
    #[serde(skip)]
    pub(in crate::cli::sweep) from: From,
}

/// Sections whose keys say enough without them.
const PLAIN: [&str; 4] = ["latency", "throughput", "energy", "cost"];

/// Keys of a document that are the same for all points, or stand elsewhere.
const LEFT_OUT: [&str; 6] =
    ["schema", "memwall_version", "seed", "constants", "bands", "band_causes"];

/// The columns of a sweep; they depend on its spec alone.
pub(in crate::cli::sweep) fn columns_of(spec: &SweepSpec) -> Vec<Column> {
    let point = |name: &str, kind| Column { name: name.into(), kind, from: From::Point };
    let mut columns = vec![
        point("point", Kind::Integer),
        point("seed", Kind::Integer),
        point("state", Kind::Text),
        point("reason", Kind::Text),
    ];
    let mut measured = Vec::new();
    let blank = serde_json::to_value(RunDocument::default()).expect("documents are JSON");
    leaves(&blank, &mut Vec::new(), &mut measured);
    let mut settings = spec.axes();
    for (key, value) in &spec.base {
        if !settings.iter().any(|(known, _)| known == key) {
            settings.push((key.clone(), vec![value.clone()]));
        }
    }
    for (key, values) in &settings {
        let column = setting(key, values);
        let is_there = columns.iter().chain(&measured).any(|known| known.name == column.name);
        if !is_there {
            columns.push(column);
        }
    }
    columns.extend(measured);
    if settings.iter().any(|(key, _)| key == "explain") {
        columns.extend(bands());
    }
    columns
}

fn setting(key: &str, values: &[Setting]) -> Column {
    let measures: Option<Vec<_>> = values.iter().map(Setting::measure).collect();
    let measures = measures.unwrap_or_default();
    let unit = measures.first().map(|first| (first.prefix.clone(), first.suffix.clone()));
    let unit = unit.filter(|(prefix, suffix)| {
        measures.iter().all(|one| (&one.prefix, &one.suffix) == (prefix, suffix))
    });
    let kind = match &unit {
        _ if values.iter().all(|value| matches!(value, Setting::Integer(_))) => Kind::Integer,
        _ if values.iter().all(|value| matches!(value, Setting::Switch(_))) => Kind::Switch,
        Some(_) => Kind::Number,
        None => Kind::Text,
    };
    let unit = match unit {
        Some((prefix, _)) if !prefix.is_empty() => "multiple".to_owned(),
        Some((_, suffix)) => suffix,
        None => String::new(),
    };
    let unit = if key == "rate" { "per_s".to_owned() } else { unit };
    Column { name: plain(&format!("{key} {}", unit.trim())), kind, from: From::Setting(key.into()) }
}

/// A name in lower case with underscores, which every query language takes unquoted.
fn plain(name: &str) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    name.trim().chars().map(word).collect()
}

fn leaves(value: &Value, path: &mut Vec<String>, columns: &mut Vec<Column>) {
    let kind = match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if path.is_empty() && LEFT_OUT.contains(&key.as_str()) {
                    continue;
                }
                path.push(key.clone());
                leaves(value, path, columns);
                path.pop();
            }
            return;
        }
        Value::Number(number) if number.is_f64() => Kind::Number,
        Value::Number(_) => Kind::Integer,
        Value::Bool(_) => Kind::Switch,
        // Figures that are not known in the blank document: all of them are numbers.
        Value::Null => Kind::Number,
        Value::String(_) | Value::Array(_) => Kind::Text,
    };
    let from = usize::from(PLAIN.contains(&path[0].as_str()));
    columns.push(Column { name: path[from..].join("_"), kind, from: From::Document(path.clone()) });
}

fn bands() -> Vec<Column> {
    let figures = RunDocument::default().figures();
    let ends = figures.iter().flat_map(|&(figure, _)| ["low", "high"].map(|end| (figure, end)));
    ends.map(|(figure, end)| {
        let section = figure.split_once('.').expect("figures stand in sections");
        let name = format!("{}_{end}", section.1.replace('.', "_"));
        Column { name, kind: Kind::Number, from: From::Band(figure, end) }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(text: &str) -> Vec<Column> {
        columns_of(&SweepSpec::read("x.toml", text, &|_, _| Ok(())).unwrap())
    }

    fn kind(columns: &[Column], name: &str) -> Option<Kind> {
        columns.iter().find(|column| column.name == name).map(|column| column.kind)
    }

    #[test]
    fn settings_have_types_and_units() {
        let columns = columns(
            "base.ttl = \"5min\"\nbase.open-loop = true\n[grid]\nconcurrency = [1, 2]\nrate = [1, 2.5]\n\
             chip = [\"a\"]\nfigure.power.tdp = [\"x1.5\"]\n\
             figure.memory.pin_rate = { from = \"6 Gbit/s\", to = \"8 Gbit/s\", steps = 3 }\n",
        );
        assert_eq!(kind(&columns, "concurrency"), Some(Kind::Integer));
        assert_eq!(kind(&columns, "rate_per_s"), Some(Kind::Number));
        assert_eq!(kind(&columns, "ttl_min"), Some(Kind::Number));
        assert_eq!(kind(&columns, "open_loop"), Some(Kind::Switch));
        assert_eq!(kind(&columns, "figure_power_tdp_multiple"), Some(Kind::Number));
        assert_eq!(kind(&columns, "figure_memory_pin_rate_gbit_s"), Some(Kind::Number));
        assert_eq!(columns.iter().filter(|column| column.name == "chip").count(), 1);
    }

    #[test]
    fn figures_of_a_run_have_one_column_each() {
        let columns = columns("[base]\nexplain = true\n");
        for name in ["ttft_ms_p99", "output_tok_s", "usd_per_task", "time_share_compute"] {
            assert_eq!(kind(&columns, name), Some(Kind::Number), "{name}");
        }
        assert_eq!(kind(&columns, "ttft_ms_p99_low"), Some(Kind::Number));
        let mut names: Vec<_> = columns.iter().map(|column| &column.name).collect();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "two columns share a name");
    }
}
