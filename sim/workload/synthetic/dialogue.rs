//! A conversation: a few turns, each prompt holding those before it.

use super::agent::Setting;
use super::identity::{Lines, Prefix};
use super::spec::DialogueSpec;
use crate::units::SimSpan;
use crate::workload::{Call, Cause, Chain};

/// Prompts longer than this share of the window are cut, to leave room for the answer.
pub(super) const PROMPT_SHARE: f64 = 0.8;

/// Generates the one chain of a conversation.
///
/// Published traces give prompt lengths request by request, not turn by turn. The turns of a
/// conversation are therefore as many draws in ascending order, which keeps that distribution,
/// each lengthened where it would not hold the turns before it.
pub(super) fn conversation(spec: &DialogueSpec, setting: Setting, task: u64) -> Vec<Chain> {
    let mut lengths = setting.streams.named("workload/lengths", task);
    let mut gaps = setting.streams.named("workload/gaps", task);
    let turns = spec.turns.value.count(&mut lengths).max(1);
    let mut prompts: Vec<_> = (0..turns).map(|_| spec.prompt.value.count(&mut lengths)).collect();
    prompts.sort_unstable();
    let limit = libm::floor(f64::from(setting.window) * PROMPT_SHARE) as u32;
    let mut lines = Lines::of(task);
    let mut context = lines.context(Prefix::shared(0, 0, setting.page_tokens));
    let mut chain = Chain::default();
    let mut history: u32 = 0;
    for (turn, drawn) in prompts.into_iter().enumerate() {
        let prompt = drawn.max(history.saturating_add(1));
        if prompt > limit {
            // A client that hits the limit drops the oldest turns: nothing in common is left.
            context = lines.context(Prefix::shared(0, 0, setting.page_tokens));
        }
        let prompt = prompt.min(limit).max(1);
        let output = spec.output.value.count(&mut lengths).min(setting.window - prompt).max(1);
        let reasoning = spec.reasoning.as_ref().map(|share| share.value.share(&mut lengths));
        let kept = libm::round(f64::from(output) * (1.0 - reasoning.unwrap_or(0.0))) as u32;
        // Reasoning stands between prompt and answer: without it the answer's pages are others.
        let named = if reasoning.is_some() { prompt } else { prompt + output };
        let gap = spec.human_gap.value.span(&mut gaps);
        chain.calls.push(Call {
            prompt,
            output,
            cause: Cause::User,
            gap: if turn == 0 { SimSpan::ZERO } else { gap },
            at: None,
            content: context.content(named, setting.page_tokens),
            spawns: Vec::new(),
            waits_for: Vec::new(),
            after: Vec::new(),
            model: 0,
        });
        history = prompt + kept;
    }
    vec![chain]
}
