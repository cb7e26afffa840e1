//! Power caps and two-batch overlap: closed forms, laws, and equal engines.

use memwall::cluster::{Load, RunPlan, simulate};
use memwall::cost::{
    Batch, Calibration, Division, EngineProfile, Envelope, Layout, Pricer, Pricing, StepProgram,
    Stretch, TimeModel,
};
use memwall::economics::PowerModel;
use memwall::hardware::{self, Chip};
use memwall::model::{self, CollectiveKind, Op, OpKind, Plan, compile, forward};
use memwall::serving::{Engine, Limits, Replica};
use memwall::units::{SimSpan, Watts};
use memwall::workload::Task;

use super::serving::assert_equal;

fn chip(name: &str) -> Chip {
    hardware::Catalog::embedded().chip(name).unwrap().clone()
}

fn ops(model: &str, plan: &str) -> Vec<Op> {
    let model = model::Catalog::embedded().model(model).unwrap();
    let plan: Plan = plan.parse().unwrap();
    compile(&forward(&model, &plan, &model.native_precision()).unwrap())
}

fn program(ops: &[Op], chip: &Chip, time: TimeModel, way: (Division, Option<f64>)) -> StepProgram {
    let (division, cap) = way;
    let power = cap.map(|watts| envelope(chip, watts));
    let layout = Layout { ops, division, stretch: Stretch::NONE, power };
    let how = (Calibration::embedded(), Pricing { model: time, engine: EngineProfile::Sglang });
    StepProgram::compile_layout(&layout, chip, how).unwrap()
}

fn envelope(chip: &Chip, watts: f64) -> Envelope {
    PowerModel::embedded().envelope(chip, hardware::Engine::Bf16, Watts::new(watts)).unwrap()
}

fn prompt(program: &StepProgram, tokens: u32) -> Batch {
    let mut batch = Batch { logits: 1, ..Batch::default() };
    batch.prefill.add(0, tokens, program.clips());
    batch
}

/// What `batch` draws beyond idling by the energy of its work, at the clock it runs at.
fn dynamic(program: &StepProgram, envelope: &Envelope, batch: &Batch) -> f64 {
    let demand = program.demand_of(batch);
    let per_flop = envelope.arithmetic.get() / envelope.flop_rate.get();
    let per_byte = envelope.memory.get() / envelope.byte_rate.get();
    let clock = program.clock(batch);
    let joules = demand.flop.get() * per_flop * clock * clock + demand.traffic.get() * per_byte;
    joules / program.price(batch).total.get()
}

/// The same within the chip's own limit, which a step's measured time keeps already.
fn scale(free: &StepProgram, envelope: &Envelope, batch: &Batch) -> f64 {
    let most = envelope.limit.get() - envelope.idle.get();
    (most / dynamic(free, envelope, batch)).min(1.0)
}

#[test]
fn steps_keep_to_the_cap_and_no_lower_than_they_must() {
    let (chip, ops) = (chip("h100-sxm"), ops("llama-3.1-8b", "tp1"));
    for time in TimeModel::ALL {
        for cap in [350.0, 450.0, 550.0] {
            let envelope = envelope(&chip, cap);
            let free = program(&ops, &chip, time, (Division::Whole, None));
            let batch = prompt(&free, 8192);
            let scale = scale(&free, &envelope, &batch);
            let drawn = |program: &StepProgram| {
                envelope.idle.get() + scale * dynamic(program, &envelope, &batch)
            };
            // Prompts take an H100 near its limit.
            assert!((600.0..=700.01).contains(&drawn(&free)), "{time}: {}", drawn(&free));
            let capped = program(&ops, &chip, time, (Division::Whole, Some(cap)));
            let (clock, found) = (capped.clock(&batch), drawn(&capped));
            assert!(clock < 1.0 && found <= cap, "{time}: {clock} {found} {cap}");
            // One 64th more would be too much: power falls with the cube of the clock.
            let step = 3.0 * (found - envelope.idle.get()) / (64.0 * clock);
            assert!(found > cap - 1.1 * step, "{time}: {found} {cap}");
        }
    }
}

