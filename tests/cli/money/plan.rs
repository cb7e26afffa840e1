//! `memwall plan`, and what a task costs in `memwall run`.

use std::fs;

use serde_json::Value;

use crate::cli::program::{memwall, scratch};

const WORK: [&str; 4] = ["--model", "llama-3.1-8b", "--workload", "chat"];

fn plan(more: &[&str]) -> Value {
    let arguments = [&["plan", "--chips", "h100-sxm,gb300", "--json"], &WORK[..], more].concat();
    memwall(&arguments).document("memwall.plan/1")
}

#[test]
fn fleets_carry_the_peak_and_come_best_first() {
    let document = plan(&["--tasks-per-hour", "200000", "--peak", "2", "--spare", "1"]);
    let fleets = document["fleets"].as_array().unwrap();
    assert_eq!(fleets.iter().filter(|fleet| fleet["prefill"].is_null()).count(), 2);
    let number = |fleet: &Value, key: &str| fleet[key].as_f64().unwrap();
    for fleet in fleets {
        let able = number(fleet, "replicas") * number(fleet, "tasks_per_hour_per_replica");
        let one = number(fleet, "tasks_per_hour_per_replica");
        let added = number(fleet, "added_replicas") * one;
        assert!(able - one >= 399_990.0 && able - added - 2.0 * one < 400_000.0, "{fleet}");
        assert!((number(fleet, "load") - 400_000.0 / able).abs() < 1e-4);
        assert!(fleet["slo"]["ttft_ms_p99"].as_f64().unwrap() <= 10_000.0);
        assert!(!fleet["binding"].as_str().unwrap().is_empty());
    }
    assert!(number(&fleets[0], "usd_per_hour") <= number(&fleets[1], "usd_per_hour"));
    assert!(fleets.iter().any(|fleet| fleet["on_frontier"] == true));
}

#[test]
fn the_day_s_shape_sets_the_peak_and_what_hours_would_cost() {
    let document = plan(&["--tasks-per-hour", "100000", "--daily", "office"]);
    let demand = &document["demands"][0];
    let hours: Vec<f64> =
        demand["hours"].as_array().unwrap().iter().map(|hour| hour.as_f64().unwrap()).collect();
    assert!((hours.iter().sum::<f64>() / 24.0 / 100_000.0 - 1.0).abs() < 1e-6);
    let peak = demand["peak_tasks_per_hour"].as_f64().unwrap();
    assert!((hours.iter().copied().fold(0.0, f64::max) / peak - 1.0).abs() < 1e-6);
    for fleet in document["fleets"].as_array().unwrap() {
        let number = |key: &str| fleet[key].as_f64().unwrap();
        assert!(number("scaled_usd_per_hour") < number("usd_per_hour"));
        assert!((number("mean_load") / number("load") * peak / 100_000.0 - 1.0).abs() < 1e-4);
    }
}

#[test]
fn what_there_is_too_little_of_is_mixed() {
    let whole = plan(&["--tasks-per-hour", "300000"]);
    let best = &whole["fleets"][0];
    let (chip, gpus) = (best["chip"].as_str().unwrap(), best["gpus"].as_u64().unwrap());
    let available = format!("{chip}={}", gpus / 2);
    let document = plan(&["--tasks-per-hour", "300000", "--available", &available]);
    let fleets = document["fleets"].as_array().unwrap();
    assert!(fleets.iter().all(|fleet| fleet["chip"] != chip), "too few of {chip}");
    let mix = &document["mix"];
    let parts = mix["parts"].as_array().unwrap();
    let of_chip = parts.iter().filter(|part| part["chip"] == chip);
    let used: u64 = of_chip.map(|part| part["gpus"].as_u64().unwrap()).sum();
    assert!(used > 0 && used <= gpus / 2, "{mix}");
    assert!(mix["against_single"].as_f64().unwrap() < 1.0);
    let rate = |part: &Value| {
        part["tasks_per_hour_per_replica"].as_f64().unwrap() * part["replicas"].as_f64().unwrap()
    };
    assert!(parts.iter().map(rate).sum::<f64>() >= 300_000.0 * (1.0 - 1e-4));
}

