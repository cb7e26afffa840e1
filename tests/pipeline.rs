//! Pipeline stages: closed forms of a flow shop, and laws.

use memwall::cost::{
    Batch, Calibration, Division, EngineProfile, Pricer, Pricing, StepProgram, Stretch, TimeModel,
};
use memwall::hardware;
use memwall::model::{self, Plan, compile, forward, stages};

const TOKENS: u32 = 512;

fn program(model: &str, chip: &str, plan: &str, time: TimeModel) -> StepProgram {
    divided((model, chip, plan, time), TOKENS)
}

/// A model on a chip, its stages' prompts cut into micro-batches of so many tokens.
pub(crate) fn divided(
    (model, chip, plan, time): (&str, &str, &str, TimeModel),
    tokens: u32,
) -> StepProgram {
    let chips = hardware::Catalog::embedded();
    let model = model::Catalog::embedded().model(model).unwrap();
    let plan: Plan = plan.parse().unwrap();
    let precision = model.native_precision();
    let ops = compile(&forward(&model, &plan, &precision).unwrap());
    let stages = stages(&model, &plan, &precision).unwrap();
    let how = (Calibration::embedded(), Pricing { model: time, engine: EngineProfile::Vllm });
    let division = Division::Stages { stages: &stages, tokens };
    let chip = chips.chip(chip).unwrap();
    StepProgram::compile_divided(&ops, division, chip, how, Stretch::NONE).unwrap()
}

fn seconds(program: &StepProgram, batch: &Batch) -> f64 {
    program.price(batch).total.get()
}

fn decodes(program: &StepProgram, count: u32) -> Batch {
    Batch::decoding(count, 2000, program.clips())
}

fn prompt(program: &StepProgram, tokens: u32) -> Batch {
    let mut batch = Batch { logits: 1, ..Batch::default() };
    batch.prefill.add(0, tokens, program.clips());
    batch
}

#[test]
fn the_stages_together_are_the_pass() {
    for (name, plan) in [
        ("llama-3.1-70b", "tp2-pp4"),
        ("deepseek-r1", "tp1-pp3-ep8-dp8"),
        ("gpt-oss-20b", "tp1-pp5"),
        ("qwen3-next-80b", "tp4-pp3"),
    ] {
        let model = model::Catalog::embedded().model(name).unwrap();
        let plan: Plan = plan.parse().unwrap();
        let precision = model.native_precision();
        let total = |ops: &[memwall::model::Op]| -> u32 { ops.iter().map(|op| op.count).sum() };
        let whole = compile(&forward(&model, &plan, &precision).unwrap());
        let stages = stages(&model, &plan, &precision).unwrap();
        assert_eq!(stages.len(), plan.pp as usize);
        assert_eq!(stages.iter().map(|ops| total(ops)).sum::<u32>(), total(&whole), "{name}");
        for op in &whole {
            let count = |ops: &[memwall::model::Op]| -> u32 {
                let alike = |other: &&memwall::model::Op| {
                    (&other.name, &other.kind) == (&op.name, &op.kind)
                };
                ops.iter().filter(alike).map(|op| op.count).sum()
            };
            let staged: u32 = stages.iter().map(|ops| count(ops)).sum();
            assert_eq!(staged, count(&whole), "{name}: {}", op.name);
        }
    }
}

/// One sequence is on its way through all stages alone, as through one chip that has all layers,
/// but for the hand-overs.
#[test]
fn one_sequence_passes_stage_after_stage() {
    for time in TimeModel::ALL {
        let alone = program("llama-3.1-70b", "b200-sxm", "tp1", time);
        let staged = program("llama-3.1-70b", "b200-sxm", "tp1-pp4", time);
        let sends: f64 = staged
            .price_ops(&decodes(&staged, 1))
            .iter()
            .filter(|op| op.name == "pipeline.send")
            .map(|op| op.time.get())
            .sum();
        assert!(sends > 0.0);
        // The launch of each of the three sends is the host's.
        let launches = if time == TimeModel::Calibrated { 3.0 * 1.6e-6 } else { 0.0 };
        let expected = seconds(&alone, &decodes(&alone, 1)) + sends + launches;
        let found = seconds(&staged, &decodes(&staged, 1));
        assert!((found / expected - 1.0).abs() < 1e-4, "{time}: {found} {expected}");
        let beat = staged.beat(&decodes(&staged, 1)).unwrap();
        assert_eq!((beat.stages, beat.micro_batches), (4, 1));
        // Three of four stages wait at any time, and all of them for the scheduler.
        assert!((0.75..0.85).contains(&beat.bubbles), "{beat:?}");
    }
}

