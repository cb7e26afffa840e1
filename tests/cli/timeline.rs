//! `run --timeline`: what Perfetto asks of a trace, and what the trace says of the run.
//!
//! The rules are those of the Trace Event Format as Perfetto's documentation puts them ("Chrome
//! JSON format"): known phases with their fields, microseconds, slices of a thread that do not
//! overlap, arrows with two ends.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::program::{memwall, scratch};

const SHORT: [&str; 10] = [
    "run",
    "--chip",
    "h100-sxm",
    "--model",
    "llama-3.1-8b",
    "--workload",
    "agentic-coding",
    "--concurrency",
    "6",
    "--json",
];

/// The document of a run, and its trace.
fn traced(name: &str, flags: &[&str]) -> (Value, Value) {
    let path = scratch(name).join("trace.json");
    let more = ["--timeline", path.to_str().unwrap()];
    let document = memwall(&[flags, &more].concat()).document("memwall.run/1");
    (document, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
}

fn events(trace: &Value) -> &[Value] {
    trace["traceEvents"].as_array().unwrap()
}

/// Slices whose name passes `is_wanted`.
fn slices<'a>(trace: &'a Value, is_wanted: impl Fn(&str) -> bool + 'a) -> Vec<&'a Value> {
    let slices = events(trace).iter().filter(|event| event["ph"] == "X");
    slices.filter(|event| is_wanted(event["name"].as_str().unwrap())).collect()
}

fn steps(trace: &Value) -> Vec<&Value> {
    slices(trace, |name| name.starts_with("decode: ") || name.starts_with("prefill"))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is a number"))
}

/// Whole nanoseconds of microseconds.
fn nanos(value: &Value) -> u64 {
    (number(value) * 1000.0).round() as u64
}

/// Asserts what Perfetto asks for. Returns how many events there are but names.
#[track_caller]
fn assert_opens(trace: &Value) -> u64 {
    assert_eq!(trace["displayTimeUnit"], "ms");
    let window = trace["otherData"]["window_s"].as_array().unwrap();
    let from = number(&window[0]) * 1e6;
    let mut named = Vec::new();
    let mut tracks: BTreeMap<(u64, u64), Vec<(u64, u64)>> = BTreeMap::new();
    let mut arrows: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    let mut count = 0;
    for event in events(trace) {
        let phase = event["ph"].as_str().unwrap();
        assert!(!event["name"].as_str().unwrap().is_empty());
        let place = (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap());
        if phase == "M" {
            let (name, args) = (event["name"].as_str().unwrap(), &event["args"]);
            match name {
                "process_name" | "thread_name" => assert!(args["name"].is_string()),
                "process_sort_index" | "thread_sort_index" => {
                    assert!(args["sort_index"].is_u64());
                }
                _ => panic!("{name} is no metadata"),
            }
            named.push(place);
            continue;
        }
        count += 1;
        assert!(number(&event["ts"]) >= from - 0.001, "{event} is before the window");
        match phase {
            "X" => {
                let start = nanos(&event["ts"]);
                tracks.entry(place).or_default().push((start, start + nanos(&event["dur"])));
                assert!(number(&event["dur"]) >= 0.0);
            }
            "C" => {
                let series = event["args"].as_object().unwrap();
                assert!(!series.is_empty() && series.values().all(|value| number(value) >= 0.0));
            }
            "i" => assert!(["p", "g"].contains(&event["s"].as_str().unwrap())),
            "s" | "f" => {
                arrows.entry(event["id"].as_u64().unwrap()).or_default().push(phase);
                assert!(phase == "s" || event["bp"] == "e");
            }
            _ => panic!("{phase} is no phase of ours"),
        }
    }
    for (place, slices) in &mut tracks {
        assert!(named.contains(place), "the thread {place:?} has a name");
        slices.sort_unstable();
        for pair in slices.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "{pair:?} overlap on {place:?}");
        }
    }
    assert!(arrows.values().all(|ends| ends == &["s", "f"]), "arrows have two ends");
    let said = &trace["otherData"];
    assert_eq!(said["events"].as_u64().unwrap(), count);
    count
}

/// Seconds of all steps, and how many steps there are.
fn busy(trace: &Value) -> (f64, u64) {
    let steps = steps(trace);
    let seconds = steps.iter().map(|step| number(&step["dur"]) * 1e-6).sum();
    (seconds, steps.iter().map(|step| step["args"]["steps"].as_u64().unwrap()).sum())
}

/// Seconds in which replicas did not idle, by the document.
fn busy_in(document: &Value) -> f64 {
    let seconds = number(&document["sim"]["simulated_s"]);
    let idle = number(&document["time_share"]["idle"]);
    (1.0 - idle) * seconds * number(&document["replicas"])
}

