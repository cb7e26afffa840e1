//! Ways of running a step: pipeline stages, power caps, two-batch overlap.

use serde_json::Value;

use super::program::memwall;

fn run(arguments: &[&str]) -> Value {
    memwall(&[&["run", "--json"], arguments].concat()).document("memwall.run/1")
}

const SHORT: [&str; 10] = [
    "--workload",
    "chat",
    "--concurrency",
    "48",
    "--duration",
    "90s",
    "--warmup",
    "20s",
    "--max-seqs",
    "512",
];

fn short(more: &[&str]) -> Value {
    run(&[&SHORT, more].concat())
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is a number"))
}

#[test]
fn shipped_scenarios_show_their_mechanism() {
    let few = ["--duration", "4min", "--warmup", "1min"];
    let pipeline = run(&[&["pipeline"], few.as_slice()].concat());
    assert_eq!(pipeline["pipeline"]["stages"], 2);
    let bubbles = &pipeline["pipeline"]["bubble_share"];
    assert!(number(&bubbles["decode"]) < number(&bubbles["one_chunk"]), "{bubbles}");
    let capped = run(&[&["power-cap"], few.as_slice()].concat());
    let power = &capped["power"];
    assert!(number(&power["throttled_share"]) > number(&power["lost_share"]), "{power}");
    assert!(number(&power["lost_share"]) > 0.0 && number(&power["chip_w"]) < 340.0, "{power}");
    let halved = run(&["two-batch", "--duration", "40s", "--warmup", "10s"]);
    let decode = &halved["overlap"]["decode"];
    assert!((0.0..=1.0).contains(&number(&decode["hidden_share"])), "{decode}");
}

#[test]
fn ranks_of_their_own_wait_for_each_other_and_find_less() {
    let few = ["rank-skew", "--duration", "60s", "--warmup", "20s"];
    let at = |balance: &str| run(&[&few, ["--dp-balance", balance].as_slice()].concat());
    let [perfect, in_turns, prefix] = ["perfect", "round-robin", "prefix"].map(at);
    assert!(perfect.get("ranks").is_none());
    let ranks = &in_turns["ranks"];
    assert_eq!((&ranks["balance"], &ranks["groups"]), (&"round-robin".into(), &32.into()));
    let lost = number(&ranks["lost_share"]);
    assert!(lost > 0.05 && lost < 1.0 && number(&ranks["slowest_over_mean"]) > 1.0, "{ranks}");
    assert!((0.0..1.0).contains(&number(&ranks["balance_ratio"])), "{ranks}");
    let tpot = |run: &Value| number(&run["latency"]["tpot_ms"]["mean"]);
    assert!(tpot(&in_turns) > tpot(&perfect), "{} {}", tpot(&in_turns), tpot(&perfect));
    let hits = |run: &Value| number(&run["kv"]["hit_rate"]);
    // A conversation's history is on one rank of 32.
    assert!(hits(&in_turns) < 0.3 * hits(&prefix), "{} {}", hits(&in_turns), hits(&prefix));
    assert_eq!(in_turns["kv"]["pages"], perfect["kv"]["pages"]);
    // A recorded run is the same, and has a row for every rank.
    let file = std::env::temp_dir().join(format!("memwall-ranks-{}.json", std::process::id()));
    let path = file.to_str().unwrap();
    assert_eq!(
        run(&[&few, ["--dp-balance", "prefix", "--timeline", path].as_slice()].concat()),
        prefix
    );
    let timeline = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(timeline.contains("rank 31: 1 × h200-sxm"));
}

/// Two replicas that decode and one that prefills, all of ranks with sequences of their own; one
/// fails for a while.
const RANKED_FLEET: [&str; 13] = [
    "gpt-oss-120b",
    "--plan",
    "tp1-ep4-dp4",
    "--dp-balance",
    "least-loaded",
    "--replicas",
    "2",
    "--prefill-replicas",
    "1",
    "--outage",
    "0@20s+5s",
    "--routing",
    "kv-aware",
];

