//! Laws of fleets: what holds for one replica holds for many, whatever fails.

use memwall::cluster::{
    Fault, Faults, Fleet, Form, Lack, Load, NicFault, PartFault, PartKind, Policy, Prefilling,
    Routing, RunPlan, RunResult, simulate, spells,
};
use memwall::cost::{Pricer, StepProgram, TimeModel};
use memwall::des::Streams;
use memwall::serving::{Admission, Balance, Batching, Engine, Limits, Outcome, Replica, Rules};
use memwall::units::{Bytes, BytesPerSec, SimSpan};
use memwall::workload::Task;
use proptest::prelude::*;

use super::laws::{Affine, load, tasks};
use super::oracle::{Ticks, assert_equal, program, scheduling};
use super::ranked_fleet::worker;
use super::ranks::BALANCES;

pub(super) const PAGE: u32 = 16;

#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) serving: usize,
    pub(super) prefilling: usize,
    /// Groups of ranks with sequences of their own, by pool.
    pub(super) ranks: [Option<(u32, Balance)>; 2],
    pub(super) routings: [Routing; 2],
    pub(super) local_below: u32,
    /// Bytes a second and link; a token has one.
    pub(super) bandwidth: f64,
    pub(super) latency: SimSpan,
    pub(super) tokens: u32,
    pub(super) limits: Limits,
    pub(super) ttl: Option<SimSpan>,
    pub(super) faults: Option<(SimSpan, SimSpan)>,
    pub(super) outage: Option<(usize, SimSpan)>,
    /// Of every replica's four NICs.
    pub(super) nics: Vec<NicFault>,
    pub(super) plan: RunPlan,
}

fn routing() -> impl Strategy<Value = Routing> {
    let refresh = prop::sample::select(vec![0u64, 0, 7, 50]);
    (prop::sample::select(Policy::ALL.to_vec()), refresh).prop_map(|(policy, ms)| Routing {
        policy,
        refresh: SimSpan::from_ms(ms),
        ..Routing::default()
    })
}

pub(super) fn case() -> impl Strategy<Value = Case> {
    let pools = (1..4usize, 0..4usize, routing(), routing());
    let wire = (prop::sample::select(vec![0u32, 0, 30, 90]), 1e2..1e5f64, 0..3u64);
    let rules = (any::<bool>(), any::<bool>(), scheduling());
    let limits = (1..80u32, 1..9u32, rules, 150..900u32);
    let ttl = prop::option::of(1..600u64);
    let nics = prop::collection::vec((0..6usize, 0..200u64, 1..5u32), 0..24);
    let faults =
        (prop::option::of((20..400u64, 1..90u64)), prop::option::of((0..6usize, 0..99u64)), nics);
    let window = (prop::option::of(50..900u64), 0..40u64);
    let ranks = [(); 2].map(|()| prop::option::of((1..4u32, prop::sample::select(&BALANCES))));
    (pools, ranks, wire, limits, ttl, faults, load(), window).prop_map(
        |(pools, ranks, wire, limits, ttl, (faults, outage, nics), load, (horizon, warmup))| {
            let (fits, mixed, (rules, classes)) = limits.2;
            let admission = if fits { Admission::PromptFits } else { Admission::AnswerFits };
            Case {
                serving: pools.0,
                prefilling: pools.1,
                ranks,
                routings: [pools.2, pools.3],
                local_below: wire.0,
                bandwidth: wire.1,
                latency: SimSpan::from_ms(wire.2),
                tokens: limits.3,
                limits: Limits {
                    max_batched_tokens: limits.0,
                    max_seqs: limits.1,
                    admission,
                    batching: if mixed { Batching::Mixed } else { Batching::PrefillFirst },
                    rules,
                    groups: 1,
                    page_tokens: PAGE,
                    state_pages: 0,
                },
                ttl: ttl.map(SimSpan::from_ms),
                faults: faults.map(|(a, b)| (SimSpan::from_ms(a), SimSpan::from_ms(b))),
                outage: outage.map(|(member, at)| (member, SimSpan::from_ms(at))),
                nics: nics.into_iter().map(|(who, at, n)| losing((who, n), at, Some(60))).collect(),
                plan: RunPlan {
                    load,
                    warmup: SimSpan::from_ms(warmup / 2 * (warmup % 2)),
                    horizon: horizon.map(SimSpan::from_ms),
                    requests: None,
                    classes,
                },
            }
        },
    )
}