#[test]
fn steps_add_up_to_the_time_that_the_document_calls_busy() {
    let flags = [SHORT.as_slice(), &["--duration", "10min"]].concat();
    for engine in ["macro", "stepwise"] {
        let flags = [&flags, ["--engine", engine].as_slice()].concat();
        let (document, trace) = traced(&format!("timeline-busy-{engine}"), &flags);
        assert_opens(&trace);
        let ((seconds, steps), expected) = (busy(&trace), busy_in(&document));
        assert!((seconds / expected - 1.0).abs() < 1e-4, "{engine}: {seconds} s, {expected} s");
        assert_eq!(steps, document["sim"]["steps"].as_u64().unwrap(), "{engine}");
    }
}

#[test]
fn who_looks_on_changes_nothing() {
    let flags = [SHORT.as_slice(), &["--tasks", "8"]].concat();
    let (document, trace) = traced("timeline-same", &flags);
    assert_eq!(document, memwall(&flags).document("memwall.run/1"));
    assert_eq!(traced("timeline-again", &flags).1, trace, "and it sees the same every time");
}

#[test]
fn calls_and_tools_are_drawn_one_after_another() {
    let flags = [SHORT.as_slice(), &["--tasks", "8"]].concat();
    let (document, trace) = traced("timeline-calls", &flags);
    let completed = document["requests"]["completed"].as_u64().unwrap();
    let waits = slices(&trace, |name| name == "wait for first token");
    assert_eq!(waits.len() as u64, completed, "every call is drawn");
    let output = |event: &&Value| event["args"]["output_tokens"].as_u64().unwrap();
    let tokens: u64 = waits.iter().map(output).sum();
    assert_eq!(tokens, document["tokens"]["output"].as_u64().unwrap());
    assert!(slices(&trace, |name| name == "tool").len() > 8);
    let names: Vec<_> = events(&trace).iter().filter(|event| event["ph"] == "C").collect();
    for counter in ["KV pages, %", "requests running", "requests waiting"] {
        let last = names.iter().rev().find(|event| event["name"] == counter);
        let args = last.unwrap_or_else(|| panic!("{counter} is counted"))["args"].clone();
        // When all is done nobody holds pages or waits.
        let held = if counter == "KV pages, %" { &args["held"] } else { first(&args) };
        assert!(number(held).abs() < 1e-9, "{counter}: {held}");
    }
}

fn first(args: &Value) -> &Value {
    args.as_object().unwrap().values().next().unwrap()
}

#[test]
fn hand_overs_are_drawn_at_either_end_and_failures_as_gaps() {
    let chat = ["run", "--model", "llama-3.1-8b", "--workload", "chat", "--tasks", "60", "--json"];
    let chat = [chat.as_slice(), &["--concurrency", "16"]].concat();
    let pools = ["--replicas", "2", "--prefill-replicas", "1", "--local-below", "200"];
    let (document, trace) = traced("timeline-pools", &[&chat, pools.as_slice()].concat());
    assert_opens(&trace);
    let prompts = document["fleet"]["handoff"]["prompts"].as_u64().unwrap();
    for side in ["KV out", "KV in"] {
        assert_eq!(slices(&trace, |name| name == side).len() as u64, prompts, "{side}");
    }
    let bytes = |event: &&Value| number(&event["args"]["megabytes"]) * 1e6;
    let sent: f64 = slices(&trace, |name| name == "KV in").iter().map(bytes).sum();
    let expected = number(&document["fleet"]["handoff"]["sent_gb"]) * 1e9;
    assert!((sent / expected - 1.0).abs() < 1e-3, "{sent} of {expected} bytes");

    let fails = ["--replicas", "3", "--fail-every", "20s", "--repair", "5s"];
    let (document, trace) = traced("timeline-fails", &[&chat, fails.as_slice()].concat());
    assert_opens(&trace);
    let faults = &document["fleet"]["faults"];
    let down = slices(&trace, |name| name == "down");
    assert_eq!(down.len() as u64, faults["failures"].as_u64().unwrap());
    let seconds: f64 = down.iter().map(|event| number(&event["dur"]) * 1e-6).sum();
    assert!((seconds / number(&faults["down_s"]) - 1.0).abs() < 1e-4);
}

/// What a document says was read and written below HBM is what is drawn.
#[test]
fn pages_from_and_to_stores_are_drawn() {
    let names = ["kv-offload", "kv-pool"];
    for name in names {
        let flags = ["run", name, "--tasks", "80", "--json", "--timeline-events", "500000"];
        let (document, trace) = traced(&format!("timeline-stores-{name}"), &flags);
        assert_opens(&trace);
        assert_eq!(trace["otherData"]["events_left_out"], 0);
        let gigabytes = |found: &[&Value]| -> f64 {
            found.iter().map(|event| number(&event["args"]["megabytes"]) / 1e3).sum()
        };
        let fetched = slices(&trace, |name| name.starts_with("fetch"));
        let written = slices(&trace, |name| name.starts_with("write to"));
        let stores = document["kv"]["tiers"]["stores"].as_array().unwrap();
        let sum = |key: &str| -> f64 { stores.iter().map(|store| number(&store[key])).sum() };
        for (what, found, key) in [("read", fetched, "read_gb"), ("written", written, "written_gb")]
        {
            let (drawn, expected) = (gigabytes(&found), sum(key));
            assert!(expected > 0.0, "{name}: something is {what}");
            assert!((drawn / expected - 1.0).abs() < 1e-3, "{name}: {drawn} of {expected} {what}");
        }
    }
}

