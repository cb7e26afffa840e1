//! Traces: reading them, and looking their pages up.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use memwall::serving::kv::KvCache;
use memwall::units::{SimSpan, SimTime};
use memwall::workload::{StreamedTasks, Task, TraceBuilder, TraceStream};

/// Recorded Claude Code sessions: file names and texts.
fn sessions() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces/claude-code");
    let entries = fs::read_dir(folder).expect("the sessions are there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("is readable").path()).collect();
    files.sort();
    let unpacked = |path: &PathBuf| {
        let packed = BufReader::new(File::open(path).expect("is readable"));
        let mut text = Vec::new();
        let mut decoder = flate2::bufread::MultiGzDecoder::new(packed);
        decoder.read_to_end(&mut text).expect("is sound");
        (path.display().to_string(), text)
    };
    files.iter().map(unpacked).collect()
}

/// Requests of the common workload as Mooncake JSONL.
fn lines(count: u64) -> String {
    let line = |i: u64| {
        let (ms, prompt, output) = (i * 250, 1000 + i * 7919 % 1001, 200 + i * 31 % 51);
        format!(
            "{{\"timestamp\": {ms}.125, \"input_length\": {prompt}, \"output_length\": {output}, \
             \"hash_ids\": [{}]}}\n",
            (0..prompt.div_ceil(512))
                .map(|k| (i * 4 + k).to_string())
                .collect::<Vec<_>>()
                .join(", ")
        )
    };
    (0..count).map(line).collect()
}

fn read(files: &[(String, Vec<u8>)]) -> Vec<Task> {
    let mut builder = TraceBuilder::default();
    for (name, text) in files {
        builder.add(name, text.as_slice()).expect("the sessions are sound");
    }
    let trace = builder.finish().expect("there are sessions");
    trace.tasks(SimSpan::from_ms(60_000)).expect("they lie close together")
}

fn stream(text: &str) -> usize {
    let mut stream = TraceStream::open("t", text.as_bytes()).expect("is sound").expect("has lines");
    let batches = std::iter::from_fn(move || stream.next_batch().transpose());
    StreamedTasks::new(batches, u32::MAX).count()
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reading");
    let text = lines(20_000);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("Mooncake JSONL, streamed", |b| b.iter(|| stream(black_box(&text))));
    let files = sessions();
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("sessions", |b| b.iter(|| read(black_box(&files))));
    group.finish();
}

/// Sends every call of every session through a cache of `capacity` pages; the pages looked up.
fn replay(tasks: &[Task], capacity: u64) -> u64 {
    let mut cache = KvCache::new(capacity, None);
    let mut looked_up = 0;
    for call in tasks.iter().flat_map(Task::calls) {
        let pages: u32 = call.content.iter().map(|run| run.pages).sum();
        let mut lease = cache.acquire(SimTime::ZERO, &call.content, pages);
        looked_up += u64::from(pages);
        let missing = pages - lease.pages();
        if cache.grow(&mut lease, missing) {
            cache.publish(SimTime::ZERO, &mut lease, &call.content, pages);
        }
        cache.release(SimTime::ZERO, lease);
    }
    looked_up
}

fn pages(criterion: &mut Criterion) {
    let tasks = read(&sessions());
    let mut group = criterion.benchmark_group("pages of sessions, looked up and published");
    for (name, capacity) in [("all fit", u64::MAX / 2), ("evicting", 20_000)] {
        group.throughput(Throughput::Elements(replay(&tasks, capacity)));
        group.bench_function(name, |b| b.iter(|| replay(black_box(&tasks), capacity)));
    }
    group.finish();
}

criterion_group!(benches, reading, pages);
criterion_main!(benches);
