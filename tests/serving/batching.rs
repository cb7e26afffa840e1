//! What shares a step: prompts with decodes, or each by itself.

use memwall::serving::{Batching, Engine, Limits, Replica, Request, RequestId, Steps};
use memwall::units::{SimSpan, SimTime};

use super::laws::Affine;

/// A request of 40 tokens whose answer has ten, and one of 200 that comes while it is written.
fn served(batching: Batching, engine: Engine) -> (Vec<Steps>, Vec<(SimSpan, u64)>) {
    let limits = Limits { batching, max_batched_tokens: 64, page_tokens: 16, ..Limits::default() };
    let mut replica = Replica::new(Affine { speed: 1.0 }, limits, 100, None).with_engine(engine);
    replica.keep_notes();
    let request = |id, arrival, prompt| {
        let content = Vec::new();
        Request { id: RequestId(id), arrival, prompt, output: 10, content, model: 0, priority: 0 }
    };
    replica.submit(SimTime::ZERO, request(0, SimTime::ZERO, 40)).expect("it fits");
    replica.start_step(SimTime::ZERO);
    let second = SimTime::ZERO + SimSpan::from_ms(1);
    let (mut done, mut is_second_in) = (Vec::new(), false);
    while done.len() < 2 {
        let end = replica.next_end().expect("there is work");
        let now = if is_second_in || end < second { end } else { second };
        if now == end {
            replica.finish_step(now, &mut done);
        } else {
            replica.submit(now, request(1, now, 200)).expect("it fits");
            is_second_in = true;
        }
        replica.start_step(now);
    }
    let steps = replica.take_notes().filter_map(|note| note.steps).collect();
    (steps, replica.meter().itl.sorted())
}

#[test]
fn prompts_that_go_first_share_no_step_and_decodes_wait_for_all_of_them() {
    for engine in [Engine::Macro, Engine::Stepwise] {
        let (steps, gaps) = served(Batching::PrefillFirst, engine);
        assert!(steps.iter().all(|step| step.decodes == 0 || step.prefill_tokens == 0));
        let chunks: Vec<_> = steps.iter().filter(|step| step.prefill_tokens > 0).collect();
        let tokens: Vec<_> = chunks.iter().map(|chunk| chunk.prefill_tokens).collect();
        assert_eq!(tokens, [40, 64, 64, 64, 8]);
        // The first answer's next token comes one decode step after the last chunk of the second.
        let long = gaps.last().expect("there are gaps").0;
        let stalled = chunks[4].end.since(chunks[1].start);
        let next = steps.iter().find(|step| step.start == chunks[4].end).expect("decodes go on");
        assert_eq!((next.decodes, next.count), (2, 1));
        assert_eq!(long, stalled + next.end.since(next.start));
        assert_eq!(gaps.iter().map(|&(_, count)| count).sum::<u64>(), 18);
    }
}

#[test]
fn mixed_steps_give_every_decode_its_token() {
    let (steps, gaps) = served(Batching::Mixed, Engine::Macro);
    let mixed: Vec<_> = steps.iter().filter(|s| s.decodes > 0 && s.prefill_tokens > 0).collect();
    let tokens: Vec<_> = mixed.iter().map(|step| step.prefill_tokens).collect();
    assert_eq!(tokens, [63, 63, 63, 11]);
    let longest = mixed.iter().map(|step| step.end.since(step.start)).max();
    assert_eq!(gaps.last().map(|&(gap, _)| gap), longest);
}
