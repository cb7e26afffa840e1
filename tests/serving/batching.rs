//! What shares a step: prompts with decodes, or each by itself, or after a wait for company.

use memwall::serving::kv::{Below, Need};
use memwall::serving::{
    Batching, Engine, Extent, Limits, PrefillDelay, Replica, Request, RequestId, Rules, Steps,
};
use memwall::units::{SimSpan, SimTime};

use super::laws::Affine;
use super::oracle::Ticks;

fn request(id: u32, arrival: SimTime, (prompt, output): (u32, u32)) -> Request {
    let content = Vec::new();
    Request { id: RequestId(id), arrival, prompt, output, content, model: 0, priority: 0 }
}

/// A request of 40 tokens whose answer has ten, and one of 200 that comes while it is written.
fn served(batching: Batching, engine: Engine) -> (Vec<Steps>, Vec<(SimSpan, u64)>) {
    let limits = Limits { batching, max_batched_tokens: 64, page_tokens: 16, ..Limits::default() };
    let mut replica = Replica::new(Affine { speed: 1.0 }, limits, 100, None).with_engine(engine);
    replica.keep_notes();
    replica.submit(SimTime::ZERO, request(0, SimTime::ZERO, (40, 10))).expect("it fits");
    replica.start_step(SimTime::ZERO);
    let second = SimTime::ZERO + SimSpan::from_ms(1);
    let (mut done, mut is_second_in) = (Vec::new(), false);
    while done.len() < 2 {
        let end = replica.next_end().expect("there is work");
        let now = if is_second_in || end < second { end } else { second };
        if now == end {
            replica.finish_step(now, &mut done);
        } else {
            replica.submit(now, request(1, now, (200, 10))).expect("it fits");
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

/// Stores that hold all that has content, and take their time.
struct Slow;

impl Below for Slow {
    fn fetch(&mut self, _: SimTime, need: &Need, _: &dyn Fn(u32) -> SimSpan) -> u32 {
        if need.content.is_empty() { 0 } else { need.to - need.from }
    }
}

/// Steps of a replica of 26 pages whose prompts wait two steps for company. Of two requests that
/// are served the second ends after five decodes and gives back eleven pages. Of two that wait
/// the first is fetched, which nobody sees the end of; the second needs those pages.
fn delayed(batching: Batching, engine: Engine) -> Vec<Steps> {
    let delay = Some(PrefillDelay { steps: 2, fill_ppm: 1_000_000 });
    let rules = Rules { delay, ..Rules::default() };
    let limits = Limits { batching, rules, page_tokens: 16, ..Limits::default() };
    let mut replica = Replica::new(Ticks, limits, 26, None).with_engine(engine);
    replica.keep_notes();
    let begin = SimTime::ZERO;
    for (id, lengths) in [(0, (16, 60)), (1, (160, 6))] {
        replica.submit(begin, request(id, begin, lengths)).expect("it fits");
    }
    replica.start_step_over(begin, &mut Slow);
    let content = vec![Extent { first: 900, pages: 7 }];
    let fetched = Request { content, ..request(2, begin, (112, 2)) };
    for request in [fetched, request(3, begin, (160, 2))] {
        replica.submit(begin, request).expect("it fits");
    }
    let mut done = Vec::new();
    while done.len() < 2 {
        let now = replica.next_end().expect("there is work");
        replica.finish_step(now, &mut done);
        replica.start_step_over(now, &mut Slow);
    }
    replica.take_notes().filter_map(|note| note.steps).collect()
}

#[test]
fn a_prompt_whose_wait_for_company_is_over_begins_as_soon_as_there_is_room() {
    for batching in [Batching::Mixed, Batching::PrefillFirst] {
        for engine in [Engine::Macro, Engine::Stepwise] {
            let steps = delayed(batching, engine);
            let prefills: Vec<_> = steps.iter().filter(|step| step.prefill_tokens > 0).collect();
            let tokens: Vec<_> = prefills.iter().map(|step| step.prefill_tokens).collect();
            assert_eq!(tokens, [176, 160], "{batching:?} {engine:?}");
            let before = steps.iter().take_while(|step| step.end <= prefills[1].start);
            let before: u64 = before.map(|step| step.count).sum();
            assert_eq!(before, 6, "{batching:?} {engine:?}");
        }
    }
}