#[test]
fn a_file_has_several_demands() {
    let folder = scratch("plan-file");
    let file = folder.join("company.toml").display().to_string();
    let demand =
        |name: &str, rate: u32| format!("[[demand]]\nname = \"{name}\"\ntasks-per-hour = {rate}\n");
    let text = format!("name = \"company\"\n{}{}", demand("talk", 90_000), demand("more", 40_000));
    fs::write(&file, text + "[available]\ngb300 = 8\n").unwrap();
    let common = ["--chips", "h100-sxm,gb300", "--json"];
    let document =
        memwall(&[&["plan", &file], &common[..], &WORK].concat()).document("memwall.plan/1");
    assert_eq!(document["demands"].as_array().unwrap().len(), 2);
    assert!(document["model"].is_null());
    let parts = document["mix"]["parts"].as_array().unwrap();
    for demand in 0..2 {
        assert!(parts.iter().any(|part| part["demand"] == demand));
    }
    let gpus = parts.iter().filter(|part| part["chip"] == "gb300");
    assert!(gpus.map(|part| part["gpus"].as_u64().unwrap()).sum::<u64>() <= 8);

    let refused = |text: &str, parts: &[&str]| {
        fs::write(&file, text).unwrap();
        memwall(&["plan", &file]).refused(parts);
    };
    refused("name = \"x\"\ndemand = []\n", &["company.toml", "[[demand]]"]);
    refused(&demand("talk", 0), &["company.toml", "name"]);
    let unknown = format!("name = \"x\"\n{}[available]\nh1000 = 8\n", demand("talk", 9));
    refused(&unknown, &["h1000"]);
    memwall(&["plan", "nowhere.toml"]).refused(&["nowhere.toml"]);
}

#[test]
fn tighter_levels_need_more_chips() {
    let gpus = |more: &[&str]| {
        let level = [&["--tasks-per-hour", "300000", "--slo-task", "40s"], more].concat();
        plan(&level)["fleets"][0]["gpus"].as_u64().unwrap()
    };
    let loose = gpus(&[]);
    assert!(gpus(&["--slo-tpot-p99", "12ms"]) > loose);
    let document = plan(&["--tasks-per-hour", "300000", "--slo-tpot-p99", "12ms"]);
    let reached = document["fleets"][0]["slo"]["tpot_ms_p99"].as_f64().unwrap();
    assert!(reached <= 12.0, "{reached}");
}

#[test]
fn a_demand_that_hardly_comes_needs_one_replica() {
    let document = plan(&["--colocated", "--tasks-per-hour", "0.1"]);
    for fleet in document["fleets"].as_array().unwrap() {
        assert_eq!((&fleet["replicas"], &fleet["added_replicas"]), (&1.into(), &0.into()));
    }
    memwall(&["plan", "--tasks-per-hour", "9", "--max-gpus", "0"]).refused(&["--max-gpus", "0"]);
}

#[test]
fn bands_of_replicas_are_bands_of_chips() {
    let document = plan(&["--tasks-per-hour", "300000", "--explain"]);
    let fleets = document["fleets"].as_array().unwrap();
    assert_eq!(fleets.iter().filter(|fleet| fleet["prefill"].is_null()).count(), 2);
    for fleet in fleets {
        let end = |end: &str| fleet["gpus_band"][end].as_f64().unwrap();
        let gpus = fleet["gpus"].as_f64().unwrap();
        assert!(end("low") <= gpus && gpus <= end("high") && end("low") < end("high"), "{fleet}");
    }
}

#[test]
fn what_cannot_be_a_demand_is_refused() {
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&["plan"], more].concat()).refused(parts);
    };
    refused(&[], &["--tasks-per-hour", "FILE"]);
    refused(&["--tasks-per-hour", "1e300"], &["--tasks-per-hour", "3.6e9"]);
    refused(&["--tasks-per-hour", "9", "--peak", "0.5"], &["--peak", "no peak is below"]);
    refused(&["--tasks-per-hour", "9", "--daily", "weekend"], &["--daily", "flat, office"]);
    refused(&["--tasks-per-hour", "9", "--available", "h100"], &["--available", "h100-sxm=64"]);
    refused(&["--tasks-per-hour", "9", "--engines", "vlm"], &["--engines", "vllm"]);
}