pub(super) fn fleet<P: Pricer + Copy>(pricer: P, case: &Case, engine: Engine) -> Fleet<P> {
    let each = u64::from(case.tokens / PAGE);
    let pool =
        |count, pool| (0..count).map(|_| worker(pricer, case, pool, engine)).collect::<Vec<_>>();
    let mut fleet = Fleet::new(pool(case.serving, 0), case.routings[0]);
    if case.prefilling > 0 {
        let prefilling = Prefilling {
            routing: case.routings[1],
            local_below: case.local_below,
            bytes_per_token: Bytes::new(1.0),
            bytes_per_sequence: Bytes::new(3.0),
            source: BytesPerSec::new(case.bandwidth),
            target: BytesPerSec::new(1.5 * case.bandwidth),
            latency: case.latency,
        };
        fleet = fleet.with_prefill(pool(case.prefilling, 1), prefilling);
        let nics = case.nics.iter().copied().map(Some);
        fleet = nics.fold(fleet, Fleet::with_nic_fault);
    }
    if let Some((between, repair)) = case.faults {
        fleet = fleet.with_faults(Faults { between, repair, streams: Streams::new(1) });
    }
    if let Some((member, at)) = case.outage {
        let down = Some(SimSpan::from_ms(30));
        // Of every other replica a part fails alone, and a quarter of its pages is gone.
        let restart = SimSpan::from_ms(5);
        let member = member.min(fleet.size() - 1);
        let groups =
            case.ranks[usize::from(member >= case.serving)].map_or(1, |(groups, _)| groups);
        let (pages, fewer) = (each * u64::from(groups), (each - each / 4) * u64::from(groups));
        fleet = match member % 3 {
            0 => fleet.with_outage(member, at, down),
            1 => {
                let (lesser, whole) = ((pricer, fewer), (pricer, pages));
                fleet.with_part_fault(PartFault { member, at, down, restart, lesser, whole })
            }
            _ => breaking(fleet, (member, at), (pricer, [pages, fewer])),
        };
    }
    fleet
}

/// So many of four NICs of a replica fail at a millisecond, for some.
pub(super) fn losing((member, count): (usize, u32), at: u64, down: Option<u64>) -> NicFault {
    let (at, down) = (SimSpan::from_ms(at), down.map(SimSpan::from_ms));
    NicFault { member, at, down, count, of: 4, is_drawn: true, is_restart: false }
}

/// Of a replica first a stack fails, then a chip for a part of that time, and a link later.
fn breaking<P: Pricer + Copy>(
    mut fleet: Fleet<P>,
    (member, at): (usize, SimSpan),
    (pricer, pages): (P, [u64; 2]),
) -> Fleet<P> {
    let member = member.min(fleet.size() - 1);
    let fault = |kind, from: u64, to: u64| Fault {
        kind,
        at: at + SimSpan::from_ms(from),
        back: at + SimSpan::from_ms(to),
    };
    let faults = [
        fault(PartKind::Stack, 0, 60),
        fault(PartKind::Chip, 10, 20),
        fault(PartKind::Link, 80, 95),
    ];
    for spell in spells(&faults, SimSpan::from_ms(5)) {
        let is_whole = spell.lacks == Lack::default();
        let form = Form { pricer, pages: pages[usize::from(!is_whole)], is_whole };
        fleet = fleet.with_spell(member, &spell, spell.is_change.then_some(form));
    }
    fleet
}

#[test]
fn parts_that_fail_are_counted_once_and_returns_are_none() {
    let case = plain(2, 0);
    let tasks: Vec<Task> = (0..40).map(|_| Task::of_call(64, 40)).collect();
    let plan = RunPlan { load: Load::Closed { concurrency: 4 }, ..case.plan };
    let run = |at: u64, engine| {
        let fleet = fleet(Ticks, &case, engine);
        let pages = [u64::from(case.tokens / PAGE), 100];
        let mut fleet = breaking(fleet, (1, SimSpan::from_ms(at)), (Ticks, pages));
        let result = simulate(&mut fleet, tasks.iter(), plan, &mut |_| {});
        assert_eq!(result.requests.completed, 40);
        (fleet.figures().faults.unwrap(), result)
    };
    let (faults, result) = run(7, Engine::Macro);
    assert_eq!((faults.failures, faults.parts), (3, [1, 1, 1, 0]));
    // Down for 5 ms and, after that, 10 of the chip; for 5 ms as the stack returns; twice 5 for the
    // link. Without a part from 7 to 67 ms and from 87 to 102.
    assert!((faults.down_s - 0.030).abs() < 1e-9, "{}", faults.down_s);
    assert!((faults.degraded_s - 0.075).abs() < 1e-9, "{}", faults.degraded_s);
    assert_equal(&result, &run(7, Engine::Stepwise).1).unwrap();
    // What comes after the end of the run is not in it.
    assert_eq!(run(1_000_000, Engine::Macro).0.failures, 0);
}

