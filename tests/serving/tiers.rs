//! Laws of KV beyond HBM: nothing is lost, both engines agree, and what is fetched was there.

use memwall::cluster::{
    Fetching, Fleet, Load, Place, RunPlan, RunResult, Tier, TierFigures, Tiering, Writing, simulate,
};
use memwall::cost::Pricer;
use memwall::serving::kv::Eviction;
use memwall::serving::{Engine, Outcome};
use memwall::units::{Bytes, BytesPerSec, SimSpan};
use memwall::workload::Task;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::fleet::{Case, case, fleet, llama, plain, sessions};
use super::laws::{Affine, tasks};
use super::oracle::{Seen, Ticks, assert_equal};

/// Bytes of a page: a token has one.
const PAGE_BYTES: f64 = 16.0;

fn tier(place: Place) -> impl Strategy<Value = Tier> {
    let sizes = (0u64..120, prop::sample::select(vec![1e3, 1e4, 1e5, 1e8]), 0u64..4);
    let policy = (prop::sample::select(Eviction::ALL.to_vec()), prop::option::of(1u64..400));
    (sizes, policy, prop::sample::select(vec![1.0, 2.0])).prop_map(
        move |((pages, rate, ms), (eviction, ttl), compression)| Tier {
            place,
            capacity: Bytes::new(pages as f64 * PAGE_BYTES),
            read: BytesPerSec::new(rate),
            write: BytesPerSec::new(rate / 2.0),
            latency: SimSpan::from_ms(ms),
            eviction,
            ttl: ttl.map(SimSpan::from_ms),
            compression,
        },
    )
}

fn tiering() -> impl Strategy<Value = Tiering> {
    let [host, nvme, pool] = Place::ALL.map(tier).map(prop::option::of);
    let how = (any::<bool>(), any::<bool>(), prop::option::of(0u64..50));
    let rates = (1e3..1e6f64, 1e3..1e6f64, 1e3..1e6f64);
    (host, nvme, pool, how, rates).prop_map(|(host, nvme, pool, how, (up, down, nic))| Tiering {
        tiers: [host, nvme, pool].into_iter().flatten().collect(),
        up: BytesPerSec::new(up),
        down: BytesPerSec::new(down),
        nic: BytesPerSec::new(nic),
        writing: if how.0 { Writing::Through } else { Writing::Back },
        fetching: if how.1 { Fetching::Fastest } else { Fetching::Always },
        prefetch: how.2.map(|ms| SimSpan::from_ms(ms + 1)),
        page: Bytes::new(PAGE_BYTES),
        sequence: Bytes::new(1.0),
    })
}

fn run<P: Pricer + Copy>(
    pricer: P,
    (case, tiering): (&Case, &Tiering),
    tasks: &[Task],
    engine: Engine,
) -> (RunResult, TierFigures) {
    let mut fleet: Fleet<P> = fleet(pricer, case, engine);
    if !tiering.tiers.is_empty() {
        fleet = fleet.with_tiers(tiering.clone());
    }
    let result = simulate(&mut fleet, tasks.iter(), case.plan, &mut |_| {});
    // Figures check the stores.
    (result, fleet.figures().tiers.unwrap_or_default())
}

