//! Laws of fleets whose replicas have ranks with sequences of their own.

use memwall::cluster::{FleetFigures, RunPlan, RunResult, simulate};
use memwall::cost::Pricer;
use memwall::serving::{
    Balance, Convoy, Engine, Limits, Percentiles, RankFigures, RankUse, Replica, Worker,
};
use memwall::units::SimSpan;
use memwall::workload::Task;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::fleet::{Case, PAGE, case, fleet, plain, run, sessions};
use super::laws::{Affine, tasks};
use super::oracle::{Seen, Ticks, assert_equal};
use super::ranks::{BALANCES, Hand, PROGRAMS, program};

const CASES: u32 = 900;

/// A replica of a pool: groups of ranks have what a replica has where there are none.
pub(super) fn worker<P: Pricer + Copy>(
    pricer: P,
    case: &Case,
    pool: usize,
    engine: Engine,
) -> Worker<P> {
    let pages = u64::from(case.tokens / PAGE);
    let Some((groups, balance)) = case.ranks[pool] else {
        return Replica::new(pricer, case.limits, pages, case.ttl).with_engine(engine).into();
    };
    let limits = Limits {
        groups,
        max_batched_tokens: case.limits.max_batched_tokens * groups,
        max_seqs: case.limits.max_seqs * groups,
        ..case.limits
    };
    let convoy = Convoy::new(pricer, limits, pages * u64::from(groups), case.ttl, balance);
    convoy.with(engine, Percentiles::Exact).into()
}

fn both<P: Pricer + Copy>(
    pricer: P,
    case: &Case,
    tasks: &[Task],
) -> [(RunResult, FleetFigures); 2] {
    [Engine::Macro, Engine::Stepwise].map(|engine| {
        let mut fleet = fleet(pricer, case, engine);
        let result = simulate(&mut fleet, tasks.iter(), case.plan, &mut |_| {});
        (result, fleet.figures())
    })
}

fn sum(ranks: &RankFigures, of: impl Fn(&RankUse) -> u64) -> u64 {
    ranks.ranks.iter().map(of).sum()
}

