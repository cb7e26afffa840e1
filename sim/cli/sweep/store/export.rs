//! A sweep's rows as CSV or JSON, for those who do not read Parquet.

use std::fs::File;
use std::path::Path;

use clap::ValueEnum;
use parquet::record::Field;
use serde_json::Value;

use super::folder::part_name;
use super::part::{Named, read_rows};
use crate::cli::{CliError, Shell};

/// What rows can be printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli::sweep) enum ExportFormat {
    /// Comma-separated, with a heading; null is an empty field.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// One JSON document with all rows.
    Json,
}

/// Name and version of the document with all rows.
const SCHEMA: &str = "memwall.sweep-rows/1";

/// Prints the rows of `parts` in their order.
pub(in crate::cli::sweep) fn export(
    folder: &Path,
    parts: impl Iterator<Item = u64>,
    format: ExportFormat,
    shell: &mut Shell,
) -> Result<(), CliError> {
    let mut heading = format == ExportFormat::Csv;
    let mut before = "\n";
    if format == ExportFormat::Json {
        shell.piece(format_args!("{{\n  \"schema\": \"{SCHEMA}\",\n  \"rows\": ["))?;
    }
    for part in parts {
        let rows = rows_of(folder, part, &[])?;
        for row in rows {
            if heading {
                shell.line(csv_line(row.iter().map(|(name, _)| name.clone())))?;
                heading = false;
            }
            match format {
                ExportFormat::Csv => {
                    shell.line(csv_line(row.iter().map(|(_, field)| text(field))))?;
                }
                ExportFormat::Jsonl => shell.line(json_line(&row))?,
                ExportFormat::Json => {
                    shell.piece(format_args!("{before}    {}", json_line(&row)))?;
                    before = ",\n";
                }
            }
        }
    }
    if format == ExportFormat::Json { shell.line("\n  ]\n}") } else { Ok(()) }
}

/// The rows of a part; of the columns `only`, if some are named.
pub(in crate::cli::sweep) fn rows_of(
    folder: &Path,
    part: u64,
    only: &[&str],
) -> Result<Named, CliError> {
    let path = folder.join(part_name(part));
    let file = File::open(&path).map_err(|source| CliError::Read { path: path.clone(), source })?;
    read_rows(file, only).map_err(|error| CliError::Store {
        path,
        problem: format!("cannot be read as Parquet: {error}; remove it and sweep again"),
    })
}

fn json_line(row: &[(String, Field)]) -> String {
    let fields: Vec<_> = row
        .iter()
        .map(|(name, field)| format!("{}:{}", Value::from(name.as_str()), value(field)))
        .collect();
    format!("{{{}}}", fields.join(","))
}

/// A field as JSON.
pub(in crate::cli::sweep) fn value(field: &Field) -> Value {
    match field {
        Field::Long(number) => Value::from(*number),
        Field::Double(number) => Value::from(*number),
        Field::Bool(on) => Value::from(*on),
        Field::Str(text) => Value::from(text.as_str()),
        _ => Value::Null,
    }
}

fn text(field: &Field) -> String {
    match value(field) {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

fn csv_line(cells: impl Iterator<Item = String>) -> String {
    let quoted = |cell: String| {
        if cell.contains([',', '"', '\n']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    };
    cells.map(quoted).collect::<Vec<_>>().join(",")
}