/// With a micro-batch for each stage the round is as long as the slowest stage works for all.
#[test]
fn a_full_pipeline_has_no_bubbles_but_those_of_unequal_stages() {
    let staged = program("llama-3.1-70b", "b200-sxm", "tp1-pp4", TimeModel::Roofline);
    let alone = program("llama-3.1-70b", "b200-sxm", "tp1", TimeModel::Roofline);
    let beat = staged.beat(&decodes(&staged, 64)).unwrap();
    assert_eq!(beat.micro_batches, 4);
    assert!(beat.bubbles > 0.0 && beat.bubbles < 0.06, "{beat:?}");
    // Each stage reads its quarter of the weights four times in a round.
    let ideal = seconds(&alone, &decodes(&alone, 16));
    let stretch = beat.round.get() * (1.0 - beat.bubbles) / ideal;
    assert!((1.0..1.01).contains(&stretch), "{stretch}");
    let fewer = staged.beat(&decodes(&staged, 2)).unwrap();
    assert!((fewer.bubbles - 0.5).abs() < 0.03, "{fewer:?}");
}

/// k full chunks through p stages that are empty before take (k + p − 1)/p of what they take one
/// after another.
#[test]
fn chunks_of_a_prompt_follow_each_other() {
    let staged = program("llama-3.1-70b", "b200-sxm", "tp1-pp4", TimeModel::Roofline);
    let chunk = seconds(&staged, &prompt(&staged, TOKENS));
    for chunks in 1..4u32 {
        let found = seconds(&staged, &prompt(&staged, TOKENS * chunks));
        let expected = chunk * f64::from(chunks + 3) / 4.0;
        assert!((found / expected - 1.0).abs() < 0.08, "{chunks}: {}", found / expected);
    }
    // A full round is followed by another: it takes no longer than its stages work.
    let full = seconds(&staged, &prompt(&staged, TOKENS * 4));
    assert!((full / chunk - 1.0).abs() < 0.12, "{}", full / chunk);
}

/// What the stages wait for when one micro-batch has prompts and the others have none.
#[test]
fn uneven_micro_batches_leave_bubbles() {
    let staged = program("llama-3.1-70b", "b200-sxm", "tp1-pp4", TimeModel::Calibrated);
    let with = |tokens: u32| {
        let mut batch = decodes(&staged, 32);
        batch.prefill.add(0, tokens, staged.clips());
        staged.beat(&batch).unwrap().bubbles
    };
    let even = staged.beat(&decodes(&staged, 32)).unwrap().bubbles;
    assert!(with(400) > even + 0.2, "{} {even}", with(400));
    assert!(with(4 * (TOKENS - 8)) < with(400) / 2.0);
}

/// Whatever the batch: never shorter than the mean of its stages' work, never longer than one
/// micro-batch after another.
#[test]
fn a_round_lies_between_its_bounds() {
    for (name, chip, plan) in [
        ("llama-3.1-70b", "h100-sxm", "tp2-pp4"),
        ("deepseek-r1", "gb200", "tp1-pp2-ep8-dp8"),
        ("gpt-oss-120b", "b200-sxm", "tp1-pp3"),
    ] {
        let staged = program(name, chip, plan, TimeModel::Calibrated);
        for (count, tokens) in [(1, 0), (7, 0), (64, 0), (0, 300), (5, 300), (33, 1200)] {
            let mut batch = if count > 0 { decodes(&staged, count) } else { Batch::default() };
            if tokens > 0 {
                batch.prefill.add(100, tokens, staged.clips());
                batch.logits += 1;
            }
            let beat = staged.beat(&batch).unwrap();
            assert!((0.0..1.0).contains(&beat.bubbles), "{plan} {count} {tokens}: {beat:?}");
            let one_by_one = beat.round.get() * (1.0 - beat.bubbles) * f64::from(beat.stages);
            let host = 1e-3 * f64::from(beat.micro_batches);
            assert!(beat.round.get() <= one_by_one + host, "{plan} {count} {tokens}: {beat:?}");
            assert_eq!((&staged).cost(&batch).span(), (&staged).cost(&batch).span());
        }
    }
}

/// A chip in another domain is reached over the network.
#[test]
fn stages_in_other_boxes_are_farther() {
    let send = |plan: &str| {
        let staged = program("llama-3.1-70b", "h100-sxm", plan, TimeModel::Roofline);
        let ops = staged.price_ops(&decodes(&staged, 256));
        ops.into_iter().filter(|op| op.name == "pipeline.send").map(|op| op.time.get()).sum::<f64>()
    };
    // 450 GB/s of NVLink, 50 GB/s of the NIC.
    assert!((send("tp8-pp2") / send("tp4-pp2") - 9.0).abs() < 1e-6);
}
