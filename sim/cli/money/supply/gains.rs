//! What techniques gain, by the scenario and by ablation.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Parser;
use serde::Deserialize;
use serde_json::Value;

use super::document::{ClaimedGain, MeasuredGain, Study};
use crate::cli::arguments::{Arguments, Command};
use crate::cli::{CliError, Shell, files};
use crate::planning::Supply;

/// What the scenarios call a technique of `memwall ablate`.
const NAMES: [(&str, &str); 6] = [
    ("moe-sparsity", "MoE sparsity"),
    ("kv-precision", "KV compression"),
    ("speculation", "speculation"),
    ("disaggregation", "disaggregation"),
    ("kv-offload", "memory hierarchy"),
    ("bigger-batches", "batching"),
];

/// The ablations that the program carries.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shipped {
    #[expect(dead_code, reason = "says to readers of the file what it is")]
    about: String,
    version: String,
    studies: Vec<ShippedStudy>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShippedStudy {
    command: String,
    model: String,
    workload: String,
    chip: String,
    together: f64,
    techniques: Vec<ShippedGain>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShippedGain {
    name: String,
    alone: f64,
    last: f64,
    shapley: f64,
}

impl Shipped {
    fn read() -> Self {
        let text =
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/workloads/ablations/gains.json"));
        serde_json::from_str(text).expect("tests read the shipped ablations")
    }
}

/// What the scenario takes techniques to gain.
pub(super) fn claimed(supply: &Supply) -> Vec<ClaimedGain> {
    let gains = supply.efficiency.gains.iter().map(|(name, figure)| ClaimedGain {
        name: name.clone(),
        range: figure.range.unwrap_or([figure.value; 2]),
    });
    gains.collect()
}

/// The recorded ablations.
pub(super) fn recorded() -> Vec<Study> {
    let shipped = Shipped::read();
    let version = Some(shipped.version);
    let studies = shipped.studies.into_iter().map(|study| Study {
        command: Some(study.command),
        memwall: version.clone(),
        model: study.model,
        workload: study.workload,
        chip: study.chip,
        together: Some(study.together),
        techniques: study
            .techniques
            .into_iter()
            .map(|gain| MeasuredGain {
                called: called(&gain.name),
                name: gain.name,
                alone: Some(gain.alone),
                last: Some(gain.last),
                shapley: Some(gain.shapley),
            })
            .collect(),
    });
    studies.collect()
}

/// The same ablations, run anew.
pub(super) fn measured(shell: &Shell) -> Result<Vec<Study>, CliError> {
    let mut studies = Vec::new();
    for ShippedStudy { command, .. } in Shipped::read().studies {
        let parsed = Arguments::try_parse_from(command.split_whitespace());
        let Ok(Arguments { command: Command::Ablate(ablate), .. }) = parsed else {
            unreachable!("tests parse the shipped commands");
        };
        let found = of_document(&ablate.value(shell)?).unwrap_or_default();
        let version = Some(env!("CARGO_PKG_VERSION").to_owned());
        let named =
            |study| Study { command: Some(command.clone()), memwall: version.clone(), ..study };
        studies.extend(found.into_iter().map(named));
    }
    Ok(studies)
}

/// Ablations from a file that `memwall ablate --json` printed.
pub(super) fn from_file(path: &Path) -> Result<Vec<Study>, CliError> {
    let refuse = |problem: String| CliError::Scenario { path: path.into(), line: None, problem };
    let text = files::text(path, "the JSON of `memwall ablate`")?;
    let document: Value = serde_json::from_str(&text).map_err(|error| refuse(error.to_string()))?;
    let schema = document["schema"].as_str().unwrap_or("memwall.ablate");
    if !schema.starts_with("memwall.ablate") {
        return Err(refuse(format!("is a {schema}; give what `memwall ablate --json` printed")));
    }
    let studies = of_document(&document).ok_or_else(|| {
        refuse("has no `techniques`; give what `memwall ablate --json` printed".into())
    })?;
    for gain in studies.iter().flat_map(|study| &study.techniques) {
        let factors = [("alone", gain.alone), ("last", gain.last), ("shapley", gain.shapley)];
        let wrong = |(_, factor): &(&str, Option<f64>)| factor.is_some_and(|it| it <= 0.0);
        if let Some((key, Some(factor))) = factors.into_iter().find(wrong) {
            let name = &gain.name;
            return Err(refuse(format!("`{key}` of {name} is {factor}: a factor is positive")));
        }
    }
    Ok(studies)
}

/// The studies of an ablation, one for each chip.
fn of_document(document: &Value) -> Option<Vec<Study>> {
    let text = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
    let mut by_chip: BTreeMap<String, Vec<MeasuredGain>> = BTreeMap::new();
    for technique in document["techniques"].as_array()? {
        let Some(name) = technique["name"].as_str() else { continue };
        let chip = technique["chip"].as_str().unwrap_or_default().to_owned();
        by_chip.entry(chip).or_default().push(MeasuredGain {
            name: name.to_owned(),
            called: called(name),
            alone: technique["alone"].as_f64(),
            last: technique["last"].as_f64(),
            shapley: technique["shapley"].as_f64(),
        });
    }
    let together = |chip: &str| {
        let chips = document["chips"].as_array()?;
        chips.iter().find(|row| row["chip"] == chip)?["joint"].as_f64()
    };
    let studies = by_chip.into_iter().map(|(chip, techniques)| Study {
        command: None,
        memwall: None,
        model: text("model"),
        workload: text("workload"),
        together: together(&chip),
        chip,
        techniques,
    });
    Some(studies.collect())
}

fn called(technique: &str) -> Option<String> {
    let known = NAMES.iter().find(|(name, _)| *name == technique);
    known.map(|(_, called)| (*called).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_ablations_are_of_this_version_and_of_what_scenarios_name() {
        let shipped = Shipped::read();
        assert_eq!(shipped.version, env!("CARGO_PKG_VERSION"), "run `memwall supply --measure`");
        let memo = Supply::embedded("memo").unwrap();
        let claimed = claimed(&memo);
        let measured = recorded();
        for claim in &claimed {
            let gains = measured.iter().flat_map(|study| &study.techniques);
            let own = gains.filter(|gain| gain.called.as_ref() == Some(&claim.name));
            assert_eq!(own.count(), 1, "{}", claim.name);
        }
        for study in shipped.studies {
            let parsed = Arguments::try_parse_from(study.command.split_whitespace()).unwrap();
            assert!(matches!(parsed.command, Command::Ablate(_)));
            for gain in &study.techniques {
                assert!(study.command.contains(&gain.name), "{}", gain.name);
            }
        }
    }
}
