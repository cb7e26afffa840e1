//! The figures of a workload's file, as rows for people.

use serde::Serialize;
use toml::{Table, Value};

/// One figure, and where it is from.
#[derive(Debug, Serialize)]
pub(super) struct FigureRow {
    /// Dotted key: `agent.tool_gap`.
    pub(super) key: String,
    /// The value as the file has it.
    pub(super) value: String,
    pub(super) class: String,
    pub(super) source: String,
}

/// Every figure in a file that has been read as a workload before.
pub(super) fn figures(text: &str) -> Vec<FigureRow> {
    let mut rows = Vec::new();
    if let Ok(table) = text.parse() {
        collect("", &table, &mut rows);
    }
    rows
}

/// A table with a value and a source is a figure; others hold figures.
fn collect(prefix: &str, table: &Table, rows: &mut Vec<FigureRow>) {
    for (key, value) in table {
        let Value::Table(inner) = value else { continue };
        let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        let text = |name: &str| inner.get(name).and_then(Value::as_str).map(str::to_owned);
        match (inner.get("value"), text("source"), text("class")) {
            (Some(value), Some(source), Some(class)) => {
                rows.push(FigureRow { key, value: value.to_string(), class, source });
            }
            _ => collect(&key, inner, rows),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_their_path_and_source() {
        let text = "name = \"x\"\n[a.b]\nvalue = 3\nsource = \"S\"\nclass = \"measured\"\n";
        let rows = figures(text);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].key.as_str(), rows[0].value.as_str()), ("a.b", "3"));
        assert_eq!((rows[0].class.as_str(), rows[0].source.as_str()), ("measured", "S"));
    }
}