#[test]
fn models_and_chips_are_ranked_by_a_task_s_price() {
    let rank = |more: &[&str]| {
        let models = ["rank", "--models", "llama-3.1-8b,llama-3.1-70b", "--workload", "chat"];
        let chips = ["--chips", "h100-sxm,gb300", "--json"];
        memwall(&[&models[..], &chips, more].concat()).document("memwall.rank/1")
    };
    let document = rank(&["--success", "llama-3.1-8b=0.6,llama-3.1-70b=0.9"]);
    let rows = document["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 4);
    let number = |row: &Value, key: &str| row[key].as_f64().unwrap();
    for pair in rows.windows(2) {
        assert!(number(&pair[0], "usd_per_task") <= number(&pair[1], "usd_per_task"));
    }
    for row in rows {
        let completed = number(row, "usd_per_attempt") / number(row, "success");
        assert!((number(row, "usd_per_task") / completed - 1.0).abs() < 1e-4);
    }
    let mix = &document["mixes"][0];
    let best = |model: &str| rows.iter().find(|row| row["model"] == model).unwrap();
    let (small, large) = (best("llama-3.1-8b"), best("llama-3.1-70b"));
    let expected = number(small, "usd_per_attempt") + 0.4 * number(large, "usd_per_task");
    assert!((number(mix, "usd_per_task") / expected - 1.0).abs() < 1e-4);
    let even = 1.0 - number(small, "usd_per_attempt") / number(large, "usd_per_task");
    assert!((number(mix, "crossover") - even).abs() < 1e-4);
    let leader = &document["portability"][0];
    let ratio = number(leader, "premium") + 1.0;
    let model = leader["model"].as_str().unwrap();
    let next = rows.iter().filter(|row| row["model"] == model).nth(1).unwrap();
    let paid = number(best(model), "usd_per_task");
    assert!((number(next, "usd_per_task") / paid / ratio - 1.0).abs() < 1e-4);
    memwall(&["rank", "--models", "llama-3.1-8b", "--success", "gpt=0.5"]).refused(&[
        "gpt",
        "--models",
        "llama-3.1-8b",
    ]);
    memwall(&["rank", "--models", "llama-3.1-8b", "--escalation", "1.5"]).refused(&["1.5"]);
}

#[test]
fn what_no_fleet_can_meet_names_the_constraint() {
    let arguments = [&["plan", "--chips", "gb300", "--tasks-per-hour", "1e6"], &WORK[..]].concat();
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&arguments, more].concat()).refused(parts);
    };
    refused(&["--max-gpus", "1"], &["--max-gpus 1", "gb300 needs", "GPUs"]);
    refused(&["--max-facility-kw", "0.5"], &["--max-facility-kw", "kW"]);
    refused(&["--slo-tpot", "100us"], &["gb300", "TPOT"]);
}

#[test]
fn a_task_costs_its_parts() {
    let run = |more: &[&str]| {
        let arguments = ["run", "--chip", "gb300", "--concurrency", "16", "--duration", "10min"];
        let all = [&arguments[..], &["--warmup", "1min", "--json"], &WORK, more].concat();
        memwall(&all).document("memwall.run/1")
    };
    let document = run(&["--usd-per-gpu-hour", "3", "--api", "gpt-5.4"]);
    let task = &document["task"];
    let number =
        |path: &str| path.split('.').fold(task, |value, key| &value[key]).as_f64().unwrap();
    // Seconds of a chip at three dollars an hour.
    assert!((number("usd") / (number("gpu_s") * 3.0 / 3600.0) - 1.0).abs() < 1e-4);
    assert!((number("usd_per_hour") - 3.0).abs() < 1e-9);
    let parts = ["idle", "compute", "memory", "links", "host"];
    let sum: f64 = parts.iter().map(|part| number(&format!("joules.{part}"))).sum();
    assert!((sum / number("joules.it") - 1.0).abs() < 1e-4);
    assert!((number("joules.facility") / number("joules.it") - 1.22).abs() < 1e-4);
    // By the list price of gpt-5.4: 2.50, 0.25 and 15 dollars a million.
    let listed = number("tokens.fresh") * 2.5e-6
        + number("tokens.cached") * 0.25e-6
        + number("tokens.output") * 15e-6;
    assert!((number("api.usd_per_task") / listed - 1.0).abs() < 1e-4);
    let share = number("usd") / number("api.usd_per_task");
    assert!((number("api.silicon_share") / share - 1.0).abs() < 1e-4);
    // What prefill and decode cost adds up to the whole.
    let by_kind = number("usd_per_mtok.fresh") * number("tokens.fresh")
        + number("usd_per_mtok.output") * number("tokens.output");
    assert!((by_kind / 1e6 / number("usd") - 1.0).abs() < 0.05, "{by_kind}");
    assert_eq!(run(&["--capex"])["task"]["basis"], "capex");
    memwall(&["run", "--model", "llama-3.1-8b", "--api", "gpt-9"])
        .refused(&["gpt-9", "no list price"]);
}

