//! Power caps and the rules by which steps are filled, on ladders and for fleets.

use serde_json::Value;

use super::program::memwall;

/// Long answers on two chips, which HBM bandwidth holds back.
const READING: [&str; 12] = [
    "wall",
    "--chips",
    "h100-sxm,h200-sxm",
    "--model",
    "llama-3.1-8b",
    "--workload",
    "reasoning",
    "--plan",
    "tp1",
    "--concurrency",
    "128",
    "-q",
];

fn ladder(more: &[&str]) -> Value {
    memwall(&[&READING, more, &["--json"]].concat()).document("memwall.wall/1")
}

fn rows(ladder: &Value) -> &Vec<Value> {
    ladder["rows"].as_array().expect("a ladder has rows")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is a number"))
}

#[test]
fn a_cap_that_no_chip_reaches_leaves_a_ladder_as_it_was() {
    let plain = ladder(&[]);
    assert!(plain.get("steps").is_none() && rows(&plain)[0].get("power").is_none());
    for cap in ["100%", "3kW", "720kW/72"] {
        let mut capped = ladder(&["--power-cap", cap]);
        let steps = capped.as_object_mut().unwrap().remove("steps").unwrap();
        assert!(steps.as_str().unwrap().starts_with("a chip draws at most "), "{steps}");
        for row in capped["rows"].as_array_mut().unwrap() {
            let power = row.as_object_mut().unwrap().remove("power").unwrap();
            assert!(number(&power["throttled_share"]).abs() < 1e-12, "{power}");
        }
        assert_eq!(capped, plain, "{cap}");
    }
}

#[test]
fn lower_clocks_cost_little_output_and_yield_more_of_a_watt() {
    let (free, tight) = (ladder(&["--power-cap", "100%"]), ladder(&["--power-cap", "60%"]));
    for (free, tight) in rows(&free).iter().zip(rows(&tight)) {
        let over = |key: &str| number(&tight[key]) / number(&free[key]);
        let output = over("output_tok_s_per_gpu");
        assert!((0.9..0.9999).contains(&output), "{output}");
        let joules = |row: &Value| number(&row["power"]["chip_j_per_output_tok"]);
        assert!(joules(tight) < joules(free), "{} {}", joules(tight), joules(free));
        assert!(
            number(&tight["power"]["chip_w"]) < 420.0 && number(&tight["power"]["cap_w"]) < 421.0
        );
        // 280 of 1,400 W need not be provided, nor cooled.
        assert!((over("energy_j_per_output_tok") * output / 0.8 - 1.0).abs() < 1e-4);
        assert!((over("tok_s_per_facility_mw") / output * 0.8 - 1.0).abs() < 1e-4);
        // Rents stay.
        let rent = over("usd_per_task") * over("tasks_per_hour_per_gpu");
        assert!((rent - 1.0).abs() < 1e-4, "{rent}");
    }
    let said =
        memwall(&[READING.as_slice(), &["--no-report", "--power-cap", "60%"]].concat()).done();
    for part in ["at most 60 % of its TDP", "H200 SXM: 420 W a chip: lower clocks"] {
        let joined = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(joined.contains(part), "{said}");
    }
}

#[test]
fn everything_beside_a_ladder_is_under_its_cap() {
    let flags = ["--power-cap", "60%", "--explain", "--pareto", "--match", "h200-sxm"];
    let capped = ladder(&flags);
    for row in rows(&capped) {
        let band = &row["bands"]["tok_s_per_facility_mw"];
        let middle = number(&row["tok_s_per_facility_mw"]);
        assert!(number(&band["low"]) < middle && middle < number(&band["high"]), "{band}");
        let bandwidth = number(&row["elasticity"]["hbm_bandwidth"]);
        assert!((0.3..1.1).contains(&bandwidth), "{bandwidth}");
        for point in row["frontier"].as_array().unwrap() {
            // 1,730 W at the meter, of which the cap leaves 0.8.
            let watts = 1e6 * number(&point["output_tok_s_per_gpu"]);
            let watts = watts / number(&point["tok_s_per_facility_mw"]);
            assert!((watts / (1730.0 * 0.8) - 1.0).abs() < 1e-4, "{watts}");
        }
    }
    assert!(!rows(&capped)[0]["needs"].as_object().unwrap().is_empty());
}