#[test]
fn both_engines_lead_ranks_of_a_fleet_through_equal_events() {
    let programs: Vec<_> = PROGRAMS.into_iter().map(program).collect();
    let seen = Seen::<8>::default();
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        max_shrink_iters: 1000,
        ..Config::with_cases(CASES)
    });
    let groups = |balance| (1..4u32, balance);
    let ranks = groups(prop::sample::select(BALANCES.to_vec()));
    let of = (case(), ranks, 0..programs.len() + 2, tasks());
    let outcome = runner.run(&of, |(mut case, ranks, which, tasks)| {
        // One pool at least has them.
        case.ranks[0] = Some(case.ranks[0].unwrap_or(ranks));
        // Prompts that take longer than replicas stay up are never done.
        let horizon = case.plan.horizon.or(Some(SimSpan::from_ms(1500)));
        let case = Case { plan: RunPlan { horizon, ..case.plan }, ..case };
        let [(fast, figures), (slow, others)] = match programs.get(which) {
            Some(program) => both(program, &case, &tasks),
            None if which == programs.len() => both(Ticks, &case, &tasks),
            None => both(Hand, &case, &tasks),
        };
        prop_assert_eq!(figures.faults, others.faults);
        prop_assert_eq!(figures.handoff, others.handoff);
        for (fast, slow) in figures.pools.iter().zip(&others.pools) {
            prop_assert_eq!(&fast.ranks, &slow.ranks);
            prop_assert_eq!((fast.routing, &fast.sent), (slow.routing, &slow.sent));
        }
        let ranks = figures.pools[0].ranks.as_ref().unwrap();
        let nics = figures.faults.and_then(|faults| faults.nics);
        let signs = [
            fast.meter.preempted > 0,
            fast.meter.tokens.cached > 0,
            ranks.idle_share().is_some_and(|share| share > 0.0),
            ranks.lost_share().is_some_and(|share| share > 0.01),
            figures.handoff.is_some_and(|handoff| handoff.count > 0),
            figures.faults.is_some_and(|faults| faults.migrated > 0),
            nics.is_some_and(|nics| nics.restarted > 0),
            nics.is_some_and(|nics| nics.rerouted > 0),
        ];
        seen.note(signs);
        assert_equal(&fast, &slow)
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    seen.each_more_often_than(CASES / 50);
}

#[test]
fn a_replica_of_one_rank_is_a_replica() {
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(300) });
    let outcome = runner.run(&(case(), tasks()), |(case, tasks)| {
        let horizon = case.plan.horizon.or(Some(SimSpan::from_ms(1500)));
        let plan = RunPlan { horizon, ..case.plan };
        let at = |ranks| {
            let case = Case { ranks: [ranks; 2], plan, ..case.clone() };
            run(Affine { speed: 1.0 }, &case, &tasks, Engine::Macro)
        };
        assert_equal(&at(Some((1, Balance::LeastLoaded))), &at(None))
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_ranks_do_adds_up_to_what_their_pools_do() {
    let tasks: Vec<_> = (1..80).map(|n| Task::of_call(7 + 13 * n % 200, 2 + n % 17)).collect();
    for balance in BALANCES {
        let ranks = [Some((3, balance)), Some((2, balance))];
        let case = Case { ranks, outage: Some((0, SimSpan::from_ms(40))), ..plain(2, 2) };
        let [(result, figures), _] = both(Hand, &case, &tasks);
        assert_eq!(result.requests.completed, 79, "{balance}");
        let [decode, prefill] = [0, 1].map(|pool: usize| &figures.pools[pool]);
        for (pool, groups) in [(decode, 3), (prefill, 2)] {
            let ranks = pool.ranks.as_ref().unwrap();
            assert_eq!(
                (ranks.groups(), ranks.replicas, ranks.ranks.len()),
                (groups, 2, 2 * groups)
            );
            assert_eq!(sum(ranks, |rank| rank.requests), pool.routing.requests, "{balance}");
            assert_eq!(sum(ranks, |rank| rank.tokens.output), pool.meter.tokens.output);
            assert!(ranks.slowest >= ranks.mean && ranks.steps >= ranks.slowest);
        }
        // Every prompt is prefilled by one pool and decoded by the other; some go to another rank
        // as their replica fails.
        assert_eq!(prefill.meter.tokens.output, 79);
        let faults = figures.faults.unwrap();
        assert!(decode.routing.requests >= 79 && faults.failures == 1, "{faults:?}");
    }
}

#[test]
fn a_hand_over_goes_from_one_rank_to_another() {
    // 1 ms a step of any rank; 997 + 3 bytes at 1,000 bytes a second take one second, from the one
    // replica's link to the other's: two at a time take twice as long, whatever their ranks.
    let balance = Balance::RoundRobin;
    let case = Case { ranks: [Some((2, balance)); 2], ..plain(1, 1) };
    let tasks = [Task::of_call(997, 4), Task::of_call(997, 4)];
    for (result, figures) in both(Ticks, &case, &tasks) {
        // The second prompt comes while the first one's step is under way.
        let ends: Vec<f64> = result.outcomes.iter().map(|o| o.e2e().as_ms()).collect();
        // That one's KV is there first, at 2,000 ms, the other's as the first step ends with it.
        assert_eq!(ends, [2003.0, 2005.0]);
        let ranks = figures.pools[0].ranks.as_ref().unwrap();
        assert_eq!(ranks.ranks.iter().map(|rank| rank.requests).collect::<Vec<_>>(), [1, 1]);
    }
}

#[test]
fn a_balance_that_looks_for_prefixes_finds_them_behind_a_router() {
    let found = |balance| {
        let case = Case { ranks: [Some((4, balance)), None], ..plain(2, 0) };
        let mut fleet = fleet(Affine { speed: 1.0 }, &case, Engine::Macro);
        simulate(&mut fleet, sessions(60).iter(), case.plan, &mut |_| {}).hit_rate().unwrap()
    };
    assert!(found(Balance::Prefix) > found(Balance::RoundRobin) + 0.1);
}
