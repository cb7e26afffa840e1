//! Schemas, completions, man pages; and results as other tools write them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::program::{memwall, scratch};

/// What `schema` says against `value`; a small part of JSON Schema, the part that ours use.
fn faults(root: &Value, schema: &Value, value: &Value, path: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = root.pointer(name.trim_start_matches('#')).expect("definitions are there");
        return faults(root, schema, value, path);
    }
    let mut found = Vec::new();
    let mut fault = |problem: String| found.push(format!("{path}: {problem}"));
    let is_type = |name: &Value| match name.as_str().unwrap() {
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the schema has a type `{other}`"),
    };
    match &schema["type"] {
        Value::Null => {}
        Value::Array(names) if names.iter().any(is_type) => {}
        name @ Value::String(_) if is_type(name) => {}
        other => fault(format!("{value} is no {other}")),
    }
    if let Some(values) = schema["enum"].as_array().filter(|values| !values.contains(value)) {
        fault(format!("{value} is none of {values:?}"));
    }
    let number = value.as_f64();
    for (limit, ok) in [
        ("minimum", (|a, b| a >= b) as fn(f64, f64) -> bool),
        ("exclusiveMinimum", |a, b| a > b),
        ("maximum", |a, b| a <= b),
    ] {
        let limit = schema[limit].as_f64();
        if number.zip(limit).is_some_and(|(number, limit)| !ok(number, limit)) {
            fault(format!("{value} is out of bounds"));
        }
    }
    if let Some(ways) = schema["anyOf"].as_array() {
        let tries: Vec<_> = ways.iter().map(|way| faults(root, way, value, path)).collect();
        if tries.iter().all(|faults| !faults.is_empty()) {
            fault(format!("{value} is in no form of {}", tries.concat().join(", ")));
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        if !schema["items"].is_null() {
            found.extend(faults(root, &schema["items"], item, &format!("{path}[{index}]")));
        }
    }
    for (key, field) in value.as_object().into_iter().flatten() {
        let below = format!("{path}.{key}");
        match (&schema["properties"][key], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => found.push(format!("{below}: unknown")),
            (Value::Null, rest @ Value::Object(_)) => {
                found.extend(faults(root, rest, field, &below));
            }
            (Value::Null, _) => {}
            (schema, _) => found.extend(faults(root, schema, field, &below)),
        }
    }
    let required = schema["required"].as_array().into_iter().flatten();
    for key in required.filter(|key| value.get(key.as_str().unwrap()).is_none()) {
        found.push(format!("{path}: lacks {key}"));
    }
    found
}

fn schema(kind: &str) -> Value {
    serde_json::from_str(&memwall(&["schema", kind]).done()).unwrap()
}

fn faults_of(schema: &Value, text: &str) -> Vec<String> {
    let table: toml::Table = text.parse().unwrap();
    faults(schema, schema, &serde_json::to_value(table).unwrap(), "")
}

/// The TOML files of a folder and of those below it.
fn tomls(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            tomls(&path, files);
        } else if path.extension().is_some_and(|end| end == "toml") {
            files.push(path);
        }
    }
}

/// Which schema a shipped file is to keep to.
fn kind_of(name: &str) -> &'static str {
    let kinds = [
        ("hw-specs/systems/", "system"),
        ("hw-specs/calibration/", "calibration"),
        ("hw-specs/hbm.toml", "hbm"),
        ("hw-specs/hbm-timing.toml", "hbm-timing"),
        ("hw-specs/sources.toml", "sources"),
        ("hw-specs/ladder.toml", "ladder"),
        ("hw-specs/", "chip"),
        ("workloads/synthetic/", "workload"),
        ("workloads/scenarios/", "scenario"),
        ("workloads/plans/", "fleet-request"),
        ("workloads/supply/", "supply"),
        ("workloads/demand/", "demand"),
        ("workloads/prices/api.toml", "prices"),
        ("workloads/prices/power.toml", "power"),
        ("workloads/faults/", "faults"),
        ("workloads/measured/recipes.toml", "recipes"),
    ];
    let found = kinds.iter().find(|(start, _)| name.starts_with(start));
    found.unwrap_or_else(|| panic!("{name} is a TOML file without a schema")).1
}

#[test]
fn shipped_files_keep_to_their_schemas() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["hw-specs", "workloads"] {
        tomls(&root.join(folder), &mut files);
    }
    let mut checked = 0;
    for path in files {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap();
        let kind = kind_of(name);
        let found = faults_of(&schema(kind), &fs::read_to_string(&path).unwrap());
        assert!(found.is_empty(), "{name} as {kind}: {found:#?}");
        checked += 1;
    }
    assert!(checked > 90, "only {checked} files were checked");
}

