//! Which columns a sweep's parts have: what was set, then every figure of a run.

use serde::Serialize;
use serde_json::Value;

use crate::report::{
    Deadline, OverlapReport, PipelineReport, PowerReport, RanksReport, RunDocument, UsersReport,
};
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

impl Column {
    /// Whether it is a number that a run gives, band or not.
    pub(in crate::cli::sweep) fn is_figure(&self) -> bool {
        let is_number = matches!(self.kind, Kind::Integer | Kind::Number);
        is_number && matches!(self.from, From::Document(_))
    }
}

/// Sections whose keys say enough without them.
const PLAIN: [&str; 5] = ["latency", "throughput", "energy", "cost", "fleet"];

/// Paths of a document that are the same for all points, or stand elsewhere.
const LEFT_OUT: [&str; 8] = [
    "schema",
    "memwall_version",
    "seed",
    "constants",
    "bands",
    "band_causes",
    "bottleneck_link",
    "task.api",
];

/// Flags that make a fleet of a replica, or give it stores below HBM: only then there are figures
/// of these.
const FLEET: [&str; 10] = [
    "replicas",
    "prefill-replicas",
    "fail-every",
    "outage",
    "part-fault",
    "part-faults",
    "host-cores",
    "draft-tokens",
    "escalate-to",
    "kv-tiers",
];

/// Places in a document's lists, by what stands there.
const PLACES: [(&str, &str); 7] = [
    ("pools_0", "pool"),
    ("pools_1", "prefill"),
    ("per_replica_0", "per_replica_least"),
    ("per_replica_1", "per_replica_most"),
    ("tiers_stores_0", "tier1"),
    ("tiers_stores_1", "tier2"),
    ("tiers_stores_2", "tier3"),
];

/// The columns of a sweep; they depend on its spec alone.
pub(in crate::cli::sweep) fn columns_of(spec: &SweepSpec) -> Vec<Column> {
    let point = |name: &str, kind| Column { name: name.into(), kind, from: From::Point };
    let mut columns = vec![
        point("point", Kind::Integer),
        point("seed", Kind::Integer),
        point("state", Kind::Text),
        point("reason", Kind::Text),
    ];
    let mut settings = spec.axes();
    for (key, value) in &spec.base {
        if !settings.iter().any(|(known, _)| known == key) {
            settings.push((key.clone(), vec![value.clone()]));
        }
    }
    let is_fleet = settings.iter().any(|(key, _)| FLEET.contains(&key.as_str()));
    let mut blank = if is_fleet { RunDocument::widest() } else { RunDocument::default() };
    // Ways of running a step bring their figures with them.
    let is_set = |name: &str| settings.iter().any(|(key, _)| key == name);
    let is_staged = |values: &[Setting]| values.iter().any(|v| v.to_string().contains("-pp"));
    let stages = settings.iter().any(|(key, values)| key == "plan" && is_staged(values));
    blank.pipeline = stages.then(PipelineReport::default);
    blank.overlap = is_set("overlap").then(OverlapReport::default);
    let ranks = is_set("dp-balance").then(RanksReport::default);
    for pool in blank.fleet.iter_mut().flat_map(|fleet| &mut fleet.pools) {
        pool.ranks.clone_from(&ranks);
    }
    blank.ranks = ranks;
    blank.power = is_set("power-cap").then(PowerReport::default);
    blank.users = is_set("users").then(UsersReport::default);
    blank.task.deadline = is_set("deadline").then(Deadline::default);
    let blank = serde_json::to_value(blank).expect("documents are JSON");
    let mut measured = Vec::new();
    leaves(&blank, &mut Vec::new(), &mut measured);
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

/// The columns of the sweep's axes, in their order.
pub(in crate::cli::sweep) fn axis_columns(spec: &SweepSpec) -> Vec<Column> {
    spec.axes().iter().map(|(key, values)| setting(key, values)).collect()
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
    let mut below = |key: String, value: &Value| {
        path.push(key);
        if !LEFT_OUT.contains(&path.join(".").as_str()) {
            leaves(value, path, columns);
        }
        path.pop();
    };
    let kind = match value {
        Value::Object(fields) => {
            return fields.iter().for_each(|(key, value)| below(key.clone(), value));
        }
        Value::Array(places) if !places.is_empty() => {
            let places = places.iter().enumerate();
            return places.for_each(|(place, value)| below(place.to_string(), value));
        }
        Value::Number(number) if number.is_f64() => Kind::Number,
        Value::Number(_) => Kind::Integer,
        Value::Bool(_) => Kind::Switch,
        // Figures that are not known in the blank document: all of them are numbers.
        Value::Null => Kind::Number,
        Value::String(_) | Value::Array(_) => Kind::Text,
    };
    columns.push(Column { name: name(path), kind, from: From::Document(path.clone()) });
}

/// The name of the figure at a path of the document.
fn name(path: &[String]) -> String {
    // Chips of a replica and of the fleet are two figures.
    let is_plain = PLAIN.contains(&path[0].as_str()) && path != ["fleet", "gpus"];
    let name = path[usize::from(is_plain)..].join("_");
    PLACES.iter().fold(name, |name, (place, meaning)| name.replace(place, meaning))
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
            "base.ttl = \"5min\"\nbase.open-loop = true\n[grid]\n\
             concurrency = [1, 2]\nrate = [1, 2.5]\n\
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
    fn a_fleet_has_figures_of_its_pools() {
        let one = columns("grid.tp = [1, 2]\n");
        assert_eq!(kind(&one, "pool_hit_rate"), None);
        let stores = columns("base.kv-tiers = [\"host\", \"nvme\"]\ngrid.tp = [1, 2]\n");
        assert_eq!(kind(&stores, "kv_tier2_hit_rate"), Some(Kind::Number));
        let fleet = columns("base.replicas = 2\ngrid.prefill-chip = [\"a\"]\n");
        for name in ["prefill_hit_rate", "fleet_gpus", "gpus", "pool_requests_per_replica_most"] {
            assert!(kind(&fleet, name).is_some(), "{name}");
        }
        let better = columns("base.escalate-to = \"x\"\ngrid.escalate = [0.1, 0.2]\n");
        assert!(better.iter().any(|column| column.name.ends_with("escalation_escalated")));
        let late = columns("base.deadline = \"10min\"\ngrid.tp = [1]\n");
        assert!(late.iter().any(|column| column.name.ends_with("deadline_met")));
        assert!(!one.iter().any(|column| column.name.ends_with("deadline_met")));
        assert_eq!(kind(&fleet, "handoff_wait_ms_p50"), Some(Kind::Number));
        assert_eq!(kind(&fleet, "prefill_chip"), Some(Kind::Text));
    }

    #[test]
    fn ways_of_running_a_step_have_figures() {
        let one = columns("grid.plan = [\"tp1\", \"tp2\"]\n");
        assert_eq!(kind(&one, "power_lost_share"), None);
        assert_eq!(kind(&one, "pipeline_stages"), None);
        let all = columns(
            "base.overlap = \"two-batch\"\ngrid.plan = [\"tp1\", \"tp1-pp2\"]\n\
             grid.power-cap = [\"400W\", \"700W\"]\n",
        );
        assert_eq!(kind(&all, "power_lost_share"), Some(Kind::Number));
        assert_eq!(kind(&all, "pipeline_bubble_share_decode"), Some(Kind::Number));
        assert_eq!(kind(&all, "overlap_prefill_hidden_share"), Some(Kind::Number));
    }

    #[test]
    fn figures_of_a_run_have_one_column_each() {
        let columns = columns("base.explain = true\ngrid.tp = [1]\n");
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
