//! Every figure of a part with its provenance, as rows for people.

use std::collections::{BTreeMap, BTreeSet};

use super::parts::Catalog;
use crate::hardware::chip::{Class, Stacks};
use crate::hardware::resolve::{bandwidth_class, capacity_class, exp_rate};
use crate::hardware::spec::{ChipSpec, Entry, Figure};
use crate::units::{significant, with_prefix};

/// Figures that a chip takes from its system, unless it varies them.
const OF_SYSTEMS: [&str; 5] = [
    "scale_up.tray",
    "scale_up.switches",
    "scale_up.wiring",
    "network.nics",
    "network.oversubscription",
];

/// One figure of a chip or system, and where it is from.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct FigureRow {
    /// Dotted key: `memory.pin_rate`.
    pub key: String,
    /// The value as the file has it.
    pub value: String,
    /// How far it can be trusted.
    pub class: Class,
    /// Keys of sources, or how it was derived; empty if unsaid.
    pub source: String,
    /// When the source said so.
    pub date: Option<String>,
    /// What is to be known about it.
    pub note: Option<String>,
    /// Whether it was computed from other figures.
    pub derived: bool,
}

impl Catalog {
    /// Every figure of a chip, in the order of the file format, then the totals that the simulator
    /// derives from them. Empty if there is no such chip.
    pub fn figures(&self, name: &str) -> Vec<FigureRow> {
        let Ok(spec) = self.spec(name) else { return Vec::new() };
        let entries = spec.entries();
        let mut rows: Vec<_> = entries.iter().map(|entry| self.row(entry, &spec.notes)).collect();
        rows.extend(derived(spec));
        rows
    }

    /// Every figure of a system. Empty if there is no such system.
    pub fn system_figures(&self, name: &str) -> Vec<FigureRow> {
        let Some(spec) = self.system_spec(name) else { return Vec::new() };
        spec.entries().iter().map(|entry| self.row(entry, &spec.notes)).collect()
    }

    /// The dotted keys of the figures that any chip gives, or takes from its system.
    pub fn figure_keys(&self) -> BTreeSet<String> {
        let mut keys: BTreeSet<String> = OF_SYSTEMS.map(str::to_owned).into();
        for spec in self.specs() {
            keys.extend(spec.entries().iter().map(Entry::key));
        }
        keys
    }

    fn row(&self, entry: &Entry<'_>, notes: &BTreeMap<String, String>) -> FigureRow {
        let key = entry.key();
        let source = entry.source.unwrap_or_default();
        // The first source is the one that the figure was taken from.
        let dated = || source.split(';').next().and_then(|key| self.source(key.trim()));
        FigureRow {
            value: entry.text.into(),
            class: entry.class(),
            source: source.into(),
            date: entry.date.map(Into::into).or_else(|| dated()?.date.clone()),
            note: notes.get(&key).cloned(),
            derived: entry.derived,
            key,
        }
    }
}

/// What the simulator computes from the figures: each with the formula as its source.
fn derived(spec: &ChipSpec) -> Vec<FigureRow> {
    let mut rows = Vec::new();
    if let Some(stacks) = spec.memory.as_stacks() {
        let Stacks { count, height, pins, enabled, .. } = stacks;
        let die = spec.memory.die_capacity.as_ref().map_or("", Figure::text);
        let rate = spec.memory.pin_rate.as_ref().map_or("", Figure::text);
        rows.push(derived_row(
            ("derived.capacity", capacity_class(&spec.memory)),
            format!("{} GiB", significant(stacks.capacity().get() / f64::from(1 << 30), 4)),
            format!("{count} stacks × {height} dies × {die} × {} enabled", significant(enabled, 4)),
        ));
        rows.push(derived_row(
            ("derived.bandwidth", bandwidth_class(&spec.memory)),
            stacks.bandwidth().to_string(),
            format!("{count} stacks × {pins} pins × {rate}"),
        ));
    }
    if let Some(rate) = exp_rate(spec) {
        rows.push(derived_row(
            ("derived.exp_rate", spec.compute.exp_per_core_clock.as_ref().map(Figure::class)),
            with_prefix(rate.get(), "exp/s"),
            "cores × exponentials per core and clock × clock".into(),
        ));
    }
    rows
}

fn derived_row((key, class): (&str, Option<Class>), value: String, formula: String) -> FigureRow {
    FigureRow {
        key: key.into(),
        value,
        class: class.unwrap_or(Class::Estimate),
        source: formula,
        date: None,
        note: None,
        derived: true,
    }
}
