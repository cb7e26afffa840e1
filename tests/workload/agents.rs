//! Agents' runs as other tools record them: what calls wait for, and that nothing is lost.

use std::borrow::Cow;
use std::collections::BTreeMap;

use memwall::cluster::{Load, RunPlan, RunResult, simulate};
use memwall::des::Streams;
use memwall::serving::{Admission, Batching, Engine, Limits, Outcome, Replica, Rules};
use memwall::units::{SimSpan, SimTime};
use memwall::workload::{
    After, At, Call, Event, ReuseQuery, Task, Trace, TraceBuilder, TraceStats, WorkloadError,
    escalating, read_trace,
};
use proptest::prelude::*;

use super::graph::{check_graph, check_identities};
use crate::serving::Affine;

fn data(name: &str) -> String {
    format!("{}/tests/data/traces/agents/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn parse(text: &str) -> Result<Trace, WorkloadError> {
    let mut builder = TraceBuilder::default();
    builder.add("bad", text.as_bytes())?;
    builder.finish()
}

fn tasks(trace: &Trace) -> Vec<Task> {
    trace.tasks(SimSpan::ZERO).unwrap()
}

fn ms(ms: u64) -> SimSpan {
    SimSpan::from_ms(ms)
}

fn answered(chain: u32, call: u32, delay: u64) -> After {
    After { event: Event::Answered(At { chain, call }), delay: ms(delay) }
}

fn start(delay: u64) -> After {
    After { event: Event::Start, delay: ms(delay) }
}

/// Requests, prompt and output tokens.
fn totals(trace: &Trace) -> (u64, u64, u64) {
    let stats = TraceStats::of(trace, &ReuseQuery::default()).unwrap();
    (stats.requests, stats.prompt_tokens, stats.output_tokens)
}

fn run(tasks: Vec<Task>, load: Load, engine: Engine) -> RunResult {
    let limits = Limits {
        max_batched_tokens: 256,
        max_seqs: 16,
        page_tokens: 4,
        state_pages: 0,
        groups: 1,
        admission: Admission::PromptFits,
        batching: Batching::Mixed,
        rules: Rules::default(),
    };
    let replica = Replica::new(Affine { speed: 1.0 }, limits, 4000, None).with_engine(engine);
    let plan = RunPlan::whole(load);
    simulate(replica, tasks.into_iter(), plan, &mut |_| {})
}

#[test]
fn a_graph_of_dynamo_is_what_it_says() {
    let trace = read_trace(&[data("agentic-mooncake.jsonl")]).unwrap();
    assert_eq!(totals(&trace), (3, 12, 6));
    assert_eq!(trace.page_tokens, Some(4));
    let [task] = &tasks(&trace)[..] else { panic!("one play") };
    let [root, child] = &task.chains[..] else { panic!("two agents") };
    let sent = After { event: Event::Sent(At { chain: 0, call: 0 }), delay: ms(5) };
    assert_eq!(root.calls[0].after, [start(0)]);
    assert_eq!(child.calls[0].after, [start(0), sent]);
    assert_eq!(root.calls[1].after, [start(0), answered(0, 0, 1), answered(1, 0, 1)]);
    for engine in [Engine::Macro, Engine::Stepwise] {
        let result = run(vec![task.clone()], Load::Arrivals, engine);
        let mut outcomes = result.outcomes;
        outcomes.sort_by_key(|outcome| outcome.arrival);
        let [first, child, join] = &outcomes[..] else { panic!("three requests") };
        assert_eq!(child.arrival, first.arrival + ms(5), "a spawn does not wait for the answer");
        assert_eq!(join.arrival, first.end.max(child.end) + ms(1));
    }
}

#[test]
fn requests_and_tools_that_ended_make_a_graph() {
    let trace = read_trace(&[data("request-events.jsonl")]).unwrap();
    assert_eq!(totals(&trace), (4, 16, 8));
    let [task] = &tasks(&trace)[..] else { panic!("one family") };
    let [parent, child] = &task.chains[..] else { panic!("two sessions") };
    // Received at 100, 120, 150, 200 ms and answered within 10.
    assert_eq!(parent.calls[0].after, [start(0)]);
    assert_eq!(child.calls[0].after, [start(0), answered(0, 0, 10)]);
    assert_eq!(child.calls[1].after, [start(0), answered(1, 0, 20)]);
    assert_eq!(parent.calls[1].after, [start(0), answered(0, 0, 0), answered(1, 1, 40)]);
    assert_eq!(parent.calls[1].at, Some(ms(100)));
    // In the background nobody waits.
    let text = std::fs::read_to_string(data("request-events.jsonl")).unwrap();
    let [task] = &tasks(&parse(&text.replace("blocking", "background")).unwrap())[..] else {
        panic!("one family")
    };
    assert_eq!(task.chains[0].calls[1].after, [start(0), answered(0, 0, 90)]);
    let alone = read_trace(&[data("request-events-alone.jsonl")]).unwrap();
    assert_eq!(totals(&alone), (2, 8, 4));
    let starts: Vec<_> = tasks(&alone).iter().map(|task| task.start).collect();
    assert_eq!(starts, [SimSpan::ZERO, ms(20)]);
}

#[test]
fn sessions_and_tokens_of_llmservingsim() {
    let trace = read_trace(&[data("servingsim-mixed-head.jsonl")]).unwrap();
    // Sums of the file's own columns.
    assert_eq!((totals(&trace), trace.page_tokens), ((100, 1_110_648, 195_020), None));
    let trace = read_trace(&[data("servingsim-tokens.jsonl")]).unwrap();
    assert_eq!((trace.requests(), trace.page_tokens), (10, Some(16)));
    check_identities(&tasks(&trace));
    let line = r#"{"session_id":"s","arrival_time_ns":5000000,"sub_requests":[
        {"input_toks":18,"output_toks":4,"tool_duration_ns":2500000,"input_tok_ids":IDS},
        {"input_toks":34,"output_toks":2,"tool_duration_ns":0,"input_tok_ids":MORE}]}"#;
    let ids = |n: u64| format!("{:?}", (1..=n).collect::<Vec<_>>());
    let text = line.replace('\n', "").replace("IDS", &ids(18)).replace("MORE", &ids(34));
    let [task] = &tasks(&parse(&text).unwrap())[..] else { panic!("one session") };
    let calls = &task.chains[0].calls;
    assert_eq!((task.start, calls[1].gap), (ms(5), SimSpan::from_ps(2_500_000_000)));
    assert_eq!(calls[0].content[0].first, calls[1].content[0].first, "they share a page");
}

