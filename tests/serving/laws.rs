//! Laws that every run obeys: conservation, causality, determinism.

use memwall::cluster::{Load, PerUser, RunPlan, RunResult, simulate};
use memwall::cost::{Batch, Bound, Breakdown, Demand, Pricer};
use memwall::serving::{Admission, Batching, Extent, Limits, Replica, Rules};
use memwall::units::{Bytes, Flop, Seconds, SimSpan};
use memwall::workload::{Call, Cause, Chain, Task};
use proptest::prelude::*;

/// A small machine: a floor, a price per token and per token of context.
#[derive(Clone, Copy)]
pub(crate) struct Affine {
    pub(crate) speed: f64,
}

impl Pricer for Affine {
    fn price(&self, batch: &Batch) -> Breakdown {
        let mut parts = Breakdown::of(Bound::Latency, Seconds::new(1e-4));
        parts[Bound::Compute] = 1e-5 * f64::from(batch.tokens());
        let context = batch.decode.context + batch.prefill.context;
        parts[Bound::HbmBandwidth] = 1e-7 * context as f64 / self.speed;
        parts
    }
    fn clips(&self) -> &[u32] {
        &[]
    }
    fn dispatch(&self) -> Seconds {
        Seconds::ZERO
    }
    fn demand(&self, batch: &Batch) -> Demand {
        let tokens = f64::from(batch.tokens());
        Demand { flop: Flop::new(tokens), traffic: Bytes::new(tokens) }
    }
}

const PAGE: u32 = 16;

/// A session whose context grows by `steps` of (new prompt tokens, output, gap in ms), perhaps
/// with a sub-agent after its first call that the last call waits for.
fn session(index: u64, steps: &[(u32, u32, u64)], has_agent: bool) -> Task {
    let mut prompt = 40;
    let mut calls = Vec::new();
    for &(new, output, gap) in steps {
        prompt += new;
        let own = (prompt + output) / PAGE;
        let content = vec![
            Extent { first: 0, pages: own.min(2) },
            Extent { first: 10_000 * (index + 1), pages: own.saturating_sub(2) },
        ];
        let gap = SimSpan::from_ms(gap);
        let (spawns, waits_for) = (Vec::new(), Vec::new());
        let at = None;
        calls.push(Call {
            prompt,
            output,
            cause: Cause::Tool,
            gap,
            at,
            content,
            spawns,
            waits_for,
            after: Vec::new(),
            model: 0,
        });
        prompt += output;
    }
    let mut chains = vec![Chain { calls }];
    if has_agent && steps.len() > 1 {
        chains[0].calls[0].spawns.push(1);
        chains[0].calls.last_mut().expect("steps are given").waits_for.push(1);
        chains.push(Task::of_call(50, 5).chains.remove(0));
    }
    Task { label: index.to_string(), start: SimSpan::from_ms(3 * index), chains }
}

fn run(tasks: Vec<Task>, pages: u64, load: Load, speed: f64, max_seqs: u32) -> RunResult {
    let limits = Limits {
        max_batched_tokens: 64,
        max_seqs,
        page_tokens: PAGE,
        state_pages: 0,
        groups: 1,
        admission: Admission::PromptFits,
        batching: Batching::Mixed,
        rules: Rules::default(),
    };
    let replica = Replica::new(Affine { speed }, limits, pages, Some(SimSpan::from_ms(500)));
    let plan = RunPlan::whole(load);
    simulate(replica, tasks.into_iter(), plan, &mut |_| {})
}

pub(super) fn tasks() -> impl Strategy<Value = Vec<Task>> {
    let step = (1..60u32, 1..30u32, 0..40u64);
    let session_parts = (prop::collection::vec(step, 1..6), any::<bool>());
    prop::collection::vec(session_parts, 1..12).prop_map(|sessions| {
        let numbered = sessions.iter().enumerate();
        numbered.map(|(i, (steps, agent))| session(i as u64, steps, *agent)).collect()
    })
}