#[test]
fn schemas_find_what_the_program_refuses() {
    let chip = schema("chip");
    for wrong in [
        "title = \"no name\"\n",
        "name = \"x\"\nmemroy.pin_rate.value = \"6 Gbit/s\"\n",
        "name = \"x\"\nmemory.pin_rte.value = \"6 Gbit/s\"\n",
        "name = \"x\"\nmemory.pin_rate = \"6 Gbit/s\"\n",
        "name = \"x\"\nmemory.stacks.value = 0\n",
        "name = \"x\"\nmemory.stacks = { value = 6, class = \"guess\" }\n",
    ] {
        assert!(!faults_of(&chip, wrong).is_empty(), "{wrong}");
    }
    let supply = "name = \"x\"\ndescription = \"y\"\nreference = 2025\n";
    assert!(!faults_of(&schema("supply"), supply).is_empty(), "no years");
    let price = "title = \"x\"\nclass = \"reported\"\n[[price]]\nmodel = \"m\"\n\
                 input = \"5 USD/Mtok\"\noutput = \"25 USD/Mtok\"\n";
    assert_eq!(faults_of(&schema("prices"), price), [""; 0]);
    assert!(!faults_of(&schema("prices"), &price.replace("output", "outptu")).is_empty());
    assert!(!faults_of(&schema("calibration"), "[elementwise]\nlaunch = 3\n").is_empty());
    let scenario = schema("scenario");
    assert!(faults_of(&scenario, "chip = \"gb300\"\nmax-seqs = 64\nopen-loop = true\n").is_empty());
    assert!(!faults_of(&scenario, "chips = \"gb300\"\n").is_empty());
    assert!(!faults_of(&scenario, "precision = \"best\"\n").is_empty());
    let sweep = schema("sweep");
    let good = "where = \"gpus <= 8\"\n[base]\ntasks = 5\n[[list]]\nchip = \"gb300\"\n[grid]\n\
                plan = [\"tp1\"]\nrate = { from = 1, to = 2, steps = 3 }\n[latin]\ncount = 10\n\
                figure.memory.pin_rate = { from = \"x0.8\", to = \"x1.2\" }\n";
    assert_eq!(faults_of(&sweep, good), [""; 0]);
    for wrong in ["gird.chip = [\"a\"]\n", "[latin]\nrate = 3\n", "grid.rate = { from = 1 }\n"] {
        assert!(!faults_of(&sweep, wrong).is_empty(), "{wrong}");
    }
    assert!(memwall(&["schema"]).done().contains("scenario"));
}

#[test]
fn completions_and_man_pages_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = memwall(&["completions", shell]).done();
        assert!(script.contains("sweep") && script.contains("engine-profile"), "{shell}");
    }
    assert!(memwall(&["man"]).done().contains(".TH memwall 1"));
    let folder = scratch("man");
    memwall(&["man", "--out", folder.to_str().unwrap()]).done();
    for page in ["memwall", "memwall-run", "memwall-sweep-merge", "memwall-chips-show"] {
        let page = fs::read_to_string(folder.join(format!("{page}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"));
    }
}

fn run_as(format: &str) -> String {
    let flags = ["run", "--model", "llama-3.1-8b", "--workload", "chat", "--concurrency", "4"];
    memwall(&[&flags[..], &["--tasks", "40", "--tp", "2", "--format", format]].concat()).done()
}

#[test]
fn results_take_the_shapes_of_other_tools() {
    let flags = ["run", "--model", "llama-3.1-8b", "--workload", "chat", "--concurrency", "4"];
    let run = memwall(&[&flags[..], &["--tasks", "40", "--tp", "2", "--json"]].concat());
    let run = run.document("memwall.run/1");
    let json = |format: &str| -> Value { serde_json::from_str(&run_as(format)).unwrap() };
    let ttft = &run["latency"]["ttft_ms"];
    let vllm = json("vllm");
    assert_eq!((&vllm["mean_ttft_ms"], &vllm["p99_ttft_ms"]), (&ttft["mean"], &ttft["p99"]));
    assert_eq!(vllm["median_itl_ms"], run["latency"]["itl_ms"]["p50"]);
    assert_eq!(vllm["completed"], run["requests"]["completed"]);
    let count = vllm["completed"].as_u64().unwrap() as usize;
    for key in ["input_lens", "output_lens", "ttfts", "latencies", "start_times", "errors"] {
        assert_eq!(vllm[key].as_array().unwrap().len(), count, "{key}");
    }
    let aiperf = json("aiperf");
    assert_eq!(aiperf["time_to_first_token"]["unit"], "ms");
    assert_eq!(aiperf["time_to_first_token"]["p50"], ttft["p50"]);
    assert_eq!(aiperf["output_token_throughput"]["avg"], run["throughput"]["output_tok_s"]);
    let row = json("inferencex");
    let per_user = 1.0 / row["median_tpot"].as_f64().unwrap();
    assert!((row["median_intvty"].as_f64().unwrap() / per_user - 1.0).abs() < 1e-4);
    assert_eq!((&row["tp"], &row["conc"]), (&Value::from(2), &Value::from(4)));
    let table = run_as("aiconfigurator");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let names: Vec<String> = reader.headers().unwrap().iter().map(Into::into).collect();
    let cells = reader.records().next().unwrap().unwrap();
    let cell = |name: &str| &cells[names.iter().position(|known| known == name).unwrap()];
    assert_eq!(cell("num_total_gpus"), "2");
    assert_eq!(cell("tokens/s"), run["throughput"]["output_tok_s"].to_string());
}
