//! Latent attention: what a core takes at least.

use memwall::cost::EngineProfile;
use memwall::hardware::Format;
use memwall::model::OpKind;

use crate::cost::{calibrated, decode, mla, named, prefill, seconds};

/// Seconds of `prompts` prompts of so many tokens, 128 heads on a B200.
fn prompts(prompts: u32, tokens: u32) -> f64 {
    let kind = OpKind::Mla(mla(128, Format::Fp8));
    let program = calibrated(kind, &named("b200-sxm"), EngineProfile::Trtllm);
    seconds(&program, &prefill(prompts, 0, tokens, &[]))
}

#[test]
fn a_short_prompt_takes_a_block_of_queries() {
    // What more tokens of a block cost are their own bytes alone.
    let [a, b, c] = [4, 8, 12].map(|tokens| prompts(1024, tokens));
    assert!(b > a && ((c - b) / (b - a) - 1.0).abs() < 1e-6, "{a} {b} {c}");
    assert!(b < 1.1 * a, "{a} {b}");
    // Twice as many prompts take twice as long, but for the launch.
    let [one, two, four] = [1024, 2048, 4096].map(|count| prompts(count, 1));
    assert!(((four - two) / (two - one) / 2.0 - 1.0).abs() < 1e-6);
}

#[test]
fn few_long_contexts_leave_cores_idle() {
    let kind = OpKind::Mla(mla(8, Format::Bf16));
    let program = calibrated(kind, &named("h100-sxm"), EngineProfile::Sglang);
    let slope = |sequences| {
        let time = |context| seconds(&program, &decode(sequences, context, &[]));
        (time(65_536) - time(32_768)) / 32_768.0
    };
    // A key of one context costs more than its share of a key of sixty-four contexts.
    assert!(slope(1) > 1.5 * slope(64) / 64.0, "{} {}", slope(1), slope(64));
}