pub(super) fn load() -> impl Strategy<Value = Load> {
    let closed = (1..9u32).prop_map(|concurrency| Load::Closed { concurrency });
    let shared = (1..4u32, 1..4u32).prop_map(|(users, most)| {
        Load::PerUser(PerUser { users, most, skew_milli: 1000, seed: 1 })
    });
    prop_oneof![closed, Just(Load::Arrivals), Just(Load::Timestamps), shared]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_is_lost_and_causes_come_first(
        tasks in tasks(),
        pages in 12..120u64,
        load in load(),
        max_seqs in 1..9u32,
    ) {
        let (calls, count) = (tasks.iter().flat_map(Task::calls).count(), tasks.len());
        let result = run(tasks, pages, load, 1.0, max_seqs);
        let requests = result.requests;
        prop_assert_eq!(requests.submitted, requests.completed + requests.rejected);
        prop_assert_eq!(requests.in_flight, 0);
        prop_assert_eq!(result.tasks.started as usize, count);
        prop_assert_eq!(result.tasks.in_flight, 0);
        if requests.rejected == 0 {
            prop_assert_eq!(requests.completed as usize, calls);
        }
        let output: u64 = result.outcomes.iter().map(|o| u64::from(o.output)).sum();
        let prompt: u64 = result.outcomes.iter().map(|o| u64::from(o.prompt)).sum();
        let tokens = result.meter.tokens;
        prop_assert_eq!((output, prompt), (tokens.output, tokens.prompt));
        // Every prompt token is cached or prefilled; what is prefilled beyond was lost before. A
        // preempted sequence may come back to pages that others have computed meanwhile.
        if result.meter.preempted == 0 {
            prop_assert!(tokens.cached + tokens.prefilled >= tokens.prompt);
        }
        // A sequence that was preempted computes its newest token in a chunk, not as a decode.
        let twice = tokens.recomputed + result.meter.preempted;
        prop_assert!(tokens.cached + tokens.prefilled <= tokens.prompt + twice);
        for outcome in &result.outcomes {
            prop_assert!(outcome.arrival < outcome.first_token);
            prop_assert!(outcome.first_token <= outcome.end);
            prop_assert!(outcome.cached < outcome.prompt);
        }
        prop_assert_eq!(result.meter.itl.count(), output - requests.completed);
        let busy = result.meter.busy().total().get();
        prop_assert!(busy <= result.window.seconds().get() + 1e-9);
    }

    #[test]
    fn equal_runs_are_equal(tasks in tasks(), pages in 12..60u64, load in load()) {
        let first = run(tasks.clone(), pages, load, 1.0, 4);
        let second = run(tasks, pages, load, 1.0, 4);
        prop_assert_eq!(first.outcomes, second.outcomes);
        prop_assert_eq!(first.events, second.events);
    }

    /// Only one request at a time: whole schedules can have Graham's anomalies.
    #[test]
    fn more_bandwidth_is_never_slower(tasks in tasks(), pages in 12..120u64) {
        let load = Load::Closed { concurrency: 1 };
        let tasks: Vec<_> =
            tasks.into_iter().filter(|task| task.chains.len() == 1).collect();
        let slow = run(tasks.clone(), pages, load, 1.0, 1);
        let fast = run(tasks, pages, load, 1.5, 1);
        prop_assert!(fast.window <= slow.window);
    }

    #[test]
    fn a_larger_cache_never_recomputes_more_alone(tasks in tasks(), pages in 30..60u64) {
        let load = Load::Closed { concurrency: 1 };
        let small = run(tasks.clone(), pages, load, 1.0, 1);
        let large = run(tasks, pages * 100, load, 1.0, 1);
        prop_assert_eq!(large.meter.tokens.recomputed, 0);
        prop_assert!(large.meter.tokens.cached >= small.meter.tokens.cached);
    }
}