#[test]
fn engines_are_equal_with_each_of_them() {
    let chip = ["--chip", "h100-sxm", "--model"];
    for more in [
        ["llama-3.1-8b", "--plan", "tp1-pp4", "--max-batched-tokens", "512"].as_slice(),
        ["llama-3.1-8b", "--power-cap", "335W"].as_slice(),
        ["gpt-oss-20b", "--plan", "tp1-pp2", "--power-cap", "335W"].as_slice(),
        ["deepseek-r1", "--plan", "tp1-ep32-dp32", "--overlap", "two-batch"].as_slice(),
        ["llama-3.1-8b", "--plan", "tp1-cp4", "--max-batched-tokens", "512"].as_slice(),
        ["deepseek-r1", "--plan", "tp8-ep16-cp2"].as_slice(),
        ["deepseek-r1", "--plan", "tp1-ep32-dp32", "--dp-balance", "shipped"].as_slice(),
        ["gpt-oss-120b", "--plan", "tp1-ep4-dp4", "--dp-balance", "prefix"].as_slice(),
        &RANKED_FLEET,
        &[&RANKED_FLEET, ["--draft-tokens", "2", "--acceptance", "1.8,2.4"].as_slice()].concat(),
        &[&RANKED_FLEET, ["--kv-tiers", "host", "--kv-oracle"].as_slice()].concat(),
    ] {
        let flags = [&chip, more].concat();
        let stepwise = [&flags, ["--engine", "stepwise"].as_slice()].concat();
        assert_eq!(short(&flags), short(&stepwise), "{more:?}");
    }
}

#[test]
fn a_cap_out_of_reach_and_a_single_stage_leave_a_run_as_it_was() {
    let chip = ["--chip", "h100-sxm", "--model", "llama-3.1-8b"];
    let plain = short(&chip);
    let mut capped = short(&[&chip, ["--power-cap", "72kW/72"].as_slice()].concat());
    let power = capped.as_object_mut().unwrap().remove("power").unwrap();
    assert_eq!((number(&power["throttled_share"]), number(&power["cap_w"])), (0.0, 1000.0));
    // Under a cap arithmetic takes more: it counts at the rate that products sustain.
    let mut free = plain.clone();
    for run in [&mut capped, &mut free] {
        run["task"].as_object_mut().unwrap().remove("joules").unwrap();
    }
    assert_eq!(capped, free);
    assert_eq!(short(&[&chip, ["--plan", "tp1-pp1"].as_slice()].concat()), plain);
    assert!(plain.get("power").is_none() && plain.get("pipeline").is_none());
}

#[test]
fn stages_share_the_work_of_many_and_not_of_one() {
    let chip = ["--chip", "h100-sxm", "--model", "llama-3.1-70b", "--max-batched-tokens", "512"];
    let output = |plan: &str, concurrency: &str| {
        let flags = [&chip, ["--plan", plan].as_slice()].concat();
        let load = ["--workload", "reasoning", "--concurrency", concurrency, "--max-seqs", "512"];
        let span = ["--duration", "8min", "--warmup", "2min"];
        let document = run(&[&flags, load.as_slice(), &span].concat());
        number(&document["throughput"]["output_tok_s"])
    };
    let many = output("tp2-pp2", "512") / output("tp2", "512");
    // More than twice as much: less of the memory is weights.
    assert!((1.8..3.0).contains(&many), "{many}");
    let one = output("tp2-pp2", "1") / output("tp2", "1");
    assert!((0.9..1.02).contains(&one), "{one}");
}

#[test]
fn copies_of_experts_level_ranks_out_and_take_memory() {
    let sparse = ["--model", "deepseek-r1", "--chip", "h200-sxm", "--max-batched-tokens", "65536"];
    let at = |plan: &str| {
        let flags = [&sparse, ["--plan", plan].as_slice()].concat();
        let load = ["--workload", "chat", "--concurrency", "4096", "--max-seqs", "4096"];
        run(&[&flags, load.as_slice(), &["--duration", "60s", "--warmup", "20s"]].concat())
    };
    let (plain, copied) = (at("tp1-ep32-dp32"), at("tp1-ep32-dp32-re1"));
    assert!(number(&copied["kv"]["capacity_gb"]) < number(&plain["kv"]["capacity_gb"]));
    let prefilled = |run: &Value| number(&run["latency"]["ttft_ms"]["mean"]);
    assert!(prefilled(&copied) < prefilled(&plain), "{} {}", prefilled(&copied), prefilled(&plain));
}