pub(super) fn run<P: Pricer + Copy>(
    pricer: P,
    case: &Case,
    tasks: &[Task],
    engine: Engine,
) -> RunResult {
    simulate(&mut fleet(pricer, case, engine), tasks.iter(), case.plan, &mut |_| {})
}

pub(super) fn llama() -> StepProgram {
    program(("llama-3.1-8b", "h100-sxm", "tp1", TimeModel::Calibrated))
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(700)
    })]

    #[test]
    fn nothing_is_lost_or_counted_twice(case in case(), tasks in tasks()) {
        let plan = RunPlan { warmup: SimSpan::ZERO, horizon: None, ..case.plan };
        let case = Case { plan, ..case };
        let calls = tasks.iter().flat_map(Task::calls).count();
        let result = run(Affine { speed: 1.0 }, &case, &tasks, Engine::Macro);
        let requests = result.requests;
        prop_assert_eq!(requests.submitted, requests.completed + requests.rejected);
        prop_assert_eq!(requests.in_flight, 0);
        if requests.rejected == 0 {
            prop_assert_eq!(requests.completed as usize, calls);
        }
        let mut ids: Vec<_> = result.outcomes.iter().map(|outcome| outcome.id).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len() as u64, requests.completed);
        let output: u64 = result.outcomes.iter().map(|o| u64::from(o.output)).sum();
        let prompt: u64 = result.outcomes.iter().map(|o| u64::from(o.prompt)).sum();
        let tokens = result.meter.tokens;
        prop_assert_eq!((output, prompt), (tokens.output, tokens.prompt));
        prop_assert_eq!(result.meter.itl.count(), output - requests.completed);
        for outcome in &result.outcomes {
            prop_assert!(outcome.arrival < outcome.first_token);
            prop_assert!(outcome.first_token <= outcome.end);
        }
    }

    #[test]
    fn both_engines_lead_a_fleet_through_equal_events(case in case(), tasks in tasks()) {
        // Prompts that take longer than replicas stay up are never done.
        let horizon = case.plan.horizon.or(Some(SimSpan::from_ms(1500)));
        let case = Case { plan: RunPlan { horizon, ..case.plan }, ..case };
        let program = llama();
        let fast = run(&program, &case, &tasks, Engine::Macro);
        assert_equal(&fast, &run(&program, &case, &tasks, Engine::Stepwise))?;
        // All steps of all replicas end at the same instants.
        let fast = run(Ticks, &case, &tasks, Engine::Macro);
        assert_equal(&fast, &run(Ticks, &case, &tasks, Engine::Stepwise))?;
    }

    #[test]
    fn a_fleet_of_one_is_a_replica(case in case(), tasks in tasks()) {
        let case = Case { serving: 1, prefilling: 0, ranks: [None; 2], ..case };
        let case = Case { faults: None, outage: None, ..case };
        let pages = u64::from(case.tokens / PAGE);
        let replica = Replica::new(Ticks, case.limits, pages, case.ttl);
        let alone = simulate(replica, tasks.iter(), case.plan, &mut |_| {});
        let fleet = run(Ticks, &case, &tasks, Engine::Macro);
        prop_assert_eq!(alone.outcomes, fleet.outcomes);
        prop_assert_eq!(alone.meter.tokens, fleet.meter.tokens);
    }
}

pub(super) fn plain(serving: usize, prefilling: usize) -> Case {
    Case {
        serving,
        prefilling,
        ranks: [None; 2],
        routings: [Routing::default(); 2],
        local_below: 0,
        bandwidth: 1e3,
        latency: SimSpan::ZERO,
        tokens: 100_000,
        limits: Limits {
            max_batched_tokens: 4096,
            max_seqs: 64,
            admission: Admission::PromptFits,
            batching: Batching::Mixed,
            rules: Rules::default(),
            groups: 1,
            page_tokens: PAGE,
            state_pages: 0,
        },
        ttl: None,
        faults: None,
        outage: None,
        nics: Vec::new(),
        plan: RunPlan::whole(Load::Arrivals),
    }
}

