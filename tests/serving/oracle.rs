//! The engine that goes from change to change against the one that goes step by step: equal runs,
//! event for event and number for number.

use std::cell::Cell;

use memwall::cluster::{Classes, RunPlan, RunResult, simulate};
use memwall::cost::{
    Batch, Bound, Breakdown, CLIPS, Cost, Decode, Demand, Pricer, Series, StepProgram, TimeModel,
};
use memwall::serving::{
    Admission, Batching, Engine, Limits, PrefillDelay, Replica, Rules, Scheduling,
};
use memwall::units::{Seconds, SimSpan};
use memwall::workload::Task;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::laws::{load, tasks};
use crate::pipeline::divided;

/// Random cases.
const CASES: u32 = 6000;

/// Models of every kind of attention, on chips and plans of all sorts.
const PROGRAMS: [(&str, &str, &str, TimeModel); 14] = [
    ("llama-3.1-70b", "h100-sxm", "tp4", TimeModel::Calibrated),
    ("llama-3.1-8b", "gb300", "tp1", TimeModel::Roofline),
    ("gpt-oss-20b", "h200-sxm", "tp1", TimeModel::Calibrated),
    ("gpt-oss-120b", "b200-sxm", "tp2", TimeModel::Roofline),
    ("deepseek-r1", "gb200", "tp1-ep8-dp8", TimeModel::Calibrated),
    ("deepseek-v3.2", "b200-sxm", "tp8", TimeModel::Calibrated),
    ("deepseek-v4-flash", "gb300", "tp4", TimeModel::Calibrated),
    ("qwen3-next-80b", "h100-sxm", "tp4", TimeModel::Calibrated),
    ("nemotron-3-nano", "rubin", "tp1", TimeModel::Calibrated),
    ("llama-3.1-8b", "h100-sxm", "tp1-pp4", TimeModel::Calibrated),
    ("deepseek-r1", "gb200", "tp1-pp2-ep8-dp8", TimeModel::Roofline),
    ("llama-3.1-70b", "h100-sxm", "tp4-cp4", TimeModel::Calibrated),
    ("gpt-oss-20b", "h200-sxm", "tp1-cp2", TimeModel::Roofline),
    ("deepseek-r1", "gb200", "tp2-ep8-cp4", TimeModel::Calibrated),
];

pub(super) fn program(of: (&str, &str, &str, TimeModel)) -> StepProgram {
    divided(of, 40)
}

/// Every step takes a millisecond, so that arrivals and ends of steps coincide; and clips.
#[derive(Clone, Copy)]
pub(super) struct Ticks;

impl Pricer for Ticks {
    fn price(&self, _: &Batch) -> Breakdown {
        Breakdown::of(Bound::Host, Seconds::new(1e-3))
    }
    fn clips(&self) -> &[u32] {
        &[3, 45, 60, 61]
    }
    fn dispatch(&self) -> Seconds {
        Seconds::ZERO
    }
    fn demand(&self, _: &Batch) -> Demand {
        Demand::default()
    }
    fn decode_series(&self, decode: &Decode, _: &[u32; CLIPS]) -> Series {
        let batch = Batch { decode: *decode, ..Batch::default() };
        Series::new(self.cost(&batch), Cost::default(), 7)
    }
}

/// What one case varies besides the tasks.
#[derive(Clone, Debug)]
pub(super) struct Case {
    program: usize,
    pub(super) limits: Limits,
    /// Room for this many tokens.
    pub(super) tokens: u32,
    pub(super) ttl: Option<SimSpan>,
    pub(super) plan: RunPlan,
    /// Lengths are multiplied by this.
    pub(super) stretch: u32,
}

/// What schedulers do if they are told to, and requests that are not alike.
pub(super) fn scheduling() -> impl Strategy<Value = (Rules, Classes)> {
    let classes = (0..3u32, any::<bool>()).prop_map(|(thirds, sub_agents)| Classes {
        background_ppm: thirds * 333_333,
        sub_agents,
        seed: 1,
    });
    let delay = (1..40u32, 0..3u32)
        .prop_map(|(steps, halves)| PrefillDelay { steps, fill_ppm: halves * 500_000 });
    let (delay, chunk) =
        (prop::option::weighted(0.3, delay), prop::option::weighted(0.2, 1..60u32));
    let scheduling = [Scheduling::Fcfs, Scheduling::Priority, Scheduling::Preemptive];
    let rules = (prop::sample::select(scheduling.to_vec()), delay, chunk);
    (rules, classes).prop_map(|((scheduling, delay, longest_chunk), classes)| {
        (Rules { scheduling, delay, longest_chunk }, classes)
    })
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    let limits = (1..80u32, 1..12u32, prop::sample::select(vec![1u32, 3, 16, 64]), 0..2u32);
    let kv = (100..900u32, prop::option::of(1..600u64));
    let rules = (any::<bool>(), any::<bool>(), scheduling());
    let window = (0..60u64, prop::option::of(50..900u64), prop::option::of(1..20u64));
    let stretch = prop::sample::select(vec![1u32, 1, 1, 9, 40]);
    (0..=PROGRAMS.len(), limits, kv, rules, load(), window, stretch).prop_map(
        |(
            program,
            limits,
            (tokens, ttl),
            (fits, mixed, (rules, classes)),
            load,
            (warmup, horizon, requests),
            stretch,
        )| {
            let (max_batched_tokens, max_seqs, page_tokens, state_pages) = limits;
            let admission = if fits { Admission::PromptFits } else { Admission::AnswerFits };
            // Warm-ups begin at once in every other case.
            let warmup = SimSpan::from_ms(if warmup % 2 == 0 { 0 } else { warmup });
            Case {
                program,
                limits: Limits {
                    max_batched_tokens: max_batched_tokens * stretch,
                    max_seqs,
                    admission,
                    batching: if mixed { Batching::Mixed } else { Batching::PrefillFirst },
                    rules,
                    groups: 1,
                    page_tokens,
                    state_pages,
                },
                tokens: tokens * stretch,
                ttl: ttl.map(SimSpan::from_ms),
                plan: RunPlan {
                    load,
                    warmup,
                    horizon: horizon.map(SimSpan::from_ms),
                    requests,
                    classes,
                },
                stretch,
            }
        },
    )
}