#[test]
fn a_chip_that_cannot_keep_to_the_cap_has_a_row_with_the_reason() {
    let capped = ladder(&["--power-cap", "340W"]);
    let [able, unable] = rows(&capped).as_slice() else { panic!("there are two chips") };
    assert!(number(&able["output_tok_s_per_gpu"]) > 0.0 && able["reason"].is_null());
    let reason = unable["reason"].as_str().unwrap();
    assert!(reason.contains("404.5 W idle and with all pins busy"), "{reason}");
    assert!(unable["output_tok_s_per_gpu"].is_null() && unable.get("power").is_none());
}

#[test]
fn rules_of_steps_act_on_a_ladder_as_on_a_run() {
    let work = ["--chips", "h200-sxm", "--model", "llama-3.1-8b", "--workload", "chat", "--plan"];
    let how = ["tp1", "--rate", "12", "--engine-profile", "sglang", "--limits", "shipped"];
    let of = |more: &[&str]| {
        let words = [["wall", "-q", "--json"].as_slice(), &work, &how, more].concat();
        let document = memwall(&words).document("memwall.wall/1");
        rows(&document)[0].clone()
    };
    let plain = of(&[]);
    // No prompt has a longer chunk anyhow.
    assert_eq!(of(&["--longest-chunk", "1048576"]), plain);
    let by = |row: &Value, key: &str| number(&row[key]);
    let delayed = of(&["--prefill-delay", "16", "--prefill-fill", "0.5"]);
    assert!(by(&delayed, "ttft_ms_p50") > by(&plain, "ttft_ms_p50"), "{delayed}");
    let short = of(&["--longest-chunk", "64"]);
    assert!(by(&short, "ttft_ms_p50") > by(&plain, "ttft_ms_p50"), "{short}");
}

#[test]
fn fleets_under_a_cap_need_less_power() {
    let plan = |more: &[&str]| {
        let work = ["--workload", "chat", "--model", "llama-3.1-8b", "--chips", "h100-sxm"];
        let how = ["plan", "-q", "--json", "--colocated", "--tasks-per-hour", "2000"];
        memwall(&[&how, work.as_slice(), more].concat()).document("memwall.plan/1")
    };
    let (free, capped) = (plan(&[]), plan(&["--power-cap", "60%"]));
    assert!(free.get("steps").is_none());
    assert_eq!(capped["steps"], "a chip draws at most 60 % of its TDP");
    let watts = |document: &Value| {
        let fleet = &document["fleets"][0];
        1e6 * number(&fleet["facility_mw"]) / number(&fleet["gpus"])
    };
    assert!((watts(&free) - 1730.0).abs() < 0.1, "{}", watts(&free));
    assert!((watts(&capped) - 1384.0).abs() < 0.1, "{}", watts(&capped));
}

#[test]
fn what_cannot_be_capped_or_hidden_is_refused_with_the_reason() {
    let short = ["--chips", "h100-sxm,h200-sxm", "--model", "llama-3.1-8b", "--workload", "chat"];
    let demand = ["--tasks-per-hour", "10"];
    let cases: [(&[&str], &[&str]); 6] = [
        (&["--power-cap", "0%"], &["--power-cap", "no share of a TDP", "`70%`"]),
        (&["--power-cap", "101%"], &["--power-cap", "at most `100%`"]),
        (&["--power-cap", "fast"], &["--power-cap"]),
        (&["--prefill-fill", "0.5"], &["--prefill-delay"]),
        (&["--overlap-scheduling", "off"], &["--overlap-scheduling off", "take shipped or full"]),
        (&["--overlap-scheduling", "full", "--explain"], &["bands know the host", "leave it out"]),
    ];
    for (flags, parts) in cases {
        memwall(&[["wall", "--no-report"].as_slice(), &short, flags].concat()).refused(parts);
        memwall(&[["plan"].as_slice(), &demand, &short, flags].concat()).refused(parts);
    }
    let low = [["wall", "--no-report", "--power-cap", "300W"].as_slice(), &short].concat();
    memwall(&low).refused(&["h100-sxm draws", "h200-sxm draws", "--power-cap 300 W", "58 % of"]);
    let studied = ["--techniques", "kv-precision", "--power-cap", "500W"];
    memwall(&[["wall", "--no-report"].as_slice(), &short, &studied].concat()).refused(&[
        "--techniques",
        "at full clocks",
        "leave out --power-cap",
    ]);
}