#[test]
fn a_hand_over_takes_its_bytes_over_the_link() {
    // 1 ms a step; 997 + 3 bytes at 1,000 bytes a second take one second.
    let case = Case { latency: SimSpan::from_ms(5), ..plain(1, 1) };
    let mut fleet = fleet(Ticks, &case, Engine::Macro);
    let tasks = [Task::of_call(997, 4)];
    let result = simulate(&mut fleet, tasks.iter(), case.plan, &mut |_| {});
    let [outcome] = result.outcomes[..] else { panic!("one answer") };
    assert_eq!(outcome.ttft(), SimSpan::from_ms(1));
    assert_eq!(outcome.e2e(), SimSpan::from_ms(1 + 5 + 1000 + 3));
    let handoff = fleet.figures().handoff.unwrap();
    assert_eq!((handoff.count, handoff.bytes), (1, Bytes::new(1000.0)));
    assert_eq!(handoff.transfer.unwrap().p50.to_bits(), 1005f64.to_bits());
}

#[test]
fn two_hand_overs_from_one_replica_share_its_link() {
    let case = plain(2, 1);
    let tasks = [Task::of_call(497, 2), Task::of_call(497, 2)];
    let result = run(Ticks, &case, &tasks, Engine::Macro);
    // The second prompt waits for the first one's step. From 2 ms on each has half of 1,000 bytes a
    // second: the first has 499 of its 500 to go, the second one more than that.
    let ends: Vec<_> = result.outcomes.iter().map(Outcome::e2e).collect();
    assert_eq!(ends, [1 + 1 + 998 + 1, 1 + 1 + 998 + 1 + 1].map(SimSpan::from_ms));
}

#[test]
fn short_prompts_stay_where_they_are_decoded() {
    let case = Case { local_below: 100, ..plain(1, 1) };
    let mut fleet = fleet(Ticks, &case, Engine::Macro);
    let tasks = [Task::of_call(100, 3), Task::of_call(101, 3)];
    simulate(&mut fleet, tasks.iter(), case.plan, &mut |_| {});
    let handoff = fleet.figures().handoff.unwrap();
    assert_eq!((handoff.local, handoff.count), (1, 1));
}

#[test]
fn a_failed_replica_costs_its_kv_and_nothing_else() {
    let case = Case { outage: Some((0, SimSpan::from_ms(3))), ..plain(2, 0) };
    let mut fleet = fleet(Ticks, &case, Engine::Macro);
    let tasks = [Task::of_call(64, 10), Task::of_call(64, 10)];
    let result = simulate(&mut fleet, tasks.iter(), case.plan, &mut |_| {});
    // Three tokens are out when it fails, one of which has no KV yet; the other replica computes
    // the rest after the step that is under way.
    let ends: Vec<_> = result.outcomes.iter().map(|o| (o.e2e().as_ms(), o.output)).collect();
    assert_eq!(ends, [(10.0, 10), (11.0, 10)]);
    let faults = fleet.figures().faults.unwrap();
    assert_eq!((faults.failures, faults.migrated, faults.lost_tokens), (1, 1, 66));
}

/// Sessions that grow: whoever keeps them where they were computes least.
pub(super) fn sessions(count: u64) -> Vec<Task> {
    use memwall::serving::Extent;
    let call = |index: u64, turn: u32| {
        let mut task = Task::of_call(400 + 200 * turn, 40);
        let call = &mut task.chains[0].calls[0];
        let pages = (call.prompt + call.output) / PAGE;
        call.content = vec![Extent { first: 1000 * (index + 1), pages }];
        call.gap = SimSpan::from_ms(37 * (index % 5));
        task.chains.remove(0).calls.remove(0)
    };
    let mut tasks: Vec<_> = (0..count).map(|_| Task::of_call(1, 1)).collect();
    for (index, task) in (0..).zip(&mut tasks) {
        task.chains[0].calls = (0..6).map(|turn| call(index, turn)).collect();
        task.start = SimSpan::from_ms(11 * index);
    }
    tasks
}

#[test]
fn routers_that_look_for_prefixes_find_them() {
    let found = |policy, refresh| {
        let routing = Routing { policy, refresh: SimSpan::from_ms(refresh), ..Routing::default() };
        let case = Case { routings: [routing; 2], ..plain(4, 0) };
        let mut fleet = fleet(Affine { speed: 1.0 }, &case, Engine::Macro);
        let result = simulate(&mut fleet, sessions(60).iter(), case.plan, &mut |_| {});
        let figures = fleet.figures().pools[0].routing;
        assert_eq!(figures.requests, 360);
        assert_eq!(figures.hit_rate(), result.hit_rate());
        result.hit_rate().unwrap()
    };
    let blind = found(Policy::RoundRobin, 0);
    let aware = [Policy::PrefixAffinity, Policy::KvAware, Policy::SessionAffinity];
    for policy in aware {
        assert!(found(policy, 0) > blind + 0.2, "{policy}");
    }
    // What it learns only now and then it cannot use.
    assert!(found(Policy::KvAware, 2000) < found(Policy::KvAware, 0));
}