/// Work on which contexts are long, and chips of which the newer decodes faster for its price.
const AGENTS: [&str; 5] = ["plan", "--chips", "h100-sxm,rubin", "--tasks-per-hour", "100"];

#[test]
fn fleets_are_tried_whole_at_their_peak() {
    let document =
        memwall(&[&AGENTS[..], &["--spare", "1", "--json"]].concat()).document("memwall.plan/1");
    for fleet in document["fleets"].as_array().unwrap() {
        let peak = &fleet["peak"];
        let number = |key: &str| peak[key].as_f64().unwrap();
        let count = |value: &Value| value.as_u64().unwrap();
        // The spare replica has failed; the others carry all of the peak.
        assert_eq!(count(&peak["replicas"]), count(&fleet["replicas"]) - 1);
        assert!((number("tasks_per_hour") - 100.0).abs() < 1e-9);
        assert!(number("simulated_replicas") <= number("replicas"));
        assert_eq!(peak["meets_slo"], true, "{fleet}");
        let reached = &peak["reached"];
        assert!(reached["ttft_ms_p99"].as_f64().unwrap() <= 10_000.0);
        assert!(reached["tpot_ms_p50"].as_f64().unwrap() <= 50.0);
        // An hour of a hundred tasks, of dozens of calls each.
        let share = number("simulated_replicas") / number("replicas");
        assert!(number("requests") > 1000.0 * share, "{peak}");
    }
}

#[test]
fn pools_that_prefill_and_decode_apart_stand_beside_replicas() {
    let level = ["--slo-tpot-p99", "30ms", "--json"];
    let document = memwall(&[&AGENTS[..], &level].concat()).document("memwall.plan/1");
    let fleets = document["fleets"].as_array().unwrap();
    let pools: Vec<&Value> = fleets.iter().filter(|fleet| !fleet["prefill"].is_null()).collect();
    assert!(!pools.is_empty(), "{document}");
    let gpus = |plan: &Value| plan.as_str().unwrap().strip_prefix("tp").unwrap().parse::<u64>();
    for fleet in pools {
        let prefill = &fleet["prefill"];
        let count = |value: &Value| value.as_u64().unwrap();
        let group = count(&prefill["replicas"]) * gpus(&prefill["plan"]).unwrap()
            + count(&fleet["serving_replicas"]) * gpus(&fleet["plan"]).unwrap();
        assert_eq!(count(&fleet["gpus"]), group * count(&fleet["replicas"]));
        assert_eq!(fleet["peak"]["meets_slo"], true);
        // Decodes that no prefill interrupts keep their pace.
        let tail = fleet["peak"]["reached"]["tpot_ms_p99"].as_f64().unwrap();
        assert!(tail <= 30.0, "{fleet}");
    }
    let colocated = [&AGENTS[..], &level, &["--colocated"]].concat();
    let document = memwall(&colocated).document("memwall.plan/1");
    let fleets = document["fleets"].as_array().unwrap();
    assert!(fleets.iter().all(|fleet| fleet["prefill"].is_null()));
}

