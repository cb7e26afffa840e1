//! Traces: exact counts, and what becomes of sessions when they are replayed.

use std::io::Write;
use std::path::PathBuf;

use memwall::serving::Extent;
use memwall::units::SimSpan;
use memwall::workload::{
    Call, Cause, ReusePolicy, ReuseQuery, Task, Trace, TraceBuilder, TraceStats, WorkloadError,
    read_trace,
};

use super::graph::{check_graph, check_identities};

const MINUTE: SimSpan = SimSpan::from_ms(60_000);

fn data(name: &str) -> String {
    format!("{}/tests/data/traces/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn scratch(name: &str, bytes: &[u8]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn read(name: &str, text: &str) -> Trace {
    let mut builder = TraceBuilder::default();
    builder.add(name, text.as_bytes()).unwrap();
    builder.finish().unwrap()
}

fn pages(content: &[Extent]) -> Vec<u64> {
    content.iter().flat_map(|run| run.first..run.first + u64::from(run.pages)).collect()
}

/// Hit blocks and hit tokens under each capacity.
fn hits(trace: &Trace, policy: ReusePolicy, capacities: &[u64]) -> Vec<(u64, u64)> {
    let capacities = capacities.iter().map(|&capacity| Some(capacity)).collect();
    let query = ReuseQuery { policies: vec![policy], capacities, ..ReuseQuery::default() };
    let reuse = TraceStats::of(trace, &query).unwrap().reuse;
    reuse.iter().map(|row| (row.hit_blocks, row.hit_tokens)).collect()
}

// The counts come from a C++ and a Python program written apart from this one.
#[test]
fn mooncake_counts_are_exact() {
    let trace = read_trace(&[data("mooncake_conversation.jsonl.gz")]).unwrap();
    let capacities = [100, 1000, 10_000, 100_000, 1_000_000];
    assert_eq!(
        hits(&trace, ReusePolicy::HeadFirst, &capacities),
        [
            (11_645, 5_962_117),
            (12_831, 6_567_267),
            (60_921, 31_174_981),
            (104_924, 53_695_979),
            (105_710, 54_098_411)
        ]
    );
    assert_eq!(
        hits(&trace, ReusePolicy::LeafFirst, &capacities),
        [
            (12_071, 6_180_229),
            (12_847, 6_575_459),
            (61_046, 31_238_981),
            (104_924, 53_695_979),
            (105_710, 54_098_411)
        ]
    );
    let ttls = [60, 300, 600, 3600].map(|s| Some(SimSpan::from_ms(s * 1000))).to_vec();
    let stats = TraceStats::of(&trace, &ReuseQuery { ttls, ..ReuseQuery::default() }).unwrap();
    let found: Vec<_> = stats.reuse.iter().map(|row| row.hit_blocks).collect();
    assert_eq!(found, [29_821, 83_010, 99_061, 105_710]);
    assert_eq!(
        (stats.requests, stats.sessions, stats.prompt_tokens),
        (12_031, 12_031, 144_793_823)
    );
    assert_eq!((stats.reuse[0].total_blocks, stats.distinct_blocks), (288_500, 182_790));
    let near = |x: f64, y: f64| (x / y - 1.0).abs() < 0.005;
    let (lengths, arrivals) = (stats.prompt_length_tokens, stats.arrivals.unwrap());
    assert!(near(lengths.mean, 12_035.0) && near(lengths.p50, 6909.0), "{lengths:?}");
    assert!(near(lengths.p90, 27_367.0) && near(lengths.p99, 85_400.0), "{lengths:?}");
    assert!(near(arrivals.requests_per_s.unwrap(), 3.40), "{arrivals:?}");
    assert!(near(arrivals.interarrival_cv.unwrap(), 3.03), "{arrivals:?}");
    assert!(near(arrivals.variance_over_mean_10s.unwrap(), 2.1), "{arrivals:?}");
}

#[test]
fn claude_code_counts_are_exact() {
    let trace = read_trace(&[data("claude-code")]).unwrap();
    let capacities = [1000, 3000, 10_000, 30_000];
    assert_eq!(
        hits(&trace, ReusePolicy::HeadFirst, &capacities),
        [(50_793, 3_250_752), (286_018, 18_305_152), (358_754, 22_960_256), (361_773, 23_153_472)]
    );
    assert_eq!(
        hits(&trace, ReusePolicy::LeafFirst, &capacities),
        [(134_804, 8_627_456), (307_524, 19_681_536), (358_754, 22_960_256), (361_773, 23_153_472)]
    );
    let stats = TraceStats::of(&trace, &ReuseQuery::default()).unwrap();
    assert_eq!((stats.requests, stats.sessions, stats.prompt_tokens), (453, 12, 24_697_038));
    assert_eq!((stats.reuse[0].total_blocks, stats.distinct_blocks), (385_667, 23_894));
}

#[test]
fn azure_lengths_and_times_are_those_of_the_file() {
    let trace = read_trace(&[data("azure_conv_head.csv")]).unwrap();
    let tasks = trace.tasks(MINUTE).unwrap();
    assert_eq!(tasks.len(), 200);
    let call = &tasks[1].chains[0].calls[0];
    // 18:15:46.6805900 and 18:15:50.9951690.
    assert_eq!(tasks[1].start, SimSpan::from_ps(4_314_579_000_000));
    assert_eq!((call.prompt, call.output, call.content.len()), (396, 109, 0));
    let stats = TraceStats::of(&trace, &ReuseQuery::default()).unwrap();
    assert!(stats.reuse.is_empty() && stats.page_tokens.is_none());
}

#[test]
fn packed_archived_and_repeated_files_are_the_same_trace() {
    let plain = read_trace(&[data("claude-code")]).unwrap();
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 3).unwrap());
    // Archives keep the order of packing; a trace has the order of names.
    let mut files: Vec<_> = std::fs::read_dir(data("claude-code")).unwrap().collect();
    files.reverse();
    for file in files {
        let path = file.unwrap().path();
        archive.append_path_with_name(&path, path.file_name().unwrap()).unwrap();
    }
    let packed = archive.into_inner().unwrap().finish().unwrap();
    let path = scratch("sessions.tar.zst", &packed);
    let again = read_trace(std::slice::from_ref(&path)).unwrap();
    assert_eq!(
        hits(&again, ReusePolicy::LeafFirst, &[3000]),
        hits(&plain, ReusePolicy::LeafFirst, &[3000])
    );
    let twice = read_trace(&[path, PathBuf::from(data("claude-code"))]).unwrap();
    assert_eq!((twice.sessions(), twice.duplicates), (12, 12));
}

