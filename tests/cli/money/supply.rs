//! `memwall supply` and `memwall demand`: scenarios, and what is refused.

use std::fs;

use serde_json::Value;

use crate::cli::program::{memwall, scratch};

fn supply(more: &[&str]) -> Value {
    memwall(&[&["supply", "--json", "--no-simulation"], more].concat()).document("memwall.supply/1")
}

fn multiple(document: &Value, year: u64, key: &str) -> [f64; 2] {
    let years = document["years"].as_array().unwrap();
    let year = years.iter().find(|row| row["year"] == year).unwrap();
    ["base", "upside"].map(|end| year[key][end].as_f64().unwrap())
}

#[test]
fn the_memo_comes_out_at_its_published_multiples() {
    let document = supply(&[]);
    // To the two digits that it prints.
    for (year, key, low, high) in [
        (2026, "bandwidth_multiple", 3.5, 5.0),
        (2027, "bandwidth_multiple", 7.5, 13.0),
        (2029, "bandwidth_multiple", 20.0, 50.0),
        (2029, "compute_multiple", 80.0, 200.0),
    ] {
        let [base, upside] = multiple(&document, year, key);
        assert!(base > low * 0.99 && upside < high * 1.01, "{year} {key}: {base} {upside}");
    }
    let fitted = document["fitted"].as_array().unwrap();
    assert!(fitted.iter().any(|key| key == "2027.inference_share"), "{fitted:?}");
    assert!(!fitted.iter().any(|key| key == "2026.mix" || key == "2026.gw_added"));
}

#[test]
fn multiples_are_stacked_cohorts_over_the_reference_year() {
    for scenario in ["memo", "revised"] {
        let document = supply(&["--scenario", scenario]);
        let years = document["years"].as_array().unwrap();
        let mut sums = Vec::new();
        for year in years {
            let added = year["cohort"]["bandwidth_eb_s"].as_f64().unwrap();
            sums.push(sums.last().unwrap_or(&0.0) + added);
            // A year has as many packages as its lowest ceiling allows.
            let ceilings = year["ceilings"].as_object().unwrap().values();
            let lowest = ceilings.filter_map(Value::as_f64).fold(f64::INFINITY, f64::min);
            assert!((year["mpackages"].as_f64().unwrap() / lowest - 1.0).abs() < 1e-9);
        }
        for (year, sum) in years.iter().zip(&sums) {
            let hardware = year["number_format"]["bandwidth_multiple"].as_f64().unwrap();
            assert!((hardware / (sum / sums[1]) - 1.0).abs() < 1e-4, "{scenario}");
        }
    }
}

#[test]
fn most_of_the_memos_gap_is_number_format() {
    let share = |scenario: &str| {
        let document = supply(&["--scenario", scenario]);
        let last = document["years"].as_array().unwrap().last().unwrap().clone();
        last["number_format"]["format_share"].as_f64()
    };
    assert!(share("memo").unwrap() > 0.5);
}

/// The shipped scenario with one text replaced.
fn changed(name: &str, from: &str, to: &str) -> String {
    let text = fs::read_to_string("workloads/supply/memo.toml").unwrap();
    assert!(text.contains(from), "{from}");
    let path = scratch(name).join("mine.toml");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn less_packaging_binds_and_is_named() {
    let path =
        changed("supply-cowos", "cowos_kwafers = { value = 1500", "cowos_kwafers = { value = 150");
    let path = changed_range(&path);
    let document = supply(&["--scenario", &path]);
    let year = &document["years"][2];
    assert_eq!((year["year"].as_u64(), year["binding"].as_str()), (Some(2026), Some("cowos")));
}

/// The range must hold the value.
fn changed_range(path: &str) -> String {
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, text.replace("range = [1440, 1560]", "range = [140, 160]")).unwrap();
    path.to_owned()
}

#[test]
fn scenarios_that_cannot_be_are_refused_by_key() {
    let refused = |name: &str, from: &str, to: &str, parts: &[&str]| {
        let path = changed(name, from, to);
        let parts = [&["mine.toml"], parts].concat();
        memwall(&["supply", "--scenario", &path, "--no-simulation"]).refused(&parts);
    };
    refused(
        "supply-shares",
        "rubin-22tb = 0.55",
        "rubin-22tb = 0.45",
        &["2026.mix", "0.9", "sum to 1"],
    );
    refused("supply-chip", "rubin-22tb = 0.55", "rubbin = 0.55", &["rubbin"]);
    refused("supply-year", "year = 2027", "year = 2031", &["2031 after 2026"]);
    refused("supply-key", "gw_added", "gw_aded", &["gw_aded"]);
    let mix = "[year.mix]\nshares = { b200-sxm = 0.05, b300-sxm = 0.4, rubin-22tb = 0.55 }\n\
               class = \"reported\"\nsource = \"MEMO: 5 % B200, 40 % B300, 55 % R100\"\n";
    refused("supply-mix", mix, "", &["2026.mix", "missing", "[year.mix]"]);
    memwall(&["supply", "--scenario", "memmo"]).refused(&["memmo", "memo, revised"]);
}

