//! `memwall schema`: what may stand in each kind of TOML file.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use crate::cli::simulate::run_flags;
use crate::cli::{CliError, Column, Exit, Shell, Table};

const EXAMPLES: &str = "\
Examples:
  memwall schema
  memwall schema chip > chip.schema.json
  memwall schema sweep > sweep.schema.json

An editor that knows JSON Schema for TOML (Taplo, Even Better TOML) takes it from the file's first
line: #:schema chip.schema.json";

/// Flags of `schema`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct SchemaCommand {
    /// The kind of file; without it, all kinds are listed
    #[arg(value_enum, value_name = "KIND")]
    kind: Option<Kind>,
}

/// Kinds of TOML files that people write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A chip, or a variation of one
    Chip,
    /// A box, a rack or a pod
    System,
    /// A generated workload
    Workload,
    /// A scenario of `memwall run`
    Scenario,
    /// A sweep
    Sweep,
    /// The demands of `memwall plan`
    FleetRequest,
    /// A scenario of `memwall supply`
    Supply,
    /// A scenario of `memwall demand`
    Demand,
    /// API list prices
    Prices,
    /// What chips and machines draw: power.toml
    Power,
    /// What interrupted a fleet: workloads/faults
    Faults,
    /// Kinds of stacked memory: hbm.toml
    Hbm,
    /// Their times: hbm-timing.toml
    HbmTiming,
    /// What `source` keys stand for: sources.toml
    Sources,
    /// The chips of `memwall wall`: ladder.toml
    Ladder,
    /// Constants of the time model: hw-specs/calibration
    Calibration,
    /// How measured servers were set up: recipes.toml
    Recipes,
}

macro_rules! written {
    ($path:literal) => {
        include_str!(concat!("schemas/", $path, ".json"))
    };
}

impl Kind {
    fn schema(self) -> Value {
        let written = match self {
            Self::Chip => written!("hw-specs/chip"),
            Self::System => written!("hw-specs/system"),
            Self::Hbm => written!("hw-specs/hbm"),
            Self::HbmTiming => written!("hw-specs/hbm-timing"),
            Self::Sources => written!("hw-specs/sources"),
            Self::Ladder => written!("hw-specs/ladder"),
            Self::Calibration => written!("hw-specs/calibration"),
            Self::Workload => written!("workloads/workload"),
            Self::FleetRequest => written!("workloads/fleet-request"),
            Self::Supply => written!("workloads/supply"),
            Self::Demand => written!("workloads/demand"),
            Self::Prices => written!("workloads/prices"),
            Self::Power => written!("workloads/power"),
            Self::Faults => written!("workloads/faults"),
            Self::Recipes => written!("workloads/recipes"),
            Self::Scenario => return scenario(),
            Self::Sweep => return sweep(),
        };
        serde_json::from_str(written).expect("a test reads every schema")
    }
}

impl SchemaCommand {
    /// Runs it.
    pub(in crate::cli) fn run(&self, shell: &mut Shell) -> Result<Exit, CliError> {
        match self.kind {
            Some(kind) => {
                let text = serde_json::to_string_pretty(&kind.schema());
                shell.text(text.expect("schemas have string keys"))?;
            }
            None if shell.json() => {
                let kinds: Map<_, _> = Kind::value_variants()
                    .iter()
                    .map(|&kind| (name(kind), kind.schema()))
                    .collect();
                shell.document("memwall.schema/1", &json!({ "kinds": kinds }))?;
            }
            None => {
                let mut table = Table::new(&[Column::Name("kind"), Column::Text("describes")]);
                for &kind in Kind::value_variants() {
                    let title =
                        kind.schema()["description"].as_str().unwrap_or_default().to_owned();
                    table.row([name(kind), title]);
                }
                shell.table(table)?;
            }
        }
        Ok(Exit::Done)
    }
}

fn name(kind: Kind) -> String {
    kind.to_possible_value().expect("no kind is hidden").get_name().to_owned()
}

fn head(title: &str, description: &str, properties: &Value) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn scenario() -> Value {
    let flags: Map<String, Value> =
        run_flags().iter().map(|flag| one(flag, flag_type(flag))).collect();
    head("A scenario of memwall run", "Flags of `memwall run` as keys", &Value::Object(flags))
}

/// A flag's key with the description of its value.
fn one(flag: &clap::Arg, mut kind: Value) -> (String, Value) {
    let help = flag.get_help().map(ToString::to_string).unwrap_or_default();
    kind["description"] = Value::from(help);
    (flag.get_long().expect("keys are long flags").to_owned(), kind)
}

/// What a flag takes, as far as clap knows.
fn flag_type(flag: &clap::Arg) -> Value {
    if !flag.get_action().takes_values() {
        return json!({ "type": "boolean" });
    }
    if flag.get_num_args().is_some_and(|range| range.max_values() > 1) {
        return json!({ "anyOf": [
            { "type": "string" }, { "type": "array", "items": { "type": "string" } },
        ] });
    }
    let names: Vec<_> =
        flag.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if names.is_empty() {
        json!({ "type": ["string", "number"] })
    } else {
        json!({ "enum": names })
    }
}

fn sweep() -> Value {
    let flags = run_flags();
    let figure = |value: &Value| {
        json!({
            "type": "object",
            "description": "figures of the chip, such as memory.pin_rate",
            "additionalProperties": { "anyOf": [value, { "type": "object" }] },
        })
    };
    let block = |wrap: &dyn Fn(Value) -> Value| {
        let mut keys: Map<String, Value> =
            flags.iter().map(|flag| one(flag, wrap(flag_type(flag)))).collect();
        keys.insert("figure".into(), figure(&wrap(json!({ "type": ["string", "number"] }))));
        keys
    };
    let table = |keys: Map<String, Value>| {
        let properties = Value::Object(keys);
        json!({ "type": "object", "properties": properties, "additionalProperties": false })
    };
    let number = json!({ "type": ["string", "number"] });
    let span = json!({
        "type": "object",
        "properties": {
            "from": number, "to": number, "steps": { "type": "integer", "minimum": 2 },
            "scale": { "enum": ["linear", "log"] },
        },
        "required": ["from", "to"],
        "additionalProperties": false,
    });
    let axis = |value: Value| {
        json!({ "anyOf": [
            value, { "type": "array", "items": value, "minItems": 1 }, span,
        ] })
    };
    let mut drawn = block(&axis);
    drawn.insert("count".into(), json!({ "type": "integer", "minimum": 1 }));
    let mut drawn = table(drawn);
    drawn["required"] = json!(["count"]);
    let text = json!({ "type": "string" });
    head(
        "A sweep of memwall",
        "Axes over the flags of `memwall run` and figures of the chip",
        &json!({
            "name": text,
            "seed": { "type": "integer", "minimum": 0 },
            "part-points": { "type": "integer", "minimum": 1 },
            "where": { "anyOf": [text, { "type": "array", "items": text }] },
            "base": table(block(&|value| value)),
            "list": { "type": "array", "items": table(block(&|value| value)) },
            "grid": table(block(&axis)),
            "random": drawn,
            "latin": drawn,
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_schema_of_the_draft_that_it_names() {
        for &kind in Kind::value_variants() {
            let schema = kind.schema();
            assert!(schema["$schema"].as_str().unwrap().contains("2020-12"), "{kind:?}");
            assert!(schema["description"].as_str().unwrap().len() > 10, "{kind:?}");
        }
    }
}