#[test]
fn both_engines_agree_over_stores() {
    let program = llama();
    let seen = Seen::<4>::default();
    let config = Config { failure_persistence: None, ..Config::with_cases(1500) };
    let outcome = TestRunner::new(config).run(
        &(case(), tiering(), tasks(), any::<bool>()),
        |(case, tiering, tasks, is_tick)| {
            let horizon = case.plan.horizon.or(Some(SimSpan::from_ms(1500)));
            let case = Case { plan: RunPlan { horizon, ..case.plan }, ..case };
            let both = |engine| {
                if is_tick {
                    run(Ticks, (&case, &tiering), &tasks, engine)
                } else {
                    run(&program, (&case, &tiering), &tasks, engine)
                }
            };
            let (fast, slow) = (both(Engine::Macro), both(Engine::Stepwise));
            let stores = &fast.1.stores;
            let signs = [
                fast.1.fetches.count > 0,
                fast.1.fetches.declined > 0,
                fast.1.fetches.ahead > 0,
                stores.iter().any(|store| store.evicted_pages > 0),
            ];
            seen.note(signs);
            assert_equal(&fast.0, &slow.0)?;
            prop_assert_eq!(fast.1, slow.1);
            Ok(())
        },
    );
    outcome.unwrap_or_else(|error| panic!("{error}"));
    // The cases are of use only if they go where stores are used.
    seen.each_more_often_than(40);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(700)
    })]

    #[test]
    fn nothing_is_lost_below_hbm(case in case(), tiering in tiering(), tasks in tasks()) {
        let plan = RunPlan { warmup: SimSpan::ZERO, horizon: None, ..case.plan };
        let case = Case { plan, ..case };
        let calls = tasks.iter().flat_map(Task::calls).count();
        let pricer = Affine { speed: 1.0 };
        let (result, figures) = run(pricer, (&case, &tiering), &tasks, Engine::Macro);
        let requests = result.requests;
        prop_assert_eq!(requests.submitted, requests.completed + requests.rejected);
        prop_assert_eq!(requests.in_flight, 0);
        if requests.rejected == 0 {
            prop_assert_eq!(requests.completed as usize, calls);
        }
        let output: u64 = result.outcomes.iter().map(|o| u64::from(o.output)).sum();
        let prompt: u64 = result.outcomes.iter().map(|o| u64::from(o.prompt)).sum();
        let tokens = result.meter.tokens;
        prop_assert_eq!((output, prompt), (tokens.output, tokens.prompt));
        // Without failures every prompt token is found in HBM, or below, or computed; a prompt that
        // is handed over has its next token computed in a chunk.
        let is_whole = case.faults.is_none() && case.outage.is_none() && case.prefilling == 0;
        if is_whole && result.meter.preempted == 0 {
            prop_assert!(tokens.cached + tokens.prefilled >= tokens.prompt);
            prop_assert!(tokens.cached + tokens.prefilled <= tokens.prompt + tokens.recomputed);
        }
        let below: u64 = figures.stores.iter().map(|store| store.hit_pages * 16).sum();
        prop_assert!(below <= tokens.cached);
        for outcome in &result.outcomes {
            prop_assert!(outcome.arrival < outcome.first_token);
            prop_assert!(outcome.first_token <= outcome.end);
            prop_assert!(outcome.cached < outcome.prompt);
        }
    }

    /// No cache finds more than one of its size that knows the future, whatever its stores.
    #[test]
    fn no_policy_beats_the_oracle(case in case(), tiering in tiering(), tasks in tasks()) {
        let horizon = case.plan.horizon.or(Some(SimSpan::from_ms(1500)));
        let case = Case { plan: RunPlan { horizon, ..case.plan }, ..case };
        let mut fleet = fleet(Ticks, &case, Engine::Macro).with_oracle();
        if !tiering.tiers.is_empty() {
            fleet = fleet.with_tiers(tiering);
        }
        let result = simulate(&mut fleet, tasks.iter(), case.plan, &mut |_| {});
        let bound = fleet.figures().clairvoyant_pages.unwrap() * 16;
        let cached = result.meter.tokens.cached;
        prop_assert!(cached <= bound, "{cached} of at most {bound}");
    }

    /// With room for everything just below HBM, nothing is computed twice.
    #[test]
    fn what_leaves_hbm_is_not_computed_again(tasks in tasks(), tokens in 200..500u32) {
        let case = Case { tokens, plan: closed(1), ..plain(1, 0) };
        for writing in [Writing::Through, Writing::Back] {
            let tiering = Tiering { writing, ..host(1e9, 1e15) };
            let (result, _) = run(Ticks, (&case, &tiering), &tasks, Engine::Macro);
            prop_assert_eq!(result.meter.tokens.recomputed, 0);
        }
    }
}

fn closed(concurrency: u32) -> RunPlan {
    let load = Load::Closed { concurrency };
    RunPlan::whole(load)
}

/// A host store of so many bytes, over links of so many bytes a second.
fn host(capacity: f64, rate: f64) -> Tiering {
    let rate = BytesPerSec::new(rate);
    Tiering {
        tiers: vec![Tier {
            place: Place::Host,
            capacity: Bytes::new(capacity),
            read: rate,
            write: rate,
            latency: SimSpan::ZERO,
            eviction: Eviction::Lru,
            ttl: None,
            compression: 1.0,
        }],
        up: rate,
        down: rate,
        nic: rate,
        writing: Writing::Through,
        fetching: Fetching::Always,
        prefetch: None,
        page: Bytes::new(PAGE_BYTES),
        sequence: Bytes::ZERO,
    }
}