/// The tasks with longer calls; contents are pages of whatever size.
pub(super) fn stretched(mut tasks: Vec<Task>, by: u32) -> Vec<Task> {
    for call in tasks.iter_mut().flat_map(|task| &mut task.chains).flat_map(|c| &mut c.calls) {
        call.prompt *= by;
        call.output *= by;
        call.content.iter_mut().for_each(|extent| extent.pages *= by);
    }
    tasks
}

fn run<P: Pricer>(pricer: P, case: &Case, tasks: &[Task], engine: Engine) -> RunResult {
    let pages = u64::from(case.tokens.div_ceil(case.limits.page_tokens));
    let replica = Replica::new(pricer, case.limits, pages, case.ttl).with_engine(engine);
    simulate(replica, tasks.iter(), case.plan, &mut |_| {})
}

pub(crate) fn assert_equal(fast: &RunResult, slow: &RunResult) -> Result<(), TestCaseError> {
    prop_assert_eq!(&fast.outcomes, &slow.outcomes);
    prop_assert_eq!(&fast.task_spans, &slow.task_spans);
    prop_assert_eq!((fast.requests, fast.tasks), (slow.requests, slow.tasks));
    prop_assert_eq!((fast.events, fast.window), (slow.events, slow.window));
    prop_assert_eq!(fast.evicted_pages, slow.evicted_pages);
    let (a, b) = (&fast.meter, &slow.meter);
    prop_assert_eq!((a.steps, a.preempted), (b.steps, b.preempted));
    prop_assert_eq!(a.tokens, b.tokens);
    prop_assert_eq!(a.peak_held_pages, b.peak_held_pages);
    prop_assert_eq!((a.busy(), a.decode(), a.work()), (b.busy(), b.decode(), b.work()));
    prop_assert_eq!((a.itl.sorted(), a.itl.mean()), (b.itl.sorted(), b.itl.mean()));
    Ok(())
}

/// In how many random cases each of several signs was seen: cases are of use only if they go where
/// engines differ.
pub(super) struct Seen<const SIGNS: usize>(Cell<[u32; SIGNS]>);

impl<const SIGNS: usize> Default for Seen<SIGNS> {
    fn default() -> Self {
        Self(Cell::new([0; SIGNS]))
    }
}

impl<const SIGNS: usize> Seen<SIGNS> {
    /// Counts the signs of one case.
    pub(super) fn note(&self, signs: [bool; SIGNS]) {
        let mut counts = self.0.get();
        counts.iter_mut().zip(signs).for_each(|(count, sign)| *count += u32::from(sign));
        self.0.set(counts);
    }

    /// Fails unless each was seen in more than `least` cases.
    pub(super) fn each_more_often_than(&self, least: u32) {
        let counts = self.0.get();
        assert!(counts.iter().all(|&count| count > least), "{counts:?}");
    }
}

#[test]
fn engines_are_equal_event_for_event() {
    let programs: Vec<_> = PROGRAMS.into_iter().map(program).collect();
    let seen = Seen::<4>::default();
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        max_shrink_iters: 2000,
        ..Config::with_cases(CASES)
    });
    let outcome = runner.run(&(case(), tasks()), |(case, tasks)| {
        let tasks = stretched(tasks, case.stretch);
        let both = |engine| match programs.get(case.program) {
            Some(program) => run(program, &case, &tasks, engine),
            None => run(Ticks, &case, &tasks, engine),
        };
        let fast = both(Engine::Macro);
        let signs = [
            fast.meter.preempted > 0,
            fast.evicted_pages > 0,
            fast.meter.tokens.cached > 0,
            fast.requests.in_flight > 0,
        ];
        seen.note(signs);
        assert_equal(&fast, &both(Engine::Stepwise))
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    seen.each_more_often_than(CASES / 20);
}

/// A decode step priced by its line costs what its operators add up to.
#[test]
fn lines_are_the_prices_they_stand_for() {
    for name in PROGRAMS {
        let program = program(name);
        let mut runner = TestRunner::new(Config::with_cases(300));
        let contexts = prop::collection::vec(1..400_000u32, 1..300);
        let outcome = runner.run(&contexts, |contexts| {
            let mut batch = Batch::default();
            for context in contexts {
                batch.decode.add(context, program.clips());
            }
            let batch = batch.decode_only();
            let line = (&program).decode_series(&batch.decode, &[0; CLIPS]).first();
            let price = program.price(&batch);
            let (line_s, price_s) = (line.span().seconds().get(), price.total.get());
            prop_assert!((line_s / price_s - 1.0).abs() < 1e-9, "{line_s} {price_s}");
            for bound in Bound::ALL {
                let error = (line.breakdown()[bound] - price.parts[bound]).abs();
                prop_assert!(error < 1e-6 * price_s, "{bound:?}: {line:?} {price:?}");
            }
            let (a, b) = (line.demand(), (&program).demand(&batch));
            prop_assert!((a.flop / b.flop - 1.0).abs() < 1e-9);
            prop_assert!((a.traffic / b.traffic - 1.0).abs() < 1e-9);
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{name:?}: {error}"));
    }
}
