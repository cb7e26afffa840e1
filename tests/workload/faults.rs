//! Every way in which a workload can be wrong is said with place, key, value and remedy.

use memwall::workload::{Synthetic, Trace, TraceBuilder, WorkloadError};

fn read(text: &str) -> Result<Trace, WorkloadError> {
    let mut builder = TraceBuilder::default();
    builder.add("bad", text.as_bytes())?;
    builder.finish()
}

fn check(cases: &[(String, &str)]) {
    for (text, expected) in cases {
        let message = read(text).unwrap_err().to_string();
        assert!(message.contains(expected), "{text}\ngives   {message}\nwithout {expected}");
    }
}

/// A Mooncake trace whose second line has these values.
fn rows(timestamp: &str, input: &str, output: &str, ids: &str) -> String {
    let row = |timestamp, input, output, ids| {
        format!(
            "{{\"timestamp\":{timestamp},\"input_length\":{input},\
             \"output_length\":{output},\"hash_ids\":{ids}}}\n"
        )
    };
    row("5", "3", "1", "[1]") + &row(timestamp, input, output, ids)
}

#[test]
fn mooncake_lines() {
    let missing = rows("6", "3", "1", "[1]").replace("\"output_length\":1", "\"x\":1");
    let late = "`timestamp` is 1000000000000000.0; it is more than 100 days after the first";
    let few = "bad, line 2: `hash_ids` is a list of 1; 513 tokens have 2 pages of 512; list each";
    check(&[
        (rows("6", "3", "1", "[1"), "bad, line 2: broken JSON (expected `,` or `]` at column"),
        (rows("NaN", "3", "1", "[1]"), "bad, line 2: broken JSON (expected value at column"),
        (rows("4", "3", "1", "[1]"), "bad, line 2: `timestamp` is 4; it is earlier than the line"),
        (rows("-6", "3", "1", "[1]"), "bad, line 2: `timestamp` is -6; times count from the start"),
        (rows("1e15", "3", "1", "[1]"), late),
        (rows("\"6\"", "3", "1", "[1]"), "`timestamp` is \"6\"; give a number, without quotes"),
        (rows("6", "0", "1", "[]"), "bad, line 2: `input_length` is 0; give a whole number of"),
        (rows("6", "3", "-1", "[1]"), "line 2: `output_length` is -1; give a whole number of"),
        (rows("6", "2.5", "1", "[1]"), "bad, line 2: `input_length` is 2.5; give a whole number"),
        (rows("6", "513", "1", "[1]"), few),
        (rows("6", "3", "1", "[-1]"), "expected a whole number from 0 to 2^64 - 2 in `hash_ids`"),
        (rows("6", "3", "4294967295", "[1]"), "`output_length` is 4294967295; give a whole number"),
        (missing, "`output_length` is missing; every request has it; add it"),
    ]);
}