#[test]
fn lower_clocks_spare_energy_and_cost_time() {
    let at = |cap: &str| {
        run(&["power-cap", "--power-cap", cap, "--duration", "4min", "--warmup", "1min"])
    };
    let (free, tight) = (at("700W"), at("335W"));
    let joules = |run: &Value| number(&run["power"]["chip_j_per_output_tok"]);
    assert!(number(&tight["power"]["lost_share"]) > number(&free["power"]["lost_share"]));
    let computed = |run: &Value| {
        number(&run["task"]["joules"]["compute"]) / number(&run["task"]["tokens"]["fresh"])
    };
    assert!(computed(&tight) < 0.97 * computed(&free), "{}", computed(&tight) / computed(&free));
    assert!(joules(&tight) > 0.0);
}

#[test]
fn impossible_combinations_are_refused_with_the_reason() {
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&["run"], more].concat()).refused(parts);
    };
    let low = ["--chip", "h100-sxm", "--power-cap", "300W"];
    refused(&low, &["--power-cap 300 W", "idle and with all pins busy", "more than that"]);
    refused(&["--power-cap", "0W"], &["--power-cap", "answers nothing"]);
    refused(&["--power-cap", "130kW/0"], &["130kW/72"]);
    refused(&["--power-cap", "fast"], &["--power-cap"]);
    let drafts = ["--model", "deepseek-r1", "--chip", "gb200", "--plan", "tp8"];
    let drafts = [&drafts, ["--draft-tokens", "1", "--power-cap", "1kW"].as_slice()].concat();
    refused(&drafts, &["--draft-tokens 1", "--power-cap", "leave one"]);
    let two = ["--overlap", "two-batch"];
    refused(&[&two, ["--tp", "4"].as_slice()].concat(), &["no routed experts", "drop the overlap"]);
    let sparse = ["--model", "deepseek-r1", "--chip", "gb200", "--plan"];
    let with = |plan| [&two, sparse.as_slice(), &[plan]].concat();
    refused(&with("tp8-ep8"), &["none is dispatched", "tp1-ep8-dp8"]);
    refused(&with("tp1-pp2-ep8-dp8"), &["pipeline stages"]);
    refused(&["--overlap", "three"], &["two-batch"]);
    let ranks = |more: &[&str], parts: &[&str]| {
        refused(&[&sparse, more, &["--dp-balance", "least-loaded"]].concat(), parts);
    };
    ranks(&["tp8"], &["--dp-balance", "(dp)", "tp1-ep8-dp8"]);
    ranks(&["tp1-pp2-ep8-dp8"], &["--dp-balance", "stages (pp)"]);
    ranks(&["tp1-ep8-dp8", "--overlap", "two-batch"], &["--dp-balance", "drop --overlap"]);
    ranks(&["tp1-ep8-dp8", "--power-cap", "1kW"], &["--dp-balance", "drop --power-cap"]);
    ranks(&["tp1-ep8-dp8", "--max-seqs", "33"], &["--dp-balance", "multiples of dp"]);
    ranks(&["tp8", "--replicas", "2"], &["--dp-balance", "(dp)", "tp1-ep8-dp8"]);
    let adaptive =
        ["tp1-ep8-dp8", "--draft-tokens", "1", "--acceptance", "1.8", "--adaptive-depth"];
    ranks(&adaptive, &["--adaptive-depth", "one depth", "leave it out"]);
    refused(&["--plan", "tp1-pp200"], &["80 layers for 200 pipeline stages"]);
    refused(&["--plan", "tp8-re1"], &["re 1 copies experts", "ep is 1", "tp8 works"]);
    let copies = [sparse.as_slice(), &["tp1-ep8-dp8-re225"]].concat();
    refused(&copies, &["re 225", "the 224 that others have", "tp1-ep8-dp8-re224"]);
}