#[test]
fn spans_wait_for_the_answers_that_they_repeat() {
    let trace = read_trace(&[data("multi_agent_research.json")]).unwrap();
    assert_eq!((trace.requests(), trace.estimated(), trace.sessions()), (12, 12, 1));
    let trace = read_trace(&[data("fan_in_dependencies.json")]).unwrap();
    let [task] = &tasks(&trace)[..] else { panic!("one trace") };
    let last = task.calls().max_by_key(|call| call.at).unwrap();
    // Its prompt holds all three answers; the last of them came at 5 s, it was sent at 6 s.
    assert_eq!(last.after.len(), 1 + 3);
    assert!(last.after[1..].iter().all(|after| after.delay == ms(1000)), "{:?}", last.after);
    let trace = read_trace(&[data("simple_chain.json")]).unwrap();
    let [task] = &tasks(&trace)[..] else { panic!("one trace") };
    assert_eq!(task.chains.len(), 1);
    let calls = &task.chains[0].calls;
    // 30 characters of a question; then the question, the answer of 151 and one of 35.
    assert_eq!([calls[0].prompt, calls[1].prompt, calls[1].output], [7, 7 + 37 + 8, 57]);
    assert!(!calls[1].content.is_empty());
    assert_eq!(calls[1].content[0].first, calls[2].content[0].first, "the conversation goes on");
    check_identities(std::slice::from_ref(task));
}

#[test]
fn recorded_counts_are_taken_where_spans_have_them() {
    let text = std::fs::read_to_string(data("simple_chain.json")).unwrap();
    let usage = r#""gen_ai.usage.input_tokens": 40, "gen_ai.usage.output_tokens": 9,
        "gen_ai.request.temperature""#;
    let text = text.replace("\"gen_ai.request.temperature\"", usage);
    let trace = parse(&text).unwrap();
    assert_eq!((totals(&trace), trace.estimated()), ((3, 120, 27), 0));
    check_identities(&tasks(&trace));
}