#[test]
fn sub_agents_start_together_and_are_waited_for() {
    let trace = read_trace(&[data("claude-code/trace_0291.json.gz")]).unwrap();
    let task = &trace.tasks(MINUTE).unwrap()[0];
    let spawning = task.chains[0].calls.iter().position(|call| !call.spawns.is_empty()).unwrap();
    let calls = &task.chains[0].calls[spawning..];
    assert_eq!((&calls[0].spawns, &calls[1].waits_for), (&vec![1, 2], &vec![1, 2]));
    // Listed at 1148.013 and 1180.553 s, when they ended, after 46.656 and 79.184 s.
    let begun = [1, 2].map(|chain: usize| task.chains[chain].calls[0].at.unwrap().seconds().get());
    assert!((begun[0] - 1101.357).abs() < 1e-9 && (begun[1] - 1101.369).abs() < 1e-9, "{begun:?}");
    // The parent's next request, at 1209 s, came 28.4 s after the second one's end.
    assert_eq!(calls[1].gap, SimSpan::from_ms(1_209_000 - 1_180_553));
    check_graph(task);
}

#[test]
fn a_parent_may_go_on_while_its_sub_agent_works() {
    let session = r#"{"block_size":4,"requests":[
        {"t":0,"in":3,"out":1,"api_time":1},
        {"t":10,"in":3,"out":1,"api_time":1,"think_time":9},
        {"t":12,"type":"subagent","duration_ms":10000,"status":"completed",
         "requests":[{"t":0,"in":3,"out":1},{"t":4,"in":3,"out":1,"think_time":3}]},
        {"t":20,"in":3,"out":1,"think_time":9}]}"#;
    let task = &read("x.json", session).tasks(MINUTE).unwrap()[0];
    let [main, child] = &task.chains[..] else { panic!("two agents") };
    assert_eq!((&main.calls[0].spawns, &main.calls[2].waits_for), (&vec![1], &vec![1]));
    let gaps = [&main.calls[2], &child.calls[0], &child.calls[1]].map(|call| call.gap.as_ms());
    // Eight seconds after the sub-agent's end; two after the call that spawned it; three.
    assert_eq!(gaps.map(|ms| ms as u64), [8000, 2000, 3000]);
    assert_eq!(child.calls[1].at, Some(SimSpan::from_ms(6000)));
    check_graph(task);
}

#[test]
fn replayed_sessions_are_sound_and_mostly_know_their_answers() {
    let tasks = read_trace(&[data("claude-code")]).unwrap().tasks(MINUTE).unwrap();
    tasks.iter().for_each(check_graph);
    check_identities(&tasks);
    assert_eq!(tasks[3].start, SimSpan::from_ms(180_000));
    let calls = || tasks.iter().flat_map(Task::calls);
    let filled = |tokens: u32| (tokens / 64) as usize;
    let exact = |call: &&Call| pages(&call.content).len() == filled(call.prompt + call.output);
    assert!(calls().all(|call| pages(&call.content).len() >= filled(call.prompt)));
    let known = calls().filter(exact).count() as f64 / calls().count() as f64;
    assert!(known > 0.8, "{known}");
}