/// Under the roofline a step that computes all the time takes 1/φ as long at the share φ of the
/// clock, and draws idle + arithmetic φ³ + memory φ: the clock is the root of that cubic.
#[test]
fn the_clock_of_a_step_that_computes_is_the_root_of_a_cubic() {
    let (chip, ops) = (chip("h100-sxm"), ops("llama-3.1-8b", "tp1"));
    let free = program(&ops, &chip, TimeModel::Roofline, (Division::Whole, None));
    let batch = prompt(&free, 16_384);
    let (demand, seconds) = (free.demand_of(&batch), free.price(&batch).total.get());
    for cap in [380.0, 480.0, 600.0] {
        let envelope = envelope(&chip, cap);
        let scale = scale(&free, &envelope, &batch) / seconds;
        let per_flop = envelope.arithmetic.get() / envelope.flop_rate.get();
        let per_byte = envelope.memory.get() / envelope.byte_rate.get();
        let arithmetic = demand.flop.get() * per_flop * scale;
        let memory = demand.traffic.get() * per_byte * scale;
        let power = |clock: f64| envelope.idle.get() + arithmetic * clock.powi(3) + memory * clock;
        let (mut low, mut high) = (0.25, 1.0);
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if power(middle) > cap { high = middle } else { low = middle }
        }
        let capped = program(&ops, &chip, TimeModel::Roofline, (Division::Whole, Some(cap)));
        let clock = capped.clock(&batch);
        assert!(clock <= low + 0.01 && clock > low - 1.5 / 64.0, "{cap}: {clock} {low}");
        let slower = capped.price(&batch).total.get() / seconds;
        assert!((slower * clock - 1.0).abs() < 0.02, "{cap}: {slower} {clock}");
    }
}

/// HBM has a clock of its own: a step that only reads runs as before at any clock.
#[test]
fn reading_memory_is_not_slowed() {
    let (chip, ops) = (chip("h100-sxm"), ops("llama-3.1-8b", "tp1"));
    let free = program(&ops, &chip, TimeModel::Roofline, (Division::Whole, None));
    let lowest = envelope(&chip, 700.0).floor().get() + 1.0;
    let capped = program(&ops, &chip, TimeModel::Roofline, (Division::Whole, Some(lowest)));
    let batch = Batch::decoding(8, 2000, free.clips());
    let slower = capped.price(&batch).total / free.price(&batch).total;
    assert!((1.0..1.01).contains(&slower), "{slower}");
}

#[test]
fn a_cap_that_is_never_reached_changes_nothing() {
    let (chip, ops) = (chip("b200-sxm"), ops("gpt-oss-20b", "tp1"));
    let free = program(&ops, &chip, TimeModel::Calibrated, (Division::Whole, None));
    let capped = program(&ops, &chip, TimeModel::Calibrated, (Division::Whole, Some(5000.0)));
    for batch in [prompt(&free, 900), Batch::decoding(40, 3000, free.clips())] {
        assert_eq!((&free).cost(&batch), (&capped).cost(&batch));
    }
}

/// Both engines, with steps at many clocks.
#[test]
fn engines_are_equal_under_caps_and_overlap() {
    let load = Load::Closed { concurrency: 24 };
    let plan = RunPlan { warmup: SimSpan::from_ms(50), ..RunPlan::whole(load) };
    let tasks: Vec<Task> =
        (0..80).map(|i| Task::of_call(200 + 97 * i, 20 + 3 * (i % 40))).collect();
    let dense = ops("llama-3.1-8b", "tp1");
    let sparse = ops("deepseek-r1", "tp1-ep8-dp8");
    let (h100, gb200) = (chip("h100-sxm"), chip("gb200"));
    let calibrated = TimeModel::Calibrated;
    let cases = [
        (program(&dense, &h100, calibrated, (Division::Whole, Some(345.0))), true),
        (program(&dense, &h100, TimeModel::Roofline, (Division::Whole, Some(400.0))), true),
        (program(&sparse, &gb200, calibrated, (Division::Halves, None)), false),
        (program(&sparse, &gb200, calibrated, (Division::Halves, Some(690.0))), true),
    ];
    for (program, is_capped) in &cases {
        let run = |engine| {
            let limits = Limits { page_tokens: 16, ..Limits::default() };
            let replica = Replica::new(program, limits, 9000, None).with_engine(engine);
            simulate(replica, tasks.iter(), plan, &mut |_| {})
        };
        let (fast, slow) = (run(Engine::Macro), run(Engine::Stepwise));
        assert_equal(&fast, &slow).unwrap();
        assert_eq!(fast.meter.throttled(), slow.meter.throttled());
        let throttled = fast.meter.throttled();
        assert_eq!(throttled.slow.get() > 0.0, *is_capped, "{throttled:?}");
        assert!(throttled.lost <= throttled.slow);
    }
}

