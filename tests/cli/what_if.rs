//! What would move the wall: levers, frontiers, variations of a chip, and matching another.

use serde_json::Value;

use super::program::{memwall, memwall_on_threads};

/// Two chips, short conversations.
const SHORT: [&str; 7] =
    ["wall", "--chips", "h100-sxm,b200-sxm", "--model", "llama-3.1-8b", "--workload", "chat"];

fn rows(more: &[&str]) -> Vec<Value> {
    let document = memwall(&[&SHORT, more, &["--json", "-q"]].concat()).document("memwall.wall/1");
    document["rows"].as_array().unwrap().clone()
}

#[test]
fn levers_have_slopes_with_errors_whatever_the_threads() {
    let flags = [SHORT.as_slice(), &["--plan", "tp1", "--explain", "--json", "-q"]].concat();
    let one = memwall_on_threads(&flags, 1).done();
    assert_eq!(one, memwall_on_threads(&flags, 2).done());
    let document: Value = serde_json::from_str(&one).unwrap();
    for row in document["rows"].as_array().unwrap() {
        for key in ["hbm_bandwidth", "hbm_capacity", "compute", "interconnect", "host"] {
            let [value, error] =
                ["elasticity", "elasticity_error"].map(|of| row[of][key].as_f64().unwrap());
            assert!((-0.5..1.5).contains(&value) && error >= 0.0, "{key}: {value} ± {error}");
        }
        let links = row["elasticity"]["interconnect"].as_f64().unwrap();
        assert!(links.abs() < 1e-6, "one chip has no links to wait for: {links}");
        let further = row["elasticity_further"].as_object().unwrap();
        assert!(further.contains_key("hbm_bandwidth_and_hbm_capacity"), "{further:?}");
        assert!(further.contains_key("compute_bf16"), "{further:?}");
    }
}

#[test]
fn a_frontier_trades_speed_for_output() {
    for row in rows(&["--pareto"]) {
        let points = row["frontier"].as_array().unwrap();
        assert!(points.len() > 3, "{points:?}");
        let by = |key: &str| points.iter().map(|p| p[key].as_f64().unwrap()).collect::<Vec<_>>();
        assert!(by("tok_s_per_user_p50").is_sorted_by(|a, b| a < b));
        assert!(by("output_tok_s_per_gpu").is_sorted_by(|a, b| a > b));
    }
}

/// Not only the ladder: whatever stands on the page beside it says how sure it is.
#[test]
fn what_stands_beside_a_ladder_has_ranges_that_hold_it() {
    let flags =
        ["--plan", "tp1", "--concurrency", "16", "--explain", "--pareto", "--match", "b200-sxm"];
    let rows = rows(&flags);
    let holds = |band: &Value, figure: &Value| {
        let figure = figure.as_f64().unwrap_or(f64::INFINITY);
        let low = band["low"].as_f64().unwrap_or(figure);
        let high = band["high"].as_f64().unwrap_or(f64::INFINITY);
        assert!(low <= figure * 1.001 && figure <= high * 1.001, "{figure} in {band}");
        high / low
    };
    for row in &rows {
        for point in row["frontier"].as_array().unwrap() {
            for key in ["output_tok_s_per_gpu", "tok_s_per_user_p50", "ttft_ms_p99"] {
                let width = holds(&point["bands"][key], &point[key]);
                assert!(width > 1.0, "{key} of {point}");
            }
        }
        for turn in row["turns"].as_array().unwrap() {
            for kind in ["kv", "compute", "capacity"] {
                holds(&turn[format!("{kind}_band")], &turn[format!("{kind}_batch")]);
            }
            // The capacity of both chips is on their data sheets.
            assert_eq!(turn["capacity_band"]["low"], turn["capacity_band"]["high"]);
        }
    }
    let (needs, bands) = (&rows[0]["needs"], &rows[0]["need_bands"]);
    for (key, factor) in needs.as_object().unwrap() {
        holds(&bands[key], factor);
    }
    assert!(rows[1]["need_bands"].as_object().unwrap().is_empty());
}

#[test]
fn variations_stand_beside_their_chip() {
    let more = ["--concurrency", "8", "--vary", "memory.stacks=4..8/4", "--vary"];
    let rows = rows(&[more.as_slice(), &["memory.pin_rate=x1,x1.5"]].concat());
    assert_eq!(rows.len(), 2 * (1 + 4));
    let figure = |chip: &str, key: &str| {
        let row = rows.iter().find(|row| row["chip"] == chip);
        row.unwrap_or_else(|| panic!("no {chip}"))[key].as_f64().unwrap()
    };
    for (key, expected) in [("hbm_tb_s", 0.75), ("hbm_gb", 0.5)] {
        let ratio = figure("b200-sxm-stacks-4-pin-rate-x1.5", key) / figure("b200-sxm", key);
        assert!((ratio - expected).abs() < 0.01, "{key}: {ratio}");
    }
    let faster = figure("b200-sxm-stacks-8-pin-rate-x1.5", "output_tok_s_per_gpu");
    assert!(faster >= figure("b200-sxm-stacks-8-pin-rate-x1", "output_tok_s_per_gpu"));
}

#[test]
fn what_matches_another_chip_is_told() {
    let flags = [&SHORT[..], &["--plan", "tp1", "--match", "B200", "--json", "-q"]].concat();
    let document = memwall(&flags).document("memwall.wall/1");
    assert_eq!(document["match"], "b200-sxm");
    assert!(document["rows"][1]["needs"].as_object().unwrap().is_empty());
    let needs = document["rows"][0]["needs"].as_object().unwrap();
    let of = |key: &str| needs[key].as_f64().unwrap_or(f64::INFINITY);
    let all = of("hbm_bandwidth_and_hbm_capacity_and_compute");
    let both = of("hbm_bandwidth_and_hbm_capacity");
    assert!(1.0 < all && all <= both * 1.03 && both <= of("hbm_bandwidth") * 1.03, "{needs:?}");
}

#[test]
fn wrong_what_ifs_are_refused() {
    let alone = ["wall", "--chips", "h100-sxm", "--workload", "chat", "--model", "llama-3.1-8b"];
    memwall(&[alone.as_slice(), &["--match", "h100-sxm"]].concat()).refused(&["no other chip"]);
    for (flags, parts) in [
        (["--vary", "memory.stack=4"], ["memory.stack", "memory.stacks"]),
        (["--vary", "memory.stacks"], ["--vary", "memory.stacks=4..16"]),
        (["--vary", "memory.stacks=1..99"], ["memory.stacks", "more than 64"]),
        (["--vary", "memory.pin_rate=3 GB"], ["pin_rate", "3 GB"]),
        (["--match", "rubin"], ["rubin", "--chips"]),
        (["--match", "b201-sxm"], ["b201-sxm", "did you mean"]),
    ] {
        memwall(&[SHORT.as_slice(), &flags].concat()).refused(&parts);
    }
}