#[test]
fn plans_and_ranks_reckon_with_stores_below_hbm() {
    let work = ["--chips", "h100-sxm", "--workload", "agentic-coding", "--json"];
    let usd = |more: &[&str]| {
        let models = ["rank", "--models", "llama-3.1-70b"];
        let document = memwall(&[&models[..], &work, more].concat()).document("memwall.rank/1");
        document["rows"][0]["usd_per_task"].as_f64().unwrap()
    };
    assert!(usd(&["--kv-tiers", "host"]) < usd(&[]), "KV that comes back is not prefilled again");
    memwall(&["rank", "--models", "llama-3.1-8b", "--kv-prefetch", "1s"]).refused(&["--kv-tiers"]);
    let asked = ["plan", "--chips", "gb300", "--tasks-per-hour", "50", "--colocated", "--json"];
    let gpus = |more: &[&str]| {
        let document = memwall(&[&asked[..], more].concat()).document("memwall.plan/1");
        document["fleets"][0]["gpus"].as_u64().unwrap()
    };
    assert!(gpus(&["--kv-tiers", "host"]) <= gpus(&[]));
}

#[test]
fn a_fleet_s_tasks_pay_for_all_its_chips() {
    let task = |more: &[&str]| {
        let run = ["run", "--concurrency", "16", "--duration", "10min", "--warmup", "1min"];
        let document = memwall(&[&run[..], &["--json"], &WORK, more].concat());
        let document = document.document("memwall.run/1");
        (document["task"].clone(), document["throughput"]["tasks_per_hour"].as_f64().unwrap())
    };
    let pools = ["--chip", "gb300", "--replicas", "2", "--prefill-replicas", "1"];
    let unlike = [&pools[..], &["--prefill-chip", "h100-sxm"]].concat();
    let (fleet, rate) = task(&unlike);
    let number = |task: &Value, path: &str| {
        path.split('.').fold(task, |value, key| &value[key]).as_f64().unwrap()
    };
    // Three chips by the clock, of two kinds by their own rents.
    assert!((number(&fleet, "gpu_s") / (3.0 * 3600.0 / rate) - 1.0).abs() < 1e-3);
    let rent = |chip: &str| number(&task(&["--chip", chip]).0, "usd_per_hour");
    let hourly = 2.0 * rent("gb300") + rent("h100-sxm");
    assert!((number(&fleet, "usd_per_hour") / hourly - 1.0).abs() < 1e-6);
    assert!((number(&fleet, "usd") / (hourly / rate) - 1.0).abs() < 1e-3);
    let parts = ["idle", "compute", "memory", "links", "host"];
    let sum: f64 = parts.iter().map(|part| number(&fleet, &format!("joules.{part}"))).sum();
    assert!((sum / number(&fleet, "joules.it") - 1.0).abs() < 1e-4);
    // Idling alone is known: a share of each chip's limit, all the time.
    let idle = |chip: &str| {
        let (task, rate) = task(&["--chip", chip]);
        number(&task, "joules.idle") * rate
    };
    let expected = (2.0 * idle("gb300") + idle("h100-sxm")) / rate;
    assert!((number(&fleet, "joules.idle") / expected - 1.0).abs() < 1e-3);
}

#[test]
fn attempts_that_fail_are_paid_for() {
    let task = |success: &str| {
        let run = ["run", "--chip", "gb300", "--duration", "10min", "--warmup", "1min"];
        let document = memwall(&[&run[..], &["--json", "--success", success], &WORK].concat());
        document.document("memwall.run/1")["task"].clone()
    };
    let (whole, half) = (task("1"), task("0.5"));
    let number = |task: &Value, path: &str| {
        path.split('.').fold(task, |value, key| &value[key]).as_f64().unwrap()
    };
    for path in ["usd", "gpu_s", "calls", "attempts", "tokens.output", "joules.it"] {
        assert!((number(&half, path) / number(&whole, path) - 2.0).abs() < 1e-4, "{path}");
    }
    assert!(number(&whole, "tokens.failed").abs() < 1e-9);
    let all = number(&half, "tokens.prompt") + number(&half, "tokens.output");
    assert!((number(&half, "tokens.failed") / (all / 2.0) - 1.0).abs() < 1e-4);
    memwall(&["run", "--success", "0"]).refused(&["--success"]);
}