#[test]
fn answers_are_bound_to_the_next_prompt_that_holds_them() {
    let session = r#"{"id":"x","block_size":4,"requests":[
        {"t":0,"in":9,"out":6,"hash_ids":[1,2],"api_time":1,"input_types":["text"]},
        {"t":5,"in":20,"out":0,"hash_ids":[1,2,3,4,5],"think_time":3.5,
         "input_types":["tool_result"]},
        {"t":9,"in":21,"out":3,"hash_ids":[1,2,3,4,6],"think_time":9}]}"#;
    let trace = read("x.json", session);
    let calls = &trace.tasks(MINUTE).unwrap()[0].chains[0].calls;
    // Nine tokens and six more fill three pages; the fifth page of the second prompt changed.
    assert_eq!(calls.iter().map(|call| pages(&call.content).len()).collect::<Vec<_>>(), [3, 5, 5]);
    assert_eq!(pages(&calls[0].content), pages(&calls[1].content)[..3]);
    assert_eq!((calls[1].output, trace.without_output()), (1, 1));
    assert_eq!(
        calls.iter().map(|call| call.cause).collect::<Vec<_>>(),
        [Cause::User, Cause::Tool, Cause::User]
    );
    // The second answer's time is not recorded: its follower's gap is bounded by both requests.
    let gaps: Vec<_> = calls.iter().map(|call| call.gap.as_ms()).collect();
    assert_eq!(gaps.iter().map(|&ms| ms as u64).collect::<Vec<_>>(), [0, 3500, 4000]);
}

#[test]
fn turns_of_a_conversation_are_one_task() {
    let trace = read(
        "turns.jsonl",
        r#"
{"timestamp":1e12,"input_length":600,"output_length":500,"hash_ids":[1,2],"session_id":1}
{"timestamp":1e12,"input_length":5,"output_length":1,"hash_ids":[9]}
{"session_id":1,"timestamp":1000000002500,"input_length":1200,"output_length":9,"hash_ids":[1,3,4]}
{"delay":700,"input_length":1300,"output_length":9,"hash_ids":[1,3,5],"session_id":1}"#,
    );
    let tasks = trace.tasks(MINUTE).unwrap();
    let calls = &tasks[0].chains[0].calls;
    assert_eq!(tasks.len(), 2);
    assert_eq!(
        calls.iter().map(|call| call.gap.as_ps() / 1_000_000_000).collect::<Vec<_>>(),
        [0, 2500, 700]
    );
    assert_eq!(calls[1].at, Some(SimSpan::from_ms(2500)));
    assert_eq!(calls[2].at, None);
    // 1,100 tokens fill two pages; the second is named by the prompt that follows.
    assert_eq!(pages(&calls[0].content).len(), 2);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let whole = std::fs::read(data("claude-code/trace_0277.json.gz")).unwrap();
    let cut = scratch("cut.json.gz", &whole[..whole.len() / 2]);
    for path in [cut, PathBuf::from("nowhere.jsonl")] {
        let error = read_trace(std::slice::from_ref(&path)).unwrap_err();
        assert!(
            matches!(&error, WorkloadError::Read { file, .. } if *file == path.to_string_lossy())
        );
        assert!(error.to_string().contains("fetch the file again"), "{error}");
    }
    let mixed = read_trace(&[data("azure_conv_head.csv"), data("claude-code/trace_0460.json.gz")]);
    let message = mixed.unwrap_err().to_string();
    assert!(
        message.contains("trace_0460.json.gz: session JSON with 64-token pages, but"),
        "{message}"
    );
    let mut jsonl = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    jsonl.write_all(b"{\"timestamp\":0,\"input_length\":1,\"output_length\":1}\n\n").unwrap();
    let path = scratch("one.jsonl.gz", &jsonl.finish().unwrap());
    assert_eq!(read_trace(&[path]).unwrap().requests(), 1);
}

#[test]
fn files_too_far_apart_are_refused() {
    let trace = read_trace(&[data("claude-code")]).unwrap();
    let error = trace.tasks(SimSpan::from_ms(20 * 86_400_000)).unwrap_err().to_string();
    assert!(error.contains("trace_0472.json.gz: starts 120 days after the first file"), "{error}");
    let mut builder = TraceBuilder::default();
    for (name, timestamp) in [("a", "0"), ("b", "1e10")] {
        let row = format!(r#"{{"timestamp":{timestamp},"input_length":1,"output_length":1}}"#);
        builder.add(name, row.as_bytes()).unwrap();
    }
    let error = builder.finish().unwrap_err().to_string();
    assert!(error.contains("b: starts 115 days after the first file"), "{error}");
}
