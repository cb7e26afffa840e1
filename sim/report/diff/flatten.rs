//! A document as numbers by path.

use std::collections::BTreeMap;

use serde_json::Value;

/// Keys by which rows of a list are told apart, the first that a row has.
const NAMES: [&str; 9] =
    ["settings", "chip", "year", "name", "pattern", "period", "metric", "model", "path"];

/// Numbers, and nulls where a number could be, by path: `rows[gb300].ttft_ms_p99`.
pub(super) fn flatten(document: &Value) -> BTreeMap<String, Option<f64>> {
    let mut numbers = BTreeMap::new();
    walk("", document, &mut numbers);
    numbers
}

fn walk(path: &str, value: &Value, numbers: &mut BTreeMap<String, Option<f64>>) {
    match value {
        Value::Null => drop(numbers.insert(path.into(), None)),
        Value::Number(number) => drop(numbers.insert(path.into(), number.as_f64())),
        Value::Object(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(&path, value, numbers);
            }
        }
        Value::Array(rows) => {
            let mut seen = BTreeMap::<String, usize>::new();
            for (index, row) in rows.iter().enumerate() {
                let name = name(row).unwrap_or_else(|| index.to_string());
                let again = seen.entry(name.clone()).or_default();
                *again += 1;
                let name = if *again > 1 { format!("{name}#{again}") } else { name };
                walk(&format!("{path}[{name}]"), row, numbers);
            }
        }
        Value::Bool(_) | Value::String(_) => {}
    }
}

fn name(row: &Value) -> Option<String> {
    let value = NAMES.iter().find_map(|key| row.get(*key))?;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_go_by_name_not_by_place() {
        let document = json!({
            "a": {"b": 1},
            "rows": [{"chip": "x", "v": 2}, {"v": null}, {"chip": "x", "v": 4}],
        });
        let numbers = flatten(&document);
        let expected = [
            ("a.b", Some(1.0)),
            ("rows[1].v", None),
            ("rows[x#2].v", Some(4.0)),
            ("rows[x].v", Some(2.0)),
        ];
        let numbers: Vec<_> = numbers.iter().map(|(path, v)| (path.as_str(), *v)).collect();
        assert_eq!(numbers, expected);
    }
}