#[test]
fn what_is_wrong_with_a_graph_is_said() {
    let graph = std::fs::read_to_string(data("agentic-mooncake.jsonl")).unwrap();
    let circle =
        r#""dependencies":[{"request_id":"agent-join","trigger":"completion","delay_ms":0}]"#;
    let events = std::fs::read_to_string(data("request-events.jsonl")).unwrap();
    let spans = std::fs::read_to_string(data("simple_chain.json")).unwrap();
    let (one, many) = ("\"trace_block_size\":4", "\"trace_block_size\":8");
    let short = r#"{"arrival_time_ns":1,"sub_requests":
        [{"input_toks":3,"output_toks":1,"input_tok_ids":[1]}]}"#;
    let cases = [
        (graph.replace("\"version\":2", "\"version\":1"), "line 1: `version` is 1; this reader"),
        (graph.replace("local", "global"), "line 1: `hash_id_scope` is \"global\"; identities"),
        (
            graph.replacen("\"agent-root\",\"trigger", "\"x\",\"trigger", 1),
            "bad, line 3: `dependencies.request_id` is `x`; no request of the same task",
        ),
        (
            graph.replace("\"dispatch\"", "\"end\""),
            "bad, line 3: `dependencies.trigger` is `end`; write",
        ),
        (
            graph.replace("\"dependencies\":[]", circle),
            "bad, line 2: `dependencies` is a circle at `agent-root`",
        ),
        (
            graph.replace("\"agent-child\",\"play", "\"agent-root\",\"play"),
            "bad, line 3: `request_id` is `agent-root`; another",
        ),
        (
            graph.replace("[302]", "[302,303]"),
            "bad, line 3: `hash_ids` is a list of 2; 4 tokens have 1 pages of 4",
        ),
        (
            graph.replace("\"not_before_ms\":0", "\"not_before_ms\":-1"),
            "`not_before_ms` is -1; give a time",
        ),
        (events.replace("\"total_time_ms\":10,", ""), "line 1: `total_time_ms` is missing"),
        (events.replacen(one, many, 1), "bad, line 3: `trace_block_size` is 4; all requests"),
        (r#"{"input_toks":3,"output_toks":1}"#.into(), "line 1: `arrival_time_ns` is missing"),
        (r#"{"sub_requests":[],"arrival_time_ns":1}"#.into(), "`sub_requests` is []; a session"),
        (
            short.replace('\n', ""),
            "bad, line 1, sub_requests[0]: `input_tok_ids` is a list of 1; `input_toks` says 3",
        ),
        (
            spans.replace("gen_ai.input.messages", "x"),
            "bad, spans[0]: `gen_ai.usage.input_tokens` is missing",
        ),
        (
            spans.replacen("10:00:02.5", "09:00:02.5", 1),
            "bad, spans[0]: `end_time` is 2026-02-25T09:00:02.500000; it is before",
        ),
        (r#"{"spans":[]}"#.into(), "bad: holds no requests"),
    ];
    for (text, expected) in cases {
        let message = parse(&text).unwrap_err().to_string();
        assert!(message.contains(expected), "gives   {message}\nwithout {expected}");
    }
}

#[test]
fn what_is_handed_on_is_done_again_whole() {
    let sessions = read_trace(&[data("../claude-code/trace_0291.json.gz")]).unwrap();
    for task in tasks(&sessions) {
        let (calls, chains) = (task.calls().count(), task.chains.len());
        let again = task.clone().handed_on();
        check_graph(&again);
        assert_eq!((again.calls().count(), again.chains.len()), (2 * calls, 2 * chains - 1));
        let better = || again.calls().filter(|call| call.model == 1);
        let tokens = |calls: &mut dyn Iterator<Item = &Call>| {
            calls.fold((0, 0), |sum: (u64, u64), call| {
                (sum.0 + u64::from(call.prompt), sum.1 + u64::from(call.output))
            })
        };
        assert_eq!(tokens(&mut better()), tokens(&mut task.calls()));
        assert!(again.is_escalated() && !task.is_escalated());
    }
    // Which tasks go on depends on nothing but their numbers; more do at a higher rate.
    let all: Vec<Task> = (1..400).map(|length| Task::of_call(length, 1)).collect();
    let on = |rate| {
        let tasks = escalating(all.iter().map(Cow::Borrowed), rate, Streams::new(7));
        tasks.map(|task| task.is_escalated()).collect::<Vec<_>>()
    };
    let (few, many) = (on(0.2), on(0.6));
    assert!(few.iter().zip(&many).all(|(few, many)| *many || !*few));
    let share = |on: &[bool]| on.iter().filter(|on| **on).count() as f64 / on.len() as f64;
    assert!((share(&few) - 0.2).abs() < 0.06 && (share(&many) - 0.6).abs() < 0.08);
    assert!(on(0.0).iter().all(|on| !on) && on(1.0).iter().all(|on| *on));
}

/// A call of a random graph: what it waits for among those before it, and for how long.
type Drawn = (u32, u64, Vec<(prop::sample::Index, bool, u64)>);

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    let need = (any::<prop::sample::Index>(), any::<bool>(), 0..50u64);
    prop::collection::vec((1..40u32, 0..100u64, prop::collection::vec(need, 0..4)), 1..25)
}

/// The graph in Dynamo's words; the prompt's length tells calls apart.
fn written(calls: &[Drawn]) -> String {
    let header = r#""version":2,"block_size":4,"hash_id_scope":"local"}"#;
    let mut text = format!("{{\"schema\":\"dynamo.agentic_mooncake\",{header}");
    for (index, (output, not_before, needs)) in calls.iter().enumerate() {
        let needs: Vec<_> = edges(index, needs)
            .map(|(of, is_sent, delay)| {
                let trigger = if is_sent { "dispatch" } else { "completion" };
                format!(r#"{{"request_id":"{of}","trigger":"{trigger}","delay_ms":{delay}}}"#)
            })
            .collect();
        let row = format!(
            "\n{{\"request_id\":\"{index}\",\"play_id\":\"p\",\"session_id\":\"{}\",\
             \"input_length\":{},\"output_length\":{output},\"not_before_ms\":{not_before},\
             \"dependencies\":[{}]}}",
            index % 3,
            index + 1,
            needs.join(",")
        );
        text.push_str(&row);
    }
    text
}

fn edges(
    index: usize,
    needs: &[(prop::sample::Index, bool, u64)],
) -> impl Iterator<Item = (usize, bool, u64)> {
    let needs = if index == 0 { &[][..] } else { needs };
    needs.iter().map(move |(of, is_sent, delay)| (of.index(index), *is_sent, *delay))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Every call is made once, and as soon as all that it waits for allows: no sooner, no later.
    #[test]
    fn graphs_are_followed_to_the_picosecond(calls in drawn(), is_closed in any::<bool>()) {
        let trace = parse(&written(&calls)).unwrap();
        let outputs: u64 = calls.iter().map(|call| u64::from(call.0)).sum();
        let prompts = (1..=calls.len() as u64).sum();
        prop_assert_eq!(totals(&trace), (calls.len() as u64, prompts, outputs));
        let roots = (0..calls.len()).filter(|&index| edges(index, &calls[index].2).count() == 0);
        let first = roots.map(|index| calls[index].1).min().unwrap();
        let load = if is_closed { Load::Closed { concurrency: 1 } } else { Load::Arrivals };
        for engine in [Engine::Macro, Engine::Stepwise] {
            let result = run(tasks(&trace), load, engine);
            prop_assert_eq!(result.requests.completed, calls.len() as u64);
            let by_prompt: BTreeMap<u32, &Outcome> =
                result.outcomes.iter().map(|outcome| (outcome.prompt, outcome)).collect();
            prop_assert_eq!(by_prompt.len(), calls.len());
            for (index, (output, not_before, needs)) in calls.iter().enumerate() {
                let found = by_prompt[&(index as u32 + 1)];
                let bound = SimTime::after_start(ms(not_before.saturating_sub(first)));
                let due = edges(index, needs).map(|(of, is_sent, delay)| {
                    let other = by_prompt[&(of as u32 + 1)];
                    (if is_sent { other.arrival } else { other.end }) + ms(delay)
                });
                prop_assert_eq!(found.arrival, due.fold(bound, SimTime::max), "call {}", index);
                prop_assert_eq!(found.output, *output);
            }
            // Done again by a better model, here on the same replica: twice all of it.
            let again = tasks(&trace).into_iter().map(Task::handed_on).collect();
            let result = run(again, load, engine);
            prop_assert_eq!(result.requests.completed, 2 * calls.len() as u64);
            prop_assert_eq!(result.tasks.completed, 1);
        }
    }
}
