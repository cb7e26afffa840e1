//! Rows for those who do not read Parquet.

use super::support::{FAST, FAST_POINTS, rows, sweep, with_spec};
use crate::cli::program::memwall;

#[test]
fn csv_and_lines_of_json_hold_the_same_rows() {
    let (folder, spec) = with_spec("sweep-export", FAST);
    let out = folder.join("out");
    sweep(&spec, &out, &[]).done();
    let rows = rows(&out);
    let printed = memwall(&["sweep", "export", out.to_str().unwrap()]).done();
    let mut reader = csv::Reader::from_reader(printed.as_bytes());
    let names: Vec<String> = reader.headers().unwrap().iter().map(Into::into).collect();
    assert_eq!(names.len(), rows[0].as_object().unwrap().len());
    let mut count = 0;
    for (record, row) in reader.records().zip(&rows) {
        for (name, cell) in names.iter().zip(&record.unwrap()) {
            let expected = match &row[name] {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(cell, expected, "{name}");
        }
        count += 1;
    }
    assert_eq!(count, FAST_POINTS);
    memwall(&["sweep", "export", folder.to_str().unwrap()]).refused(&["holds no sweep"]);
}

#[test]
fn figures_and_settings_carry_their_units() {
    let text = FAST.replace("[latin]", "ttl = [\"5min\"]\n[latin]").replace("x0.8", "6 Gbit/s");
    let text = text.replace("x1.2", "7 Gbit/s").replace("tasks = 3", "tasks = 3\nexplain = true");
    let text = text.replace("count = 20", "count = 1").replace("\"b200-sxm\"", "\"h200-sxm\"");
    let text = text.replace("steps = 4", "steps = 2").replace("part-points = 8\n", "");
    let (folder, spec) = with_spec("sweep-units", &text);
    let out = folder.join("out");
    sweep(&spec, &out, &[]).done();
    let rows = rows(&out);
    let row = rows.iter().find(|row| row["state"] == "done").unwrap();
    let rate = row["figure_memory_pin_rate_gbit_s"].as_f64().unwrap();
    assert!((6.0..7.0).contains(&rate), "{rate}");
    assert_eq!(row["ttl_min"], 5.0);
    let figure = |name: &str| row[name].as_f64().unwrap();
    assert!(figure("output_tok_s_low") < figure("output_tok_s_high"));
}
