//! One replica, engine alone: the common speed workload, and a saturated replica.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use memwall::cluster::{Load, RunPlan, RunResult, at_rate, simulate};
use memwall::cost::{Batch, Bound, Breakdown, CLIPS, Cost, Decode, Demand, Pricer, Series};
use memwall::des::Streams;
use memwall::serving::{Engine, Limits, Replica};
use memwall::units::{Bytes, Flop, PerSec, Seconds};
use memwall::workload::Task;

/// A 70B-class model on four H100, as three numbers, so that the engine alone is measured.
#[derive(Clone, Copy)]
struct Affine;

/// Seconds per token of a decode's context.
const CONTEXT: f64 = 25e-9;

impl Pricer for Affine {
    fn price(&self, batch: &Batch) -> Breakdown {
        let mut parts = Breakdown::of(Bound::Latency, Seconds::new(12e-3));
        parts[Bound::Compute] = 40e-6 * f64::from(batch.tokens());
        parts[Bound::HbmBandwidth] = CONTEXT * (batch.decode.context + batch.prefill.pairs) as f64;
        parts
    }
    fn clips(&self) -> &[u32] {
        &[]
    }
    fn dispatch(&self) -> Seconds {
        Seconds::ZERO
    }
    fn demand(&self, _: &Batch) -> Demand {
        Demand { flop: Flop::new(1e12), traffic: Bytes::new(1e9) }
    }
    fn decode_series(&self, decode: &Decode, _: &[u32; CLIPS]) -> Series {
        let slope = Breakdown::of(Bound::HbmBandwidth, Seconds::new(CONTEXT));
        let slope = Cost::new(slope, Demand::default());
        let floor = Decode { context: 0, ..*decode };
        let floor = self.cost(&Batch { decode: floor, ..Batch::default() });
        let first = floor + slope * decode.context;
        Series::new(first, slope * u64::from(decode.sequences), u64::MAX)
    }
}

/// A workload of single calls.
#[derive(Clone, Copy)]
struct Work {
    name: &'static str,
    requests: usize,
    /// Requests per second.
    rate: f64,
    prompts: (u64, u64),
    outputs: (u64, u64),
}

const COMMON: Work = Work {
    name: "common",
    requests: 20_000,
    rate: 4.0,
    prompts: (1000, 2000),
    outputs: (200, 250),
};

/// Twice what 256 sequences can be served at.
const SATURATED: Work = Work {
    name: "saturated",
    requests: 5000,
    rate: 20.0,
    prompts: (100, 200),
    outputs: (800, 1200),
};

fn tasks(work: Work) -> impl Iterator<Item = Task> {
    let mut lengths = Streams::new(42).named("lengths", 0);
    std::iter::repeat_with(move || {
        let prompt = lengths.integer(work.prompts.0, work.prompts.1) as u32;
        Task::of_call(prompt, lengths.integer(work.outputs.0, work.outputs.1) as u32)
    })
    .take(work.requests)
}

fn run(work: Work, engine: Engine) -> RunResult {
    let limits = Limits {
        max_batched_tokens: 2048,
        max_seqs: 256,
        page_tokens: 16,
        state_pages: 0,
        ..Limits::default()
    };
    let replica = Replica::new(Affine, limits, 50_000, None).with_engine(engine);
    let tasks = at_rate(tasks(work), PerSec::new(work.rate), Streams::new(42));
    let plan = RunPlan::whole(Load::Arrivals);
    simulate(replica, tasks, plan, &mut |_| {})
}

fn replica(criterion: &mut Criterion) {
    for work in [COMMON, SATURATED] {
        let mut group = criterion.benchmark_group(format!("replica, {}", work.name));
        group.throughput(Throughput::Elements(work.requests as u64)).sample_size(10);
        for (name, engine) in [("macro", Engine::Macro), ("stepwise", Engine::Stepwise)] {
            group.bench_function(name, |bencher| bencher.iter(|| black_box(run(work, engine))));
        }
        group.finish();
    }
}

criterion_group!(benches, replica);
criterion_main!(benches);