/// Two machines and two jobs of many pieces, by an event at a time.
fn two_machines(compute: f64, exchange: f64, pieces: u32) -> f64 {
    let (mut computed, mut exchanged) = (0.0_f64, 0.0_f64);
    let mut ready = [0.0_f64; 2];
    for _ in 0..pieces {
        for half in &mut ready {
            computed = computed.max(*half) + compute;
            exchanged = exchanged.max(computed) + exchange;
            *half = exchanged;
        }
    }
    exchanged
}

#[test]
fn halves_hide_what_two_machines_do_at_once() {
    let (chip, ops) = (chip("h100-sxm"), ops("deepseek-r1", "tp1-ep32-dp32"));
    let halved = program(&ops, &chip, TimeModel::Roofline, (Division::Halves, None));
    let whole = program(&ops, &chip, TimeModel::Roofline, (Division::Whole, None));
    let is_exchange = |op: &&Op| {
        matches!(&op.kind, OpKind::Collective(c)
            if matches!(c.kind, CollectiveKind::Dispatch | CollectiveKind::Combine))
    };
    let calls: u32 = ops.iter().filter(is_exchange).map(|op| op.count).sum();
    for sequences in [64, 512, 4096] {
        let batch = Batch::decoding(sequences, 4000, halved.clips());
        let half = Batch::decoding(sequences / 2, 4000, halved.clips());
        let times = whole.price_ops(&half);
        let is_exchange = |name: &str| name == "moe.dispatch" || name == "moe.combine";
        let sum = |wanted: bool| -> f64 {
            let of = times.iter().filter(|op| is_exchange(&op.name) == wanted);
            of.map(|op| op.time.get()).sum::<f64>() / f64::from(calls)
        };
        let expected = two_machines(sum(false), sum(true), calls);
        let found = halved.price(&batch).total.get();
        assert!((found / expected - 1.0).abs() < 0.01, "{sequences}: {found} {expected}");
        let hidden = halved.hidden(&batch).unwrap();
        assert!((0.0..=1.0).contains(&hidden.share), "{hidden:?}");
        assert!((hidden.halved.get() - found).abs() < 1e-12);
    }
    // One sequence cannot be halved.
    let one = Batch::decoding(1, 4000, halved.clips());
    let (found, plain) = (halved.price(&one).total.get(), whole.price(&one).total.get());
    assert!((found / plain - 1.0).abs() < 1e-9, "{found} {plain}");
}

/// Weights are read twice: few sequences lose by it, many gain.
#[test]
fn halves_pay_where_exchanges_are_long() {
    let (chip, ops) = (chip("h100-sxm"), ops("deepseek-r1", "tp1-ep32-dp32"));
    let halved = program(&ops, &chip, TimeModel::Calibrated, (Division::Halves, None));
    let gain = |batch: &Batch| {
        let hidden = halved.hidden(batch).unwrap();
        hidden.plain / hidden.halved
    };
    assert!(gain(&Batch::decoding(64, 4000, halved.clips())) < 1.0);
    let mut prompts = Batch { logits: 32, ..Batch::default() };
    (0..32).for_each(|_| prompts.prefill.add(0, 8192, halved.clips()));
    assert!(gain(&prompts) > 1.05, "{}", gain(&prompts));
}
