//! One replica on the common speed workload: Poisson 4/s, prompts 1,000–2,000, outputs 200–250.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use memwall::cluster::{Load, RunPlan, RunResult, at_rate, simulate};
use memwall::cost::{Batch, Bound, Breakdown, Demand, Pricer};
use memwall::des::Streams;
use memwall::serving::{Admission, Limits, Replica};
use memwall::units::{PerSec, Seconds, SimSpan};
use memwall::workload::{Call, Cause, Chain, Task};

/// A 70B-class model on four H100, as three numbers, so that the engine alone is measured.
struct Affine;

impl Pricer for Affine {
    fn price(&self, batch: &Batch) -> Breakdown {
        let mut parts = Breakdown::of(Bound::Latency, Seconds::new(12e-3));
        parts[Bound::Compute] = 40e-6 * f64::from(batch.tokens());
        parts[Bound::HbmBandwidth] = 25e-9 * (batch.decode.context + batch.prefill.pairs) as f64;
        parts
    }
    fn clips(&self) -> &[u32] {
        &[]
    }
    fn dispatch(&self) -> Seconds {
        Seconds::ZERO
    }
    fn demand(&self, _: &Batch) -> Demand {
        Demand::default()
    }
}

const REQUESTS: usize = 2000;

fn tasks() -> impl Iterator<Item = Task> {
    let mut lengths = Streams::new(42).named("lengths", 0);
    std::iter::repeat_with(move || {
        let call = Call {
            prompt: lengths.integer(1000, 2000) as u32,
            output: lengths.integer(200, 250) as u32,
            cause: Cause::User,
            gap: SimSpan::ZERO,
            at: None,
            content: Vec::new(),
            spawns: Vec::new(),
            waits_for: Vec::new(),
        };
        let chains = vec![Chain { calls: vec![call] }];
        Task { label: String::new(), start: SimSpan::ZERO, chains }
    })
    .take(REQUESTS)
}

fn run() -> RunResult {
    let limits = Limits {
        max_batched_tokens: 2048,
        max_seqs: 256,
        page_tokens: 16,
        state_pages: 0,
        groups: 1,
        admission: Admission::PromptFits,
    };
    let replica = Replica::new(Affine, limits, 50_000, None);
    let tasks = at_rate(tasks(), PerSec::new(4.0), Streams::new(42));
    let plan =
        RunPlan { load: Load::Arrivals, warmup: SimSpan::ZERO, horizon: None, requests: None };
    simulate(replica, tasks, plan, &mut |_| {})
}

fn replica(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("replica, common workload");
    group.throughput(Throughput::Elements(REQUESTS as u64)).sample_size(10);
    group.bench_function("requests", |bencher| bencher.iter(|| black_box(run())));
    group.finish();
}

criterion_group!(benches, replica);
criterion_main!(benches);
