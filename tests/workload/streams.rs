//! Traces replayed while they are read: the same tasks and the same complaints as of whole ones.

use std::borrow::Borrow;
use std::fs::File;
use std::io::{BufReader, Read};

use memwall::units::SimSpan;
use memwall::workload::{
    Lent, StreamEnd, StreamedTasks, Tally, Task, TraceBuilder, TraceKind, TraceStream,
};

fn data(name: &str) -> String {
    format!("{}/tests/data/traces/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The tasks of a text read as a whole; they say where they are from, which streams do not.
fn whole(text: &str) -> Result<Vec<Task>, String> {
    let mut builder = TraceBuilder::default();
    builder.add("t", text.as_bytes()).map_err(|error| error.to_string())?;
    let tasks = builder.finish().unwrap().tasks(SimSpan::ZERO).unwrap();
    Ok(tasks.into_iter().map(|task| Task { label: String::new(), ..task }).collect())
}

/// The tasks of a text replayed while it is read, for a window of 2,000 tokens; none if it has
/// conversations.
fn streamed(text: &str) -> Result<Option<(Vec<Task>, Tally)>, String> {
    let opened = TraceStream::open("t", text.as_bytes()).map_err(|error| error.to_string())?;
    let Some(mut stream) = opened else { return Ok(None) };
    let batches = std::iter::from_fn(move || stream.next_batch().transpose());
    let mut tasks = StreamedTasks::new(batches, 2000);
    let own = |task: Lent| Borrow::<Task>::borrow(&task).clone();
    let all: Vec<Task> = tasks.by_ref().map(own).collect();
    match tasks.finish() {
        Ok(tally) => Ok(Some((all, tally))),
        Err(StreamEnd::Conversations) => Ok(None),
        Err(StreamEnd::Broken(error)) => Err(error.to_string()),
    }
}

fn lines(lines: &[&str]) -> String {
    lines.join("\n") + "\n"
}

const PLAIN: &str =
    r#"{"timestamp": 7, "input_length": 1100, "output_length": 9, "hash_ids": [4, 5, 6]}"#;

#[test]
fn recorded_traces_are_the_same_streamed() {
    let packed = BufReader::new(File::open(data("mooncake_conversation.jsonl.gz")).unwrap());
    let mut mooncake = String::new();
    flate2::bufread::MultiGzDecoder::new(packed).read_to_string(&mut mooncake).unwrap();
    let azure = std::fs::read_to_string(data("azure_conv_head.csv")).unwrap();
    for (text, kind) in [(mooncake, TraceKind::Mooncake), (azure, TraceKind::Azure)] {
        let stream = TraceStream::open("t", text.as_bytes()).unwrap().unwrap();
        assert_eq!(stream.kind(), kind);
        let whole = whole(&text).unwrap();
        let (tasks, tally) = streamed(&text).unwrap().unwrap();
        assert_eq!(tally.requests, whole.len() as u64);
        let long = whole.iter().flat_map(Task::calls).filter(|c| c.prompt + c.output > 2000);
        assert_eq!(tally.beyond_window, long.count() as u64);
        assert!(tasks == whole, "{kind}");
    }
}

#[test]
fn unusual_lines_are_the_same_streamed() {
    let text = lines(&[
        "\u{feff}{\"input_length\":513,\"timestamp\":1.5,\"output_length\":0,\"hash_ids\":[9,3]}",
        "",
        r#"  {"timestamp": 2, "input_length": 1e2, "output_length": 3, "other": {"a": [1]}}"#,
        PLAIN,
        r#"{"timestamp": 7.25, "input_length": 2600, "output_length": 9,"hash_ids":[4,5,7,8,1,2]}"#,
        r#"{"input_length": 5, "output_length": 1, "delay": 3}"#,
    ]);
    let (tasks, tally) = streamed(&text).unwrap().unwrap();
    assert_eq!(tasks, whole(&text).unwrap());
    assert_eq!(tally, Tally { requests: 5, beyond_window: 1, without_output: 1 });
}

#[test]
fn complaints_are_the_same_streamed() {
    for broken in [
        r#"{"timestamp": 6.9, "input_length": 5, "output_length": 1}"#,
        r#"{"timestamp": 8, "input_length": 0, "output_length": 1}"#,
        r#"{"timestamp": 8, "input_length": 5, "output_length": 1.5}"#,
        r#"{"timestamp": 8, "input_length": 5, "output_length": 1, "hash_ids": [1, 2]}"#,
        r#"{"timestamp": 8, "input_length": 5, "output_length": 1, "hash_ids": [-1]}"#,
        r#"{"timestamp": -8, "input_length": 5, "output_length": 1}"#,
        r#"{"timestamp": 9e99, "input_length": 5, "output_length": 1}"#,
        r#"{"input_length": 5, "output_length": 1}"#,
        r#"{"timestamp": 8, "input_length": 5, "output_length": 1"#,
    ] {
        let text = lines(&[PLAIN, broken, PLAIN]);
        let complaint = streamed(&text).unwrap_err();
        assert!(complaint.starts_with("t, line 2: "), "{complaint}");
        assert_eq!(complaint, whole(&text).unwrap_err());
    }
    for text in ["", "\n\n", "TIMESTAMP,ContextTokens,GeneratedTokens\n", "x"] {
        assert_eq!(streamed(text).unwrap_err(), whole(text).unwrap_err());
    }
}

#[test]
fn conversations_are_left_to_be_read_as_a_whole() {
    let turn = r#"{"timestamp": 8, "input_length": 5, "output_length": 1, "session_id": 3}"#;
    assert_eq!(streamed(&lines(&[PLAIN, turn])).unwrap(), None);
    let late = lines(&[vec![PLAIN; 3000].as_slice(), &[turn]].concat());
    assert_eq!(streamed(&late).unwrap(), None);
}
