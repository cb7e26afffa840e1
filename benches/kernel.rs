//! The event queue alone: pop one, push one.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use memwall::des::{EventQueue, Phased, Streams};
use memwall::units::{Seconds, SimSpan, SimTime};

struct Plain;

impl Phased for Plain {
    fn phase(&self) -> u8 {
        0
    }
}

const HOLDS: u64 = 10_000;

fn hold(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("event queue, hold");
    group.throughput(Throughput::Elements(HOLDS));
    for pending in [64u64, 4096] {
        group.bench_function(BenchmarkId::from_parameter(pending), |bencher| {
            bencher.iter(|| black_box(run_holds(pending)));
        });
    }
    group.finish();
}

fn run_holds(pending: u64) -> SimTime {
    let mut gaps = Streams::new(1).named("gaps", 0);
    let mut gap = || SimSpan::from_seconds(Seconds::new(gaps.exponential(1.0)));
    let mut queue = EventQueue::new();
    for _ in 0..pending {
        queue.schedule(SimTime::after_start(gap()), Plain);
    }
    for _ in 0..HOLDS {
        let (now, event) = queue.pop().expect("one is pushed for each popped");
        queue.schedule(now + gap(), event);
    }
    queue.now()
}

criterion_group!(benches, hold);
criterion_main!(benches);