#[test]
fn shipped_scenarios_have_timelines_and_stay_as_they_are() {
    let names = [
        "disaggregated",
        "failures",
        "host-cores",
        "kv-offload",
        "kv-pool",
        "pipeline",
        "power-cap",
        "prefill-on-older-chips",
        "routing",
        "speculative",
    ];
    for name in names {
        let flags = ["run", name, "--tasks", "6", "--json"];
        let few = [flags.as_slice(), &["--timeline-events", "3000"]].concat();
        let (document, trace) = traced(&format!("timeline-{name}"), &few);
        assert!(assert_opens(&trace) <= 3000, "{name}");
        assert!(!steps(&trace).is_empty(), "{name}");
        assert_eq!(memwall(&flags).document("memwall.run/1"), document, "{name}");
    }
}

#[test]
fn a_window_and_a_number_bound_a_trace() {
    let flags = [SHORT.as_slice(), &["--duration", "20min"]].concat();
    let window = ["--window", "5min..6min"];
    let (_, trace) = traced("timeline-window", &[&flags, window.as_slice()].concat());
    assert_opens(&trace);
    for event in events(&trace).iter().filter(|event| event["ph"] != "M") {
        let start = number(&event["ts"]) * 1e-6;
        assert!((300.0..360.0).contains(&start), "{event}");
    }
    assert_eq!(trace["otherData"]["events_left_out"], 0);
    let (seconds, _) = busy(&trace);
    assert!(seconds > 10.0 && seconds < 61.0, "{seconds} s of steps in a minute");

    let few = ["--timeline-events", "1000"];
    let (_, trace) = traced("timeline-few", &[&flags, few.as_slice()].concat());
    let count = assert_opens(&trace);
    assert!(count <= 1000 && count > 600, "{count} events");
    assert!(trace["otherData"]["events_left_out"].as_u64().unwrap() > 0);
    let end = number(&trace["otherData"]["window_s"][1]);
    assert!(end < 1200.0, "the window was cut");
    let ends = slices(&trace, |_| true).into_iter().map(|e| number(&e["ts"]) + number(&e["dur"]));
    assert!(ends.fold(0.0, f64::max) * 1e-6 <= end + 1e-6, "nothing is after the cut");
    // What is shown is whole: steps follow one another up to the cut.
    let last = steps(&trace).iter().map(|e| number(&e["ts"])).fold(0.0, f64::max) * 1e-6;
    assert!(end - last < 30.0, "the last step is at {last} s, the cut at {end} s");
}

#[test]
fn a_name_in_gz_is_packed_and_what_is_kept_has_a_timeline() {
    let flags = [SHORT.as_slice(), &["--tasks", "3"]].concat();
    let folder = scratch("timeline-packed");
    let packed = folder.join("trace.json.gz");
    memwall(&[&flags, ["--timeline", packed.to_str().unwrap()].as_slice()].concat()).done();
    let (_, plain) = traced("timeline-plain", &flags);
    assert_eq!(unpacked(&packed), plain);
    let kept = folder.join("kept");
    memwall(&[&flags, ["--out", kept.to_str().unwrap()].as_slice()].concat()).done();
    assert_eq!(unpacked(&kept.join("timeline.json.gz")), plain);
}

fn unpacked(path: &Path) -> Value {
    let mut text = String::new();
    let file = fs::File::open(path).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_run_that_is_killed_leaves_the_file_that_was_there() {
    let path = scratch("timeline-killed").join("trace.json");
    fs::write(&path, "old").unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_memwall"))
        .args(&SHORT[..7])
        .args(["--concurrency", "64", "--duration", "2000h", "--timeline"])
        .arg(&path)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It writes to a file beside it, which appears when the run begins.
    while fs::read_dir(path.parent().unwrap()).unwrap().count() < 2 {
        assert!(child.try_wait().unwrap().is_none(), "it runs for longer than this");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
}

#[test]
fn what_cannot_be_shown_is_refused() {
    let refused = |more: &[&str], parts: &[&str]| {
        memwall(&[&SHORT, more].concat()).refused(parts);
    };
    refused(&["--window", "1s..2s"], &["--window", "--timeline FILE"]);
    refused(&["--timeline", "x", "--window", "2s..1s"], &["ends before it begins"]);
    refused(&["--timeline", "x", "--timeline-events", "9"], &["--timeline-events"]);
    refused(&["--timeline", "/no/such/folder/x"], &["cannot be created"]);
}
