//! KV beyond HBM from the command line: scenarios, what they report, and what is refused.

use serde_json::Value;

use super::program::memwall;

const MOONCAKE: &str = "tests/data/traces/mooncake_conversation.jsonl.gz";

/// Agents whose contexts do not all fit.
const CROWD: [&str; 14] = [
    "run",
    "--model",
    "llama-3.1-70b",
    "--chip",
    "h100-sxm",
    "--tp",
    "4",
    "--workload",
    "agentic-coding",
    "--concurrency",
    "96",
    "--duration",
    "4min",
    "--json",
];

fn run(more: &[&str]) -> Value {
    memwall(&[&CROWD, more].concat()).document("memwall.run/1")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn what_lies_in_host_memory_is_not_computed_again() {
    let alone = run(&[]);
    let host = run(&["--kv-tiers", "host", "--kv-oracle"]);
    assert!(
        alone["kv"].get("tiers").is_none() && alone["kv"].get("clairvoyant_hit_rate").is_none()
    );
    assert!(number(&host["kv"]["hit_rate"]) > number(&alone["kv"]["hit_rate"]) + 0.02);
    assert!(number(&host["kv"]["clairvoyant_hit_rate"]) >= number(&host["kv"]["hit_rate"]));
    assert!(
        number(&host["time_share"]["hbm_capacity"]) < number(&alone["time_share"]["hbm_capacity"])
    );
    let tiers = &host["kv"]["tiers"];
    let [store] = &tiers["stores"].as_array().unwrap()[..] else { panic!("one store") };
    assert_eq!((&store["store"], &store["count"]), (&"host".into(), &1.into()));
    assert!(store["sources"]["link"].as_str().unwrap().contains("datasheet"));
    for key in ["hit_tokens", "read_gb", "written_gb", "capacity_gb"] {
        assert!(number(&store[key]) > 0.0, "{key}");
    }
    assert!(number(&tiers["fetched_requests"]) > 0.0);
    assert!(number(&tiers["predicted_compute_ms"]) > number(&tiers["predicted_wait_ms"]));
    assert!(number(&tiers["wait_ms"]["mean"]) > 0.0);
}

#[test]
fn both_engines_agree_over_stores() {
    let stores: [&[&str]; 3] = [
        &["--kv-tiers", "host"],
        &[
            "--kv-tiers",
            "host:capacity=200GB",
            "nvme:capacity=2TB,bandwidth=20GB/s,latency=100us",
            "--kv-write",
            "back",
            "--kv-prefetch",
            "1s",
        ],
        &[
            "--replicas",
            "2",
            "--kv-tiers",
            "pool:capacity=1PB,bandwidth=50GB/s",
            "--fail-every",
            "100s",
            "--repair",
            "20s",
        ],
    ];
    for flags in stores {
        let both = [flags, &["--engine", "stepwise"]].concat();
        assert_eq!(run(flags), run(&both), "{flags:?}");
    }
}

#[test]
fn stores_can_be_switched_off() {
    assert_eq!(run(&["--kv-tiers", "none"]), run(&[]));
    let one = run(&["--replicas", "2", "--kv-tiers", "none", "--kv-write", "back"]);
    assert_eq!(one, run(&["--replicas", "2"]));
}

#[test]
fn shipped_scenarios_show_what_stores_do() {
    for (name, store) in [("kv-offload", "host"), ("kv-pool", "pool")] {
        let short = ["run", name, "--duration", "6min", "--warmup", "2min"];
        let with = memwall(&[&short, ["--json"].as_slice()].concat()).document("memwall.run/1");
        let without = memwall(&[&short, ["--json", "--kv-tiers", "none"].as_slice()].concat());
        let without = without.document("memwall.run/1");
        assert_eq!(with["kv"]["tiers"]["stores"][0]["store"], store);
        assert!(number(&with["kv"]["hit_rate"]) > number(&without["kv"]["hit_rate"]), "{name}");
        let text = memwall(&short).done();
        assert!(text.contains("KV below") && text.contains(store), "{text}");
        let mut table = text.lines().filter(|line| line.contains("B/s"));
        assert!(table.all(|line| line.chars().count() <= 100), "{text}");
    }
}

#[test]
fn the_ladder_knows_stores_too() {
    let rung = |more: &[&str]| {
        let flags =
            ["wall", "--chips", "h100-sxm", "--plan", "tp4", "--concurrency", "90", "--json"];
        memwall(&[&flags, more].concat()).document("memwall.wall/1")
    };
    let (alone, host) = (rung(&[]), rung(&["--kv-tiers", "host"]));
    assert_eq!((alone.get("kv_tiers"), &host["kv_tiers"]), (None, &"host".into()));
    let hits = |document: &Value| number(&document["rows"][0]["kv_hit_rate"]);
    assert!(hits(&host) > hits(&alone) + 0.02, "{} {}", hits(&host), hits(&alone));
    let flags = ["wall", "--chips", "tpu-v7", "--kv-tiers", "host", "--concurrency", "4", "--json"];
    memwall(&flags).refused(&["tpu-v7", "host:capacity="]);
}

#[test]
fn nobody_finds_more_than_who_knows_the_future() {
    let stats = ["trace", "stats", MOONCAKE, "--json", "--policy", "leaf-first,belady"];
    let document =
        memwall(&[&stats, ["--capacity-blocks", "1000,10000,50000,inf"].as_slice()].concat())
            .document("memwall.trace/1");
    let rows = document["reuse"].as_array().unwrap();
    let hits = |policy: &str| -> Vec<f64> {
        let rows = rows.iter().filter(|row| row["policy"] == policy);
        rows.map(|row| number(&row["hit_blocks"])).collect()
    };
    let (lru, belady) = (hits("leaf-first"), hits("belady"));
    assert_eq!((lru.len(), belady.len()), (4, 4));
    assert!(
        lru.iter().zip(&belady).take(3).all(|(lru, belady)| lru < belady),
        "{lru:?} {belady:?}"
    );
    // With room for all there is nothing to know.
    assert_eq!((lru[3], belady[3]), (105_710.0, 105_710.0));
}

#[test]
fn impossible_stores_are_refused_with_the_reason() {
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&CROWD, more].concat()).refused(parts);
    };
    refused(&["--kv-tiers", "tape"], &["tape", "host, nvme, pool, none"]);
    refused(&["--kv-tiers", "host:size=1TB"], &["size", "no key of a store", "capacity"]);
    refused(&["--kv-tiers", "host:capacity=1TB/s"], &["capacity", "1TB/s"]);
    refused(&["--kv-tiers", "pool:capacity=1PB"], &["--kv-tiers pool", "pool:bandwidth="]);
    refused(&["--kv-tiers", "nvme"], &["--kv-tiers nvme", "h100-sxm", "nvme:capacity="]);
    refused(&["--kv-tiers", "nvme", "host"], &["nvme host", "host, nvme, pool"]);
    refused(&["--kv-tiers", "none", "host"], &["none host", "none alone"]);
    refused(&["--kv-write", "back"], &["--kv-write", "no store below HBM", "--kv-tiers"]);
    refused(&["--kv-prefetch", "1s"], &["--kv-prefetch", "no store below HBM"]);
    refused(&["--kv-tiers", "host", "--kv-write", "sideways"], &["sideways", "through, back"]);
    refused(&["--kv-tiers", "host", "--kv-fetch", "never"], &["never", "fastest, always"]);
    refused(&["--kv-tiers", "host", "--explain"], &["--explain", "leave"]);
}
