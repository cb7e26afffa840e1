//! Replicas that serve one request at a time, against queueing theory.

use memwall::cluster::{Load, Policy, Routing, RunPlan, RunResult, at_rate, simulate};
use memwall::cost::{Batch, Bound, Breakdown, Demand, Pricer};
use memwall::des::Streams;
use memwall::serving::{Admission, Batching, Engine, Limits, Replica, Rules};
use memwall::units::{PerSec, Seconds, SimSpan};
use memwall::workload::Task;

use super::fleet::{Case, plain, run};
use super::oracle::Ticks;

/// Every step takes the same time.
#[derive(Clone, Copy)]
pub(crate) struct Fixed(pub(crate) Seconds);

impl Pricer for Fixed {
    fn price(&self, _: &Batch) -> Breakdown {
        Breakdown::of(Bound::Compute, self.0)
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

fn run_single_server(load: f64, requests: usize) -> RunResult {
    let limits = Limits {
        max_batched_tokens: 64,
        max_seqs: 1,
        page_tokens: 16,
        state_pages: 0,
        groups: 1,
        admission: Admission::PromptFits,
        batching: Batching::Mixed,
        rules: Rules::default(),
    };
    let service = Seconds::new(0.01);
    let replica = Replica::new(Fixed(service), limits, 100, None);
    let tasks = std::iter::repeat_with(|| Task::of_call(10, 1)).take(requests);
    let tasks = at_rate(tasks, PerSec::new(load / service.get()), Streams::new(11));
    let plan = RunPlan::whole(Load::Arrivals);
    simulate(replica, tasks, plan, &mut |_| {})
}

#[test]
fn an_m_d_1_queue_waits_as_pollaczek_and_khinchine_say() {
    for load in [0.3, 0.6, 0.8] {
        let result = run_single_server(load, 300_000);
        let n = result.outcomes.len() as f64;
        let mean: f64 = result.outcomes.iter().map(|o| o.e2e().seconds().get()).sum::<f64>() / n;
        let expected = 0.01 * (1.0 + load / (2.0 * (1.0 - load)));
        assert!((mean / expected - 1.0).abs() < 0.03, "load {load}: {mean} against {expected}");
    }
}

#[test]
fn little_s_law_holds() {
    let result = run_single_server(0.7, 100_000);
    let n = result.outcomes.len() as f64;
    let window = result.window.seconds().get();
    let mean_time: f64 = result.outcomes.iter().map(|o| o.e2e().seconds().get()).sum::<f64>() / n;
    // Time-averaged number in the system, from the arrivals and departures themselves.
    let mut changes: Vec<(u64, i64)> = Vec::new();
    for outcome in &result.outcomes {
        changes.push((outcome.arrival.since_start().as_ps(), 1));
        changes.push((outcome.end.since_start().as_ps(), -1));
    }
    changes.sort_unstable();
    let (mut area, mut inside, mut last) = (0.0, 0i64, 0u64);
    for (at, change) in changes {
        area += inside as f64 * (at - last) as f64 / 1e12;
        inside += change;
        last = at;
    }
    let (in_system, arrivals) = (area / window, n / window);
    assert!((in_system / (arrivals * mean_time) - 1.0).abs() < 1e-6);
}

/// The mean wait of M/D/c in units of the service time (Crommelin, 1932).
fn crommelin(servers: u32, load: f64) -> f64 {
    let term = |i: u32| {
        let mean = f64::from(i * servers) * load;
        let first = i * servers;
        let chance = |j: u32| {
            let j = f64::from(j);
            libm::exp(-mean + j * libm::log(mean) - libm::lgamma(j + 1.0))
        };
        let tail: f64 = (first..first + 400).map(chance).sum();
        tail - (tail - chance(first)) / load
    };
    (1..400).map(term).sum()
}

/// Where service takes equally long, one after another is as good as one queue before all.
#[test]
fn waiting_is_that_of_one_queue_before_many_servers() {
    let load = 0.8;
    let mut stream = Streams::new(5).named("test", 0);
    let mut start = SimSpan::ZERO;
    let tasks: Vec<_> = (0..400_000)
        .map(|_| {
            start += SimSpan::from_seconds(Seconds::new(stream.exponential(10e-3 / 4.0 / load)));
            Task { start, ..Task::of_call(8, 10) }
        })
        .collect();
    for policy in [Policy::RoundRobin, Policy::LeastLoaded] {
        let routing = Routing { policy, ..Routing::default() };
        let mut case = Case { routings: [routing; 2], ..plain(4, 0) };
        case.limits.max_seqs = 1;
        let e2e_ms = run(Ticks, &case, &tasks, Engine::Macro).e2e().unwrap().mean;
        let (wait, expected) = (e2e_ms / 10.0 - 1.0, crommelin(4, load));
        assert!((wait / expected - 1.0).abs() < 0.04, "{policy}: {wait} for {expected}");
    }
}