#[test]
fn first_tokens_of_long_prompts_come_sooner_with_context_parallelism() {
    let few = ["context-parallel", "--duration", "20min", "--warmup", "4min"];
    let ttft = |more: &[&str]| {
        let document = run(&[&few, more].concat());
        assert!(document["requests"]["completed"].as_u64().unwrap() > 10, "{document}");
        number(&document["latency"]["ttft_ms"]["p50"])
    };
    let together = ttft(&[]);
    let apart = ttft(&["--prefill-plan", "tp8", "--prefill-replicas", "4"]);
    let wide = ttft(&["--prefill-plan", "tp32"]);
    assert!(together < 0.6 * apart, "{together} {apart}");
    assert!(together < 0.8 * wide, "{together} {wide}");
}

#[test]
fn context_parallelism_that_is_not_modelled_is_refused() {
    let refused = |flags: &[&str], parts: &[&str]| {
        memwall(&[["run"].as_slice(), flags].concat()).refused(parts);
    };
    let model = |name| ["--model", name, "--chip", "h100-sxm", "--plan"];
    let with = |name, plan| [model(name).as_slice(), &[plan]].concat();
    refused(&with("qwen3-next-80b", "tp4-cp2"), &["tp4-cp2", "`gdn`", "tp4 works"]);
    refused(&with("deepseek-v3.2", "tp8-cp2"), &["tp8-cp2", "`dsa`", "tp8 works"]);
    let halves = [with("deepseek-r1", "tp8-ep32-cp4"), vec!["--overlap", "two-batch"]].concat();
    refused(&halves, &["tp8-ep32-cp4", "cp", "drop the overlap"]);
    refused(&with("llama-3.1-8b", "tp1-cp0"), &["cp0"]);
}

#[test]
fn links_that_are_shared_bind_and_are_named() {
    let wide = ["--chip", "h200-sxm", "--model", "deepseek-v3", "--plan", "tp1-ep32-dp32"];
    let of = |more: &[&str]| short(&[&wide, more].concat());
    let (plain, narrow) = (of(&[]), of(&["--oversubscription", "4"]));
    assert_eq!(plain["bottleneck_link"]["name"], "NIC of a chip");
    assert_eq!(narrow["bottleneck_link"]["name"], "leaf to spine, 4:1");
    assert_eq!(narrow["bottleneck_link"]["gb_s"], 100.0);
    assert_eq!(narrow["bottleneck_link"]["gb_s_per_rank"], 12.5);
    let links = |document: &Value| number(&document["decode_bound"]["interconnect"]);
    assert!(links(&narrow) > links(&plain));
    assert_eq!(of(&["--oversubscription", "1", "--nics", "8"]), plain);
    assert_eq!(of(&["--nics", "4"])["bottleneck_link"]["name"], "NIC of 2 chips");
    // Within a domain nothing crosses the spine.
    let tp = ["--chip", "h100-sxm", "--model", "llama-3.1-8b", "--plan", "tp4"];
    let inside = short(&tp);
    assert_eq!(inside["bottleneck_link"]["name"], "NVLink4 port of a chip");
    assert_eq!(short(&[&tp, ["--oversubscription", "8"].as_slice()].concat()), inside);
    let alone = short(&["--chip", "h100-sxm", "--model", "llama-3.1-8b"]);
    assert!(alone["bottleneck_link"].is_null());
    // Four of eight in a mesh have three of seven links.
    let mesh = ["--chip", "mi300x", "--model", "llama-3.1-8b", "--plan", "tp4"];
    let wired = short(&mesh);
    assert_eq!(wired["bottleneck_link"]["gb_s"], 64.0);
    assert_eq!(wired["bottleneck_link"]["gb_s_per_rank"], 192.0);
    assert_eq!(short(&[&mesh, ["--wiring", "mesh"].as_slice()].concat()), wired);
    let ideal = short(&[&mesh, ["--wiring", "switched"].as_slice()].concat());
    assert_eq!(ideal["bottleneck_link"]["gb_s"], 448.0);
    assert!(links(&wired) > links(&ideal));
}

#[test]
fn links_that_cannot_be_are_refused() {
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&["run"], SHORT.as_slice(), more].concat()).refused(parts);
    };
    refused(&["--oversubscription", "0.5"], &["0.5", "4 for 4:1"]);
    refused(&["--wiring", "ring"], &["`ring` is no wiring", "4x4x4"]);
    refused(&["--wiring", "4x4x4"], &["--wiring 4x4x4", "64 chips", "has 8"]);
}
