//! Attention-DP with sequences of its own for every group: laws, closed forms, equal engines.

use memwall::cluster::{Load, RunPlan, RunResult, simulate};
use memwall::cost::{
    Batch, Bound, Breakdown, CLIPS, Calibration, Cost, Decode, Demand, Division, EngineProfile,
    Lockstep, Pricer, Pricing, Series, StepProgram, Stretch, TimeModel,
};
use memwall::hardware;
use memwall::model::{self, Plan, compile, forward};
use memwall::serving::{
    Admission, Balance, Batching, Convoy, Engine, Limits, Percentiles, Replica, Rules,
};
use memwall::units::Seconds;
use memwall::workload::Task;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::laws::{Affine, tasks};
use super::oracle::{Case, Seen, Ticks, assert_equal, case, stretched};

const CASES: u32 = 2000;

pub(super) const BALANCES: [Balance; 3] =
    [Balance::RoundRobin, Balance::LeastLoaded, Balance::Prefix];

pub(super) const PROGRAMS: [(&str, &str, &str, TimeModel); 4] = [
    ("deepseek-r1", "gb200", "tp1-ep8-dp8", TimeModel::Calibrated),
    ("deepseek-v3.2", "b200-sxm", "tp2-ep8-dp4", TimeModel::Calibrated),
    ("gpt-oss-120b", "h200-sxm", "tp1-ep4-dp4", TimeModel::Calibrated),
    ("deepseek-r1", "h200-sxm", "tp1-dp8", TimeModel::Roofline),
];

pub(super) fn program((model, chip, plan, time): (&str, &str, &str, TimeModel)) -> StepProgram {
    let chips = hardware::Catalog::embedded();
    let model = model::Catalog::embedded().model(model).unwrap();
    let plan: Plan = plan.parse().unwrap();
    let ops = compile(&forward(&model, &plan, &model.native_precision()).unwrap());
    let how = (Calibration::embedded(), Pricing { model: time, engine: EngineProfile::Vllm });
    let chip = chips.chip(chip).unwrap();
    StepProgram::compile_divided(&ops, Division::Groups, chip, how, Stretch::NONE).unwrap()
}

/// A group takes 1 ms for each token and a microsecond for each key; all together take 3 ms, and
/// half a millisecond for each token.
#[derive(Clone, Copy)]
pub(super) struct Hand;

fn ms(bound: Bound, ms: f64) -> Cost {
    Cost::new(Breakdown::of(bound, Seconds::new(ms * 1e-3)), Demand::default())
}