#[test]
fn tokens_and_tasks_are_simulated_for_every_cohort() {
    let arguments = ["supply", "--model", "llama-3.1-8b", "--workload", "chat", "--json"];
    let document = memwall(&arguments).document("memwall.supply/1");
    for year in document["years"].as_array().unwrap() {
        assert!(year["token_multiple"].as_f64().unwrap() > 0.0);
        assert!(year["task_multiple"].as_f64().unwrap() > 0.0);
    }
    assert_eq!(document["years"][1]["token_multiple"], 1.0);
    assert_eq!(document["simulated"].as_array().unwrap().len(), 7);
}

#[test]
fn the_case_study_comes_out_of_its_inputs() {
    let document = memwall(&["demand", "--no-simulation", "--json"]).document("memwall.demand/1");
    let value = |says: &str| {
        let all = document["statements"].as_array().unwrap();
        let found = all.iter().find(|row| row["says"] == says).unwrap();
        found["value"].as_f64().unwrap()
    };
    for (says, low, high) in [
        ("tokens a day, ratio", 117.5, 118.5),
        ("output a day, ratio", 15.5, 16.5),
        ("USD a day, ratio", 12.35, 12.5),
        ("USD a day, ratio, remainder as cache writes", 13.35, 13.5),
        ("USD a day, ratio, if ChatGPT reasons most", 5.5, 6.5),
        ("USD a day, ratio, if ChatGPT reasons least", 21.5, 22.5),
        ("Claude Code, USD a year", 9650.0, 9750.0),
        ("a year of ChatGPT: USD", 781.0, 783.0),
    ] {
        let value = value(says);
        assert!((low..=high).contains(&value), "{says}: {value}");
    }
}

#[test]
fn demand_is_carried_by_chips() {
    let arguments =
        ["demand", "eras", "--model", "llama-3.1-8b", "--chips", "h100-sxm,gb300", "--json"];
    let document = memwall(&arguments).document("memwall.demand/1");
    let uses = document["uses"].as_array().unwrap();
    let gpu_s =
        |i: usize, chip: usize| uses[i]["carried"][chip]["gpu_s_per_user_day"].as_f64().unwrap();
    assert_eq!(uses.len(), 3);
    // An agent's day takes more of a chip than a day of chat, and less of a faster chip.
    for chip in [0, 1] {
        assert!(gpu_s(2, chip) > 10.0 * gpu_s(0, chip));
    }
    assert!(gpu_s(2, 1) < gpu_s(2, 0));
}

#[test]
fn measured_gains_stand_beside_those_that_were_said() {
    let document = supply(&[]);
    let claimed = document["claimed_gains"].as_array().unwrap();
    assert_eq!(claimed.len(), 6);
    let studies = document["measured_gains"].as_array().unwrap();
    let of = |study: &Value| study["techniques"].as_array().unwrap().clone();
    let measured: Vec<Value> = studies.iter().flat_map(of).collect();
    for claim in claimed {
        assert!(measured.iter().any(|gain| gain["called"] == claim["name"]), "{claim}");
    }
}

#[test]
fn measured_gains_come_out_again() {
    let document = supply(&[]);
    let studies = document["measured_gains"].as_array().unwrap();
    assert!(studies.len() > 1);
    studies.iter().for_each(again);
}

/// Runs a study's command, and finds its figures to three digits.
fn again(study: &Value) {
    let command = study["command"].as_str().unwrap();
    let words: Vec<&str> = command.split(' ').skip(1).chain(["--json"]).collect();
    let document = memwall(&words).document("memwall.ablate/1");
    let near = |ours: &Value, theirs: &Value| {
        (ours.as_f64().unwrap() / theirs.as_f64().unwrap() - 1.0).abs() < 6e-3
    };
    assert!(near(&document["chips"][0]["joint"], &study["together"]), "{command}");
    let found = document["techniques"].as_array().unwrap();
    for gain in study["techniques"].as_array().unwrap() {
        let own = found.iter().find(|row| row["name"] == gain["name"]).unwrap();
        for key in ["alone", "last", "shapley"] {
            assert!(near(&own[key], &gain[key]), "{key} of {}: {}", gain["name"], own[key]);
        }
    }
}

#[test]
fn gains_of_one_s_own_ablation_take_the_place_of_those_recorded() {
    let folder = scratch("supply-ablate");
    let path = folder.join("gains.json").display().to_string();
    let text = r#"{"model": "mine", "workload": "chat", "chips": [{"chip": "x", "joint": 1.5}],
        "techniques": [{"chip": "x", "name": "kv-offload", "alone": 1.5, "last": 1.5}]}"#;
    fs::write(&path, text).unwrap();
    let document = supply(&["--ablate", &path]);
    let studies = document["measured_gains"].as_array().unwrap();
    assert_eq!((studies.len(), &studies[0]["together"]), (1, &Value::from(1.5)));
    assert_eq!(studies[0]["techniques"][0]["called"], "memory hierarchy");
    fs::write(&path, "{}").unwrap();
    memwall(&["supply", "--ablate", &path]).refused(&["gains.json", "memwall ablate --json"]);
}