/// Two sessions that do not fit together, one call each, then the first again.
fn there_and_back() -> Vec<Task> {
    let mut tasks = sessions(2);
    let again = tasks[0].chains[0].calls[1].clone();
    for task in &mut tasks {
        task.chains[0].calls.truncate(1);
        task.start = SimSpan::ZERO;
    }
    let mut third = tasks[0].clone();
    third.start = SimSpan::from_ms(500);
    third.chains[0].calls = vec![again];
    tasks.push(third);
    tasks
}

#[test]
fn a_fetch_takes_its_bytes_over_the_link() {
    // 440 tokens of the first call are 27 pages; HBM has room for 45.
    let case = Case { tokens: 45 * 16, ..plain(1, 0) };
    let outcome = |tiering: &Tiering| -> (Outcome, TierFigures) {
        let (result, figures) = run(Ticks, (&case, tiering), &there_and_back(), Engine::Macro);
        (result.outcomes[2], figures)
    };
    // At 10,000 bytes a second 27 pages take 43.2 ms, but some of them are still in HBM.
    let (fetched, figures) = outcome(&host(1e9, 1e4));
    assert_eq!(fetched.cached, 27 * 16);
    let pages = figures.stores[0].hit_pages;
    assert!(pages > 0 && pages < 27, "{pages}");
    let wait_ms = pages as f64 * PAGE_BYTES / 1e4 * 1e3;
    assert!((fetched.ttft().as_ms() - 1.0 - wait_ms).abs() < 1e-6, "{fetched:?} {wait_ms}");
    assert!((figures.fetches.wait.unwrap().mean - wait_ms).abs() < 1e-6);
    assert!((figures.fetches.predicted_ms.unwrap() - wait_ms).abs() < 1e-6);
    // A step of one millisecond is faster than that, and chosen.
    let (computed, figures) = outcome(&Tiering { fetching: Fetching::Fastest, ..host(1e9, 1e4) });
    assert_eq!((figures.fetches.count, figures.fetches.declined), (0, 1));
    assert_eq!(computed.ttft(), SimSpan::from_ms(1));
    assert_eq!(u64::from(computed.cached), (27 - pages) * 16);
}

#[test]
fn replicas_find_in_the_pool_what_others_computed() {
    let pool = Tier { place: Place::Pool, ..host(1e9, 1e9).tiers[0] };
    let tiering = Tiering { tiers: vec![pool], ..host(0.0, 1e9) };
    let case = plain(4, 0);
    let found = |tiering: &Tiering| {
        let (result, _) =
            run(Affine { speed: 1.0 }, (&case, tiering), &sessions(60), Engine::Macro);
        result.hit_rate().unwrap()
    };
    let alone = found(&Tiering { tiers: Vec::new(), ..tiering.clone() });
    let (own, shared) = (found(&host(1e9, 1e9)), found(&tiering));
    // Round robin sends calls of a session everywhere; host DRAM of one replica does not help.
    assert!((own - alone).abs() < 0.01 && shared > alone + 0.2, "{alone} {own} {shared}");
}

#[test]
fn a_failure_empties_its_own_box() {
    let mut case = Case { tokens: 45 * 16, ..plain(1, 0) };
    case.outage = Some((0, SimSpan::from_ms(300)));
    let cached = |place| {
        let tiers = vec![Tier { place, ..host(1e9, 1e9).tiers[0] }];
        let tiering = Tiering { tiers, ..host(1e9, 1e9) };
        let (result, _) = run(Ticks, (&case, &tiering), &there_and_back(), Engine::Macro);
        result.outcomes[2].cached
    };
    // The third call comes when the replica is back.
    assert_eq!([Place::Host, Place::Nvme, Place::Pool].map(cached), [0, 0, 27 * 16]);
}

#[test]
fn what_is_fetched_while_a_tool_runs_is_there_when_it_ends() {
    let mut tasks = sessions(40);
    for call in tasks.iter_mut().flat_map(|task| &mut task.chains[0].calls[1..]) {
        call.gap = SimSpan::from_ms(500);
        call.cause = memwall::workload::Cause::Tool;
    }
    let case = Case { tokens: 8000, plan: closed(20), ..plain(1, 0) };
    let run = |prefetch| {
        let tiering = Tiering { prefetch, ..host(1e9, 2e6) };
        run(Affine { speed: 1.0 }, (&case, &tiering), &tasks, Engine::Macro)
    };
    let ((_, reactive), (_, ahead)) = (run(None), run(Some(SimSpan::from_ms(10))));
    assert_eq!(reactive.fetches.ahead, 0);
    assert!(ahead.fetches.ahead > 50, "{ahead:?}");
    assert!(ahead.fetches.count < reactive.fetches.count / 2, "{ahead:?} {reactive:?}");
}
