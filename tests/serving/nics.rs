//! Hand-over links whose NICs fail and return.

use memwall::cluster::{FleetFigures, Load, NicFigures, RunResult, simulate};
use memwall::serving::{Engine, Outcome};
use memwall::units::{Bytes, SimSpan};
use memwall::workload::Task;

use super::fleet::{Case, fleet, losing, plain};
use super::oracle::{Ticks, assert_equal};

fn run(case: &Case, tasks: &[Task]) -> (RunResult, FleetFigures) {
    let [(fast, figures), (slow, others)] = [Engine::Macro, Engine::Stepwise].map(|engine| {
        let mut fleet = fleet(Ticks, case, engine);
        let result = simulate(&mut fleet, tasks.iter(), case.plan, &mut |_| {});
        (result, fleet.figures())
    });
    assert_equal(&fast, &slow).unwrap();
    assert_eq!((figures.faults, figures.handoff), (others.faults, others.handoff));
    (fast, figures)
}

fn nics(figures: &FleetFigures) -> NicFigures {
    figures.faults.unwrap().nics.unwrap()
}

/// One decodes, one prefills, a millisecond a step; so many of four NICs of one of them fail at
/// 501 ms for 60 ms, when 500 of the 1,000 bytes of a prompt have been sent.
fn halfway(serving: usize, member: usize, count: u32) -> Case {
    Case { nics: vec![losing((member, count), 501, Some(60))], ..plain(serving, 1) }
}

#[test]
fn a_hand_over_begins_anew_over_what_is_left() {
    // At a quarter of the rate 15 bytes of the 1,000 are sent in 60 ms, the others in 985 ms. The
    // decoder's link is one and a half times as fast: with half of it it sets the pace.
    for (member, count, last_ms) in [(1, 3, 501.0 + 60.0 + 985.0), (0, 2, 501.0 + 60.0 + 955.0)] {
        let (result, figures) = run(&halfway(1, member, count), &[Task::of_call(997, 4)]);
        let e2e = result.outcomes[0].e2e().as_ms();
        assert!((e2e - (last_ms + 3.0)).abs() < 1e-6, "{member}: {e2e}");
        let nics = nics(&figures);
        assert_eq!((nics.restarted, nics.rerouted), (1, 0));
        assert!((nics.resent.get() - 500.0).abs() < 1e-6, "{nics:?}");
        assert!((nics.narrow_s - 0.060).abs() < 1e-9, "{nics:?}");
        let (faults, handoff) = (figures.faults.unwrap(), figures.handoff.unwrap());
        assert_eq!((faults.failures, faults.parts, faults.migrated), (1, [0, 0, 0, 1], 0));
        // Sent once, however often it began.
        assert_eq!((handoff.count, handoff.bytes), (1, Bytes::new(1000.0)));
    }
}

#[test]
fn without_any_nic_kv_goes_elsewhere_or_waits_or_is_computed_again() {
    let task = [Task::of_call(997, 4)];
    // Its decoder is cut off: the other one has it a second later, or itself when NICs return.
    for (serving, again_ms) in [(2, 501.0), (1, 561.0)] {
        let (result, figures) = run(&halfway(serving, 0, 4), &task);
        let e2e = result.outcomes[0].e2e().as_ms();
        assert!((e2e - (again_ms + 1000.0 + 3.0)).abs() < 1e-6, "{serving}: {e2e}");
        assert_eq!((nics(&figures).rerouted, nics(&figures).restarted), (1, 0));
        assert_eq!(figures.faults.unwrap().migrated, 0);
        assert_eq!(figures.handoff.unwrap().count, 2);
    }
    // Who prefilled it is cut off: the decoder computes the prompt and its first token's KV in a
    // step, which yields the second token.
    let (result, figures) = run(&halfway(1, 1, 4), &task);
    assert_eq!(result.outcomes[0].e2e(), SimSpan::from_ms(501 + 3));
    let faults = figures.faults.unwrap();
    assert_eq!((faults.migrated, faults.lost_tokens, nics(&figures).rerouted), (1, 997, 1));
}

#[test]
fn less_of_a_link_is_never_faster() {
    let tasks: Vec<_> = (0..12).map(|n| Task::of_call(100 + 37 * n, 5)).collect();
    for member in [0, 1] {
        let mut before = vec![SimSpan::ZERO; tasks.len()];
        let mut ends = Vec::new();
        for count in 0..4 {
            let nics = (count > 0).then(|| losing((member, count), 0, None));
            let mut case = Case { nics: nics.into_iter().collect(), ..plain(1, 1) };
            case.plan.load = Load::Closed { concurrency: 1 };
            let (result, _) = run(&case, &tasks);
            let e2e: Vec<_> = result.outcomes.iter().map(Outcome::e2e).collect();
            assert_eq!(e2e.len(), tasks.len());
            assert!(e2e.iter().zip(&before).all(|(now, before)| now >= before), "{count}");
            before = e2e;
            ends.push(result.ended);
        }
        // What the sender lacks is always felt; a decoder's link has a third to spare.
        let slower = ends.windows(2).filter(|pair| pair[1] > pair[0]).count();
        assert_eq!(slower, if member == 1 { 3 } else { 2 });
    }
}