impl Pricer for Hand {
    fn price(&self, batch: &Batch) -> Breakdown {
        (self.common_cost(batch) + self.own_cost(batch)).breakdown()
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
    fn own_cost(&self, batch: &Batch) -> Cost {
        let keys = batch.decode.context + batch.prefill.context;
        ms(Bound::Compute, 1.0) * u64::from(batch.tokens()) + ms(Bound::Compute, 1e-3) * keys
    }
    fn own_series(&self, decode: &Decode, _: &[u32; CLIPS]) -> Series {
        let first = self.own_cost(&Batch { decode: *decode, ..Batch::default() });
        let growth = ms(Bound::Compute, 1e-3) * u64::from(decode.sequences);
        Series::new(first, growth, 1 << 20)
    }
    fn common_cost(&self, batch: &Batch) -> Cost {
        ms(Bound::Latency, 3.0) + ms(Bound::Interconnect, 0.5) * u64::from(batch.tokens())
    }
}

fn limits(groups: u32) -> Limits {
    Limits {
        max_batched_tokens: 64 * groups,
        max_seqs: 4 * groups,
        admission: Admission::PromptFits,
        batching: Batching::Mixed,
        groups,
        page_tokens: 16,
        state_pages: 0,
        rules: Rules::default(),
    }
}

fn convoy<P: Pricer + Clone>(
    pricer: P,
    groups: u32,
    balance: Balance,
    engine: Engine,
) -> Convoy<P> {
    let convoy = Convoy::new(pricer, limits(groups), 1000 * u64::from(groups), None, balance);
    convoy.with(engine, Percentiles::Exact)
}

fn at_once(concurrency: u32) -> RunPlan {
    let load = Load::Closed { concurrency };
    RunPlan::whole(load)
}

#[test]
fn two_ranks_by_hand() {
    // The first prompt, of 10 tokens, begins alone; the second, of 30, came at the same instant to
    // the other rank and waits for that step to end.
    let tasks = [Task::of_call(10, 3), Task::of_call(30, 2)];
    for engine in [Engine::Macro, Engine::Stepwise] {
        let convoy = convoy(Hand, 2, Balance::RoundRobin, engine);
        let result = simulate(convoy, tasks.iter(), at_once(2), &mut |_| {});
        let steps = [
            // 10 tokens and 10 keys of the first: 10.01, and 3 + 5 together.
            18.01,
            // A token and 11 keys of the first, 30 tokens and 30 keys of the second: 30.03, and
            // 3 + 15.5.
            48.53, // 12 keys of the first, 31 of the second: 1.031, and 3 + 1.
            5.031,
        ];
        let ends: Vec<f64> =
            result.outcomes.iter().map(|o| o.end.since_start().seconds().get()).collect();
        let expected = steps.iter().sum::<f64>() * 1e-3;
        assert_eq!(result.meter.steps, 3, "{engine:?}");
        assert!(ends.iter().all(|end| (end - expected).abs() < 1e-11), "{ends:?} {expected}");
        let ranks = result.ranks.unwrap();
        // Own parts: 10.01 beside nothing, 1.011 beside 30.03, 1.012 beside 1.031.
        let near = |a: Seconds, ms: f64| (a.get() - ms * 1e-3).abs() < 1e-11;
        assert!(near(ranks.slowest, 10.01 + 30.03 + 1.031), "{ranks:?}");
        assert!(near(ranks.mean, (10.01 + 1.011 + 30.03 + 1.012 + 1.031) / 2.0), "{ranks:?}");
        assert!(near(ranks.steps, steps.iter().sum()), "{ranks:?}");
        // 10 beside 0, 1 beside 30, 1 beside 1.
        let even = (0.5 + 31.0 / 60.0 + 1.0) / 3.0;
        assert!((ranks.balance_ratio.unwrap() - even).abs() < 1e-9, "{ranks:?}");
        // The second rank was idle in the first step alone.
        let idle = 18.01 / 2.0 / steps.iter().sum::<f64>();
        assert!((ranks.idle_share().unwrap() - idle).abs() < 1e-9);
        let tokens: Vec<_> =
            ranks.ranks.iter().map(|r| (r.tokens.prefilled, r.tokens.output)).collect();
        assert_eq!(tokens, [(10, 3), (30, 2)]);
    }
}

/// What groups with these batches take, and what a balanced step of all of them does.
fn lockstep(program: &StepProgram, batches: &[Batch]) -> (f64, f64) {
    let pricer = &program;
    let mut all = Batch::default();
    for batch in batches {
        all += *batch;
    }
    let own: Vec<_> = batches.iter().map(|batch| Series::single(pricer.own_cost(batch))).collect();
    let steps = Lockstep::new(pricer.common_cost(&all), &own);
    (steps.series().first().span().seconds().get(), program.price(&all).total.get())
}

#[test]
fn equal_ranks_take_what_balanced_ones_do_and_unequal_ones_longer() {
    for (of, groups) in PROGRAMS.into_iter().zip([8usize, 4, 4, 8]) {
        let program = program(of);
        let batch = |decodes: &[u32], chunks: &[(u32, u32)]| {
            let mut batch = Batch::default();
            for &context in decodes {
                batch.decode.add(context, program.clips());
            }
            for &(past, new) in chunks {
                batch.prefill.add(past, new, program.clips());
            }
            batch.logits = (decodes.len() + chunks.len()) as u32;
            batch
        };
        let each = [
            batch(&[5000; 32], &[]),
            batch(&[100, 40_000], &[]),
            batch(&[3000; 8], &[(0, 700)]),
            batch(&[], &[(6000, 512)]),
        ];
        for each in each {
            let (apart, balanced) = lockstep(&program, &vec![each; groups]);
            assert!((apart / balanced - 1.0).abs() < 1e-9, "{of:?}: {apart} {balanced}");
        }
        // The same sequences in all, more of their contexts on the first rank, or of their number.
        let mut longer = vec![batch(&[4000; 32], &[]); groups];
        longer[0] = batch(&[4000 + 1000 * (groups as u32 - 1); 32], &[]);
        longer[1..].fill(batch(&[3000; 32], &[]));
        let mut more = vec![batch(&[4000; 31], &[]); groups];
        more[0] = batch(&vec![4000; 31 + groups], &[]);
        for batches in [longer, more] {
            let (apart, balanced) = lockstep(&program, &batches);
            assert!(apart > balanced * (1.0 + 1e-4), "{of:?}: {apart} {balanced}");
        }
    }
}

fn run<P: Pricer + Clone>(
    pricer: P,
    case: &Case,
    of: (u32, Balance),
    tasks: &[Task],
    engine: Engine,
) -> RunResult {
    let (groups, balance) = of;
    let limits = Limits {
        groups,
        max_batched_tokens: case.limits.max_batched_tokens * groups,
        max_seqs: case.limits.max_seqs * groups,
        ..case.limits
    };
    let pages = u64::from(case.tokens.div_ceil(limits.page_tokens) * groups);
    let convoy = Convoy::new(pricer, limits, pages, case.ttl, balance);
    let convoy = convoy.with(engine, Percentiles::Exact);
    simulate(convoy, tasks.iter(), case.plan, &mut |_| {})
}

#[test]
fn engines_are_equal_event_for_event() {
    let programs: Vec<_> = PROGRAMS.into_iter().map(program).collect();
    let seen = Seen::<5>::default();
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        max_shrink_iters: 1000,
        ..Config::with_cases(CASES)
    });
    let of = (0..programs.len() + 2, 1..6u32, prop::sample::select(BALANCES.to_vec()));
    let outcome = runner.run(&(case(), of, tasks()), |(case, (which, groups, balance), tasks)| {
        let tasks = stretched(tasks, case.stretch);
        let of = (groups, balance);
        let both = |engine| match programs.get(which) {
            Some(program) => run(program, &case, of, &tasks, engine),
            None if which == programs.len() => run(Ticks, &case, of, &tasks, engine),
            None => run(Hand, &case, of, &tasks, engine),
        };
        let (fast, slow) = (both(Engine::Macro), both(Engine::Stepwise));
        prop_assert_eq!(&fast.ranks, &slow.ranks);
        let ranks = fast.ranks.as_ref().unwrap();
        let signs = [
            fast.meter.preempted > 0,
            fast.meter.tokens.cached > 0,
            fast.requests.in_flight > 0,
            ranks.idle_share().is_some_and(|share| share > 0.0),
            ranks.lost_share().is_some_and(|share| share > 0.01),
        ];
        seen.note(signs);
        assert_equal(&fast, &slow)
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    seen.each_more_often_than(CASES / 50);
}

#[test]
fn one_rank_is_a_replica() {
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(300) });
    let outcome = runner.run(&(case(), tasks()), |(case, tasks)| {
        for engine in [Engine::Macro, Engine::Stepwise] {
            let pricer = Affine { speed: 1.0 };
            let alone = run(pricer, &case, (1, Balance::LeastLoaded), &tasks, engine);
            let pages = u64::from(case.tokens.div_ceil(case.limits.page_tokens));
            let replica = Replica::new(pricer, case.limits, pages, case.ttl).with_engine(engine);
            assert_equal(&alone, &simulate(replica, tasks.iter(), case.plan, &mut |_| {}))?;
        }
        Ok::<(), TestCaseError>(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn nothing_is_lost_among_ranks() {
    let tasks: Vec<_> = (1..60).map(|n| Task::of_call(7 + 13 * n % 200, 1 + n % 17)).collect();
    for balance in BALANCES {
        let convoy = convoy(Hand, 5, balance, Engine::Macro);
        let result = simulate(convoy, tasks.iter(), at_once(23), &mut |_| {});
        let calls = || tasks.iter().flat_map(Task::calls);
        assert_eq!(result.requests.completed, calls().count() as u64, "{balance}");
        let [prompt, output] =
            [calls().map(|c| c.prompt).sum::<u32>(), calls().map(|c| c.output).sum()];
        let tokens = result.meter.tokens;
        assert_eq!((tokens.prompt, tokens.output), (prompt.into(), output.into()), "{balance}");
        let ranks = result.ranks.unwrap();
        let of_ranks =
            |of: fn(&memwall::serving::RankUse) -> u64| ranks.ranks.iter().map(of).sum::<u64>();
        assert_eq!(of_ranks(|rank| rank.tokens.output), u64::from(output));
        assert_eq!(of_ranks(|rank| rank.requests), result.requests.completed);
        assert!(ranks.slowest >= ranks.mean && ranks.lost_share().unwrap() < 1.0);
        // In turns, each has its twelve, or one less.
        if balance == Balance::RoundRobin {
            assert!(ranks.ranks.iter().all(|rank| (11..=12).contains(&rank.requests)));
        }
    }
}

#[test]
fn a_cache_is_its_ranks_own() {
    // The same prompt four times, one after another: in turns no rank has seen it before its
    // second time; where the prefix is, it is found thrice.
    let content = memwall::serving::Extent { first: 0, pages: 4 };
    let mut task = Task::of_call(65, 2);
    task.chains[0].calls[0].content = vec![content];
    let tasks = vec![task; 4];
    for (balance, found) in [(Balance::RoundRobin, 2), (Balance::Prefix, 3)] {
        let convoy = convoy(Hand, 2, balance, Engine::Macro);
        let result = simulate(convoy, tasks.iter(), at_once(1), &mut |_| {});
        assert_eq!(result.meter.tokens.cached, 64 * found, "{balance}");
    }
}