#[test]
fn session_documents() {
    let session = |request: &str| format!(r#"{{"block_size":64,"requests":[{{{request}}}]}}"#);
    let few = "bad, requests[0]: `hash_ids` is a list of 1; 130 tokens have 2 full pages of 64";
    let child = r#""t":0,"type":"subagent","duration_ms":1,"requests":[{"t":0,"in":1.5,"out":1}]"#;
    let alone = r#""t":0,"type":"subagent","requests":[{"t":0,"in":5,"out":1}]"#;
    let long = r#""t":8e6,"type":"subagent","requests":[{"t":8e6,"in":5,"out":1}]"#;
    let idle = r#""t":0,"in":9,"out":1,"think_time":-3"#;
    let back = r#""t":9,"in":5,"out":1},{"t":3,"in":6,"out":1"#;
    check(&[
        (session(back), "bad, requests[1]: `t` is 3; an agent's requests stand in the order"),
        (session(r#""t":0,"in":130,"out":1,"hash_ids":[1]"#), few),
        (session(r#""t":0,"in":0,"out":1"#), "bad, requests[0]: `in` is 0; give a whole number"),
        (session(r#""t":0,"in":9"#), "bad, requests[0]: `out` is missing"),
        (session(r#""t":-1,"in":9,"out":1"#), "`t` is -1; give a time between 0 and 100 days"),
        (session(long), "requests[0].requests[0]: `t` is 8000000.0; a session lasts at most 100"),
        (session(idle), "bad, requests[0]: `think_time` is -3; give a time"),
        (session(child), "bad, requests[0].requests[0]: `in` is 1.5; give a whole number"),
        (session(alone), "bad: `requests` is without a request; an agent makes at least one call"),
        (session("").replace("{}]}", ""), "bad, line 1: broken JSON (EOF while parsing"),
        (session("").replace("64", "0"), "bad: `block_size` is 0; give a whole number"),
    ]);
}

#[test]
fn azure_records() {
    let first = "TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n";
    let csv = |record: &str| format!("{first}{record}");
    let back = "bad, line 3: `TIMESTAMP` is 2023-11-16 18:15:46.6805899; it is earlier than";
    let swapped = first.replace("ContextTokens,GeneratedTokens", "GeneratedTokens,ContextTokens");
    check(&[
        (swapped, "bad, line 1: `header` is `TIMESTAMP,GeneratedTokens,ContextTokens`; write"),
        (csv("2023-11-16 18:15:46.6805899,1,1"), back),
        (csv("2024-11-16 18:15:46,1,1"), "it is more than 100 days after the first; split"),
        (csv("16.11.2023,1,1"), "bad, line 3: `TIMESTAMP` is 16.11.2023; write it as 2023-"),
        (csv("2023-11-16 18:15:47,0,1"), "bad, line 3: `ContextTokens` is `0`; give a whole"),
        (csv("2023-11-16 18:15:47,5,-1"), "bad, line 3: `GeneratedTokens` is `-1`; give a whole"),
        (csv("2023-11-16 18:15:47,5"), "`record` is `2023-11-16 18:15:47,5`; write TIMESTAMP,"),
    ]);
}

#[test]
fn a_byte_order_mark_says_nothing() {
    let text = rows("6", "3", "1", "[1]");
    assert_eq!(read(&format!("\u{feff}{text}")).unwrap(), read(&text).unwrap());
}

#[test]
fn files_without_requests_or_format() {
    let header = "TIMESTAMP,ContextTokens,GeneratedTokens\n".to_owned();
    check(&[
        (" \n".into(), "bad: holds no requests; give a trace with at least one"),
        (header, "bad: holds no requests"),
        (r#"{"block_size":64,"requests":[]}"#.into(), "bad: holds no requests"),
        ("hello".into(), "bad: not a trace that is understood; give Mooncake JSONL"),
        (r#"{"hello":1}"#.into(), "bad: not a trace that is understood"),
    ]);
    assert!(TraceBuilder::default().finish().is_err());
}

#[test]
fn descriptions() {
    let text = include_str!("../../workloads/synthetic/chat.toml");
    let turns = "{ constant = 2_000_000 }";
    let start = text.find("value = ").unwrap() + 8;
    let end = start + text[start..].find("\nsource").unwrap();
    let many = format!("{}{turns}{}", &text[..start], &text[end..]);
    let cases = [
        (text.replace("[dialogue.turns]", "[dialogue.turn]"), "unknown field `turn`"),
        (text.replace("class = \"measured\"", "class = \"sure\""), "unknown variant `sure`"),
        (text.replace("max = \"1 h\"", "max = 1"), "`1` has no unit; expected a duration"),
        (
            text.replace("sigma = 1.18", "sigma = -1"),
            "`dialogue.human_gap` is out of range; `sigma`",
        ),
        (text.replace("[0, 2]", "[0.5, 2]"), "`dialogue.prompt` is out of range; quantiles ascend"),
        (text.replace("source = \"AZ: ContextTokens, mean 1,155\"", "source = \"\""), "`source`"),
        (many, "bad.toml: `dialogue.turns` is out of range; give a `max` below a million"),
        ("name = \"x\"\ndescription = \"y\"".into(), "either an `[agent]` or a `[dialogue]`"),
    ];
    for (text, expected) in cases {
        let message = Synthetic::parse("bad.toml", &text).unwrap_err().to_string();
        assert!(message.starts_with("bad.toml") && message.contains(expected), "{message}");
    }
}

#[test]
fn names_and_windows() {
    let message = Synthetic::embedded("agentic-codin").unwrap_err().to_string();
    assert!(message.contains("did you mean `agentic-coding`?"), "{message}");
    assert!(message.ends_with("agentic-knowledge, reasoning, chat, long-documents"));
    let tasks = Synthetic::embedded("agentic-coding").unwrap().tasks(1, 64, 32_768);
    let message = tasks.unwrap_err().to_string();
    assert!(message.contains("needs a context window of at least 37500 tokens"), "{message}");
}
