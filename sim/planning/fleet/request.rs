//! What fleets are planned for, as a TOML file says it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::daily::Daily;
use crate::planning::error::{PlanningError, refuse};

/// Demands to be carried together, and the chips there are.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FleetRequest {
    /// Name.
    pub name: String,
    /// What is to be carried.
    #[serde(rename = "demand")]
    pub demands: Vec<AskedFor>,
    /// Chips that there are, by name; of others as many as one likes.
    #[serde(default)]
    pub available: BTreeMap<String, u64>,
}

/// One demand: tasks of a workload on a model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AskedFor {
    /// Name.
    pub name: String,
    /// The model; if none is named, the one the caller has chosen.
    pub model: Option<String>,
    /// The workload; if none is named, the one the caller has chosen.
    pub workload: Option<String>,
    /// Tasks an hour, on average over the day.
    pub tasks_per_hour: f64,
    /// How they are spread over it.
    #[serde(default = "flat")]
    pub daily: Daily,
}

fn flat() -> Daily {
    Daily::FLAT
}

/// More than anybody asks for: a million tasks a second.
pub const MOST_TASKS: f64 = 3.6e9;

impl FleetRequest {
    /// Reads and checks a request.
    pub fn parse(file: &str, text: &str) -> Result<Self, PlanningError> {
        let request: Self = toml::from_str(text).map_err(|error| PlanningError::Malformed {
            file: file.into(),
            problem: error.to_string().trim_end().into(),
        })?;
        if request.demands.is_empty() {
            let remedy = "add a [[demand]] with a name and tasks-per-hour";
            return Err(refuse(file, "demand", "empty", remedy));
        }
        for asked in &request.demands {
            let rate = asked.tasks_per_hour;
            if !(rate > 0.0 && rate <= MOST_TASKS) {
                let key = format!("demand.{}.tasks-per-hour", asked.name);
                let remedy = "give tasks an hour, more than 0 and at most 3.6e9";
                return Err(refuse(file, key, rate, remedy));
            }
        }
        Ok(request)
    }
}

impl AskedFor {
    /// Tasks an hour in the busiest hour.
    pub fn peak(&self) -> f64 {
        self.tasks_per_hour * self.daily.peak()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"
name = "firm"

[[demand]]
name = "coders"
workload = "agentic-coding"
tasks-per-hour = 40
daily = "office"

[[demand]]
name = "talk"
model = "llama-3.1-8b"
workload = "chat"
tasks-per-hour = 9000.5
daily = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]

[available]
h100-sxm = 64
"#;

    #[test]
    fn a_request_is_read() {
        let request = FleetRequest::parse("firm.toml", TEXT).unwrap();
        assert_eq!(request.demands.len(), 2);
        let talk = &request.demands[1];
        assert!((talk.peak() / (9000.5 * 24.0 / 9.0) - 1.0).abs() < 1e-12);
        assert_eq!(request.available["h100-sxm"], 64);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let refused = |from: &str, to: &str, parts: &[&str]| {
            let error = FleetRequest::parse("firm.toml", &TEXT.replace(from, to)).unwrap_err();
            let error = error.to_string();
            for part in parts.iter().chain(&["firm.toml"]) {
                assert!(error.contains(part), "{error}");
            }
        };
        refused("= 40", "= -1", &["demand.coders.tasks-per-hour", "-1", "more than 0"]);
        refused("= 40", "= nan", &["NaN"]);
        refused("\"office\"", "\"weekend\"", &["flat, office"]);
        refused("[0, 0,", "[0,", &["24 hours, not 23"]);
        refused("h100-sxm = 64", "h100-sxm = -64", &["line"]);
        refused("name = \"coders\"", "nmae = \"coders\"", &["nmae"]);
    }
}
