//! The rows of a folder, by name.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::cli::CliError;
use crate::cli::sweep::command::no_sweep;
use crate::cli::sweep::store::{
    Column, Folder, MANIFEST, Manifest, axis_columns, columns_of, read_manifest, rows_of, value,
};
use crate::sweep::SweepSpec;

/// A row: values by column.
pub(super) type Row = BTreeMap<String, Value>;

/// What a folder holds.
pub(super) struct Results {
    pub(super) manifest: Manifest,
    /// Parts that are there.
    parts: Vec<u64>,
    /// Columns of the axes.
    pub(super) axes: Vec<String>,
    /// Columns of numbers that were measured, not set.
    pub(super) figures: Vec<String>,
}

/// Whether a folder is one of a sweep.
pub(in crate::cli) fn holds_sweep(folder: &Path) -> bool {
    folder.join(MANIFEST).is_file()
}

impl Results {
    /// Opens a folder.
    pub(super) fn open(folder: &Path) -> Result<Self, CliError> {
        let Some(manifest) = read_manifest(folder)? else { return Err(no_sweep(folder)) };
        let parts = Folder::open(folder, manifest.clone())?.parts()?.into_iter().collect();
        // The manifest's spec was checked when the folder was filled.
        let spec = SweepSpec::read(&manifest.name, &manifest.spec, &|_, _| Ok(()))?;
        let axes = axis_columns(&spec).into_iter().map(|column| column.name).collect();
        let figures = columns_of(&spec).into_iter().filter(Column::is_figure);
        let figures = figures.map(|column| column.name).collect();
        Ok(Self { manifest, parts, axes, figures })
    }

    /// Columns of axes and figures, of which `wanted` may be one.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.axes.iter().chain(&self.figures).map(String::as_str)
    }

    /// The columns `only` of every row, in the order of the points.
    pub(super) fn rows(&self, folder: &Path, only: &[&str]) -> Result<Vec<Row>, CliError> {
        let mut rows = Vec::new();
        for &part in &self.parts {
            for row in rows_of(folder, part, only)? {
                rows.push(row.iter().map(|(name, field)| (name.clone(), value(field))).collect());
            }
        }
        Ok(rows)
    }

    /// What tells a row from others: the values of its axes.
    pub(super) fn settings(&self, row: &Row) -> String {
        let values = self.axes.iter().map(|axis| text(row.get(axis).unwrap_or(&Value::Null)));
        values.collect::<Vec<_>>().join(" ")
    }
}

/// A value as one writes it.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".into(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => other.to_string(),
    }
}

/// A folder as a document that can be compared with another: its points by their settings.
pub(in crate::cli) fn rows_document(folder: &Path) -> Result<Value, CliError> {
    let results = Results::open(folder)?;
    let mut completed = 0;
    let mut rows = Vec::new();
    for row in results.rows(folder, &[])? {
        let is_done = row.get("state").is_some_and(|state| state == "done");
        completed += u64::from(is_done);
        let settings = results.settings(&row);
        let figures = results.figures.iter();
        let figures = figures.filter_map(|name| Some((name.clone(), row.get(name)?.clone())));
        let mut body: Map<String, Value> = figures.collect();
        body.insert("settings".into(), settings.into());
        rows.push(Value::Object(body));
    }
    let Manifest { name, memwall_version, spec_hash, seed, .. } = results.manifest;
    Ok(json!({
        "schema": "memwall.sweep-rows/1",
        "name": name,
        "memwall_version": memwall_version,
        "spec_hash": spec_hash,
        "seed": seed,
        "points_completed": completed,
        "rows": rows,
    }))
}
