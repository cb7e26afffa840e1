//! Gains of techniques against closed forms, and runs that are looked at from inside.

use memwall::cluster::{
    Drive, Order, RunResult, Slo, TaskPool, Terms, TrialLength, Ways, at_load, look_inside,
};
use memwall::cost::{EngineProfile, Pricing, Stretch, TimeModel};
use memwall::hardware::{Catalog, Format};
use memwall::insight::{
    Along, Bench, Contrast, Factorial, Sram, Switches, Technique, Variant, stages, whole_life,
};
use memwall::model::{Catalog as Models, Model, Plan, Precision, Weights};
use memwall::serving::{Admission, Batching, Engine, Limits, Rules};
use memwall::units::{Bytes, BytesPerSec, SimSpan};
use memwall::workload::{Call, Chain, Task, embedded_workloads};

const CLIENTS: u32 = 8;
const PROMPT: u32 = 16;
const ANSWER: u32 = 2000;

fn order<'a>(catalog: &'a Catalog, model: &'a Model, time: TimeModel) -> Order<'a> {
    Order {
        chip: catalog.chip("h100-sxm").unwrap(),
        model,
        plan: Plan::tp(1),
        precision: Precision { weights: Weights::All(Format::Fp8), kv: Format::Fp8 },
        limits: Limits {
            max_batched_tokens: 2048,
            max_seqs: 256,
            admission: Admission::PromptFits,
            batching: Batching::Mixed,
            rules: Rules::default(),
            page_tokens: 64,
            state_pages: 0,
            groups: 1,
        },
        pricing: Pricing { model: time, engine: EngineProfile::Vllm },
        kv: None,
        stretch: Stretch::NONE,
        longest: 4096,
        ways: Ways::default(),
    }
}

fn bench<'a>(order: &Order<'a>) -> Bench<'a> {
    let variant = Variant { order: *order, speculation: None };
    Bench {
        chip: order.chip,
        variants: [[Some(variant), None], [None, None]],
        is_sparse: false,
        plan: Some(Plan::tp(1)),
        wide: vec![8],
        pools: None,
        below: Err("there are none".into()),
        bigger: 4,
        sram: Sram { capacity: Bytes::new(5e8), bandwidth: BytesPerSec::new(150e12) },
        pim: 4.0,
    }
}

const SHORT: TrialLength = TrialLength {
    warmup: SimSpan::ZERO,
    horizon: SimSpan::from_ms(36_000_000),
    requests: CLIENTS as u64,
};

fn terms(pool: &TaskPool, drive: Drive, length: TrialLength) -> Terms<'_> {
    Terms {
        drive,
        seed: 0,
        slo: Slo::new(1e9, 1e9),
        pool,
        bracket: length,
        confirm: length,
        ttl: None,
        engine: Engine::Macro,
        below: None,
    }
}

/// The figures of all combinations of `studied`, at a fixed load of equal calls.
fn figures(studied: &[Technique], prompt: u32, answer: u32) -> Vec<Option<f64>> {
    let (catalog, models) = (Catalog::embedded(), Models::embedded());
    let model = models.model("llama-3.1-8b").unwrap();
    let order = order(&catalog, &model, TimeModel::Roofline);
    let bench = bench(&order);
    let tasks = (0..4 * CLIENTS).map(|_| Task::of_call(prompt, answer)).collect();
    let pool = TaskPool::recorded(tasks);
    let terms = terms(&pool, Drive::Concurrency(CLIENTS), SHORT);
    let figure = |on| {
        let best = bench.measure(Switches { studied, on }, &terms).ok()?;
        Some(best.output_tok_s_per_gpu)
    };
    (0..1 << studied.len()).map(figure).collect()
}

/// Bytes that a decode step of the test's batch reads on average, weights and KV.
fn bytes(weights: Format, kv: Format) -> [f64; 2] {
    let model = Models::embedded().model("llama-3.1-8b").unwrap();
    let precision = Precision { weights: Weights::All(weights), kv };
    let plan = Plan::tp(1);
    // The embedding table is looked up, not read.
    let table = f64::from(model.vocab) * f64::from(model.hidden) * 2.0;
    let context = f64::from(PROMPT) + f64::from(ANSWER) / 2.0;
    let kv = model.kv_bytes_per_token(kv, &plan).get() * context * f64::from(CLIENTS);
    [model.weight_bytes(&precision, &plan).get() - table, kv]
}

/// A step takes as long as its weights and its KV, one after the other: narrower ones gain what
/// their bytes say, alone, last and together.
#[test]
fn narrow_formats_gain_what_their_bytes_say() {
    let studied = [Technique::KvPrecision, Technique::WeightPrecision];
    let found = Factorial::new(2, &figures(&studied, PROMPT, ANSWER));
    let time = |weights, kv| bytes(weights, kv).iter().sum::<f64>();
    let none = time(Format::Bf16, Format::Bf16);
    let (kv, weights) = (time(Format::Bf16, Format::Fp8), time(Format::Fp8, Format::Bf16));
    let both = time(Format::Fp8, Format::Fp8);
    let ratio = |contrast: &Contrast| libm::exp(found.value(contrast).expect("all run"));
    for (contrast, expected) in [
        (found.alone(0), none / kv),
        (found.alone(1), none / weights),
        (found.last(0), weights / both),
        (found.last(1), kv / both),
        (found.joint(), none / both),
        (found.shapley(1).unwrap(), ((none / weights) * (kv / both)).sqrt()),
        (found.pair_alone(0, 1), kv * weights / (none * both)),
    ] {
        // Products also read activations, and a prompt is prefilled.
        let gain = ratio(&contrast);
        assert!((gain / expected - 1.0).abs() < 0.02, "{gain} for {expected}");
    }
}

/// KV read inside the banks takes a quarter of the time; weights are read as before.
#[test]
fn memory_that_computes_gains_what_kv_took() {
    let found = figures(&[Technique::Pim], PROMPT, ANSWER);
    let gain = found[1].unwrap() / found[0].unwrap();
    let [weights, kv] = bytes(Format::Fp8, Format::Fp8);
    let expected = (weights + kv) / (weights + kv / 4.0);
    assert!((gain / expected - 1.0).abs() < 0.02, "{gain} for {expected}");
}

#[test]
fn what_changes_nothing_gains_nothing() {
    // Calls share nothing, and no prompt is longer than a step.
    let studied = [Technique::PrefixCache, Technique::Chunking, Technique::KvPrecision];
    let found = figures(&studied, PROMPT, 50);
    let factorial = Factorial::new(3, &found);
    for (idle, technique) in studied.iter().enumerate().take(2) {
        let shapley = factorial.shapley(idle).expect("all run");
        assert!(factorial.value(&shapley).unwrap().abs() < 1e-9, "{technique}");
    }
    assert!(factorial.value(&factorial.alone(2)).unwrap() > 0.0);
}

/// Without techniques around it, a setup is the replica that `wall` measures.
#[test]
fn a_plain_setup_is_a_replica() {
    let (catalog, models) = (Catalog::embedded(), Models::embedded());
    let model = models.model("llama-3.1-8b").unwrap();
    let order = order(&catalog, &model, TimeModel::Calibrated);
    let pool = chat(&model);
    let terms = terms(&pool, Drive::Concurrency(24), LONG);
    let plain = at_load(&order, 24, &terms).expect("it fits").result;
    let best = bench(&order).measure(Switches { studied: &[], on: 0 }, &terms).ok().unwrap();
    assert_eq!(plain.outcomes, best.result.outcomes);
    assert_eq!(plain.meter.work(), best.result.meter.work());
}

const LONG: TrialLength = TrialLength {
    warmup: SimSpan::from_ms(60_000),
    horizon: SimSpan::from_ms(3_600_000),
    requests: 300,
};

fn chat(model: &Model) -> TaskPool {
    let work = embedded_workloads().find(|work| work.name() == "chat").expect("it is shipped");
    let tasks = work.tasks(7, 64, model.context.min(4096)).expect("it generates");
    let underway = (0..64).map(|slot| TaskPool::underway_in(&tasks, slot)).collect();
    TaskPool::generated(tasks, underway)
}

/// A run that is watched is the run, and every second of every client within its window is
/// accounted for: Little's law, whatever of a life lies outside.
#[test]
fn what_is_watched_is_the_same_and_obeys_littles_law() {
    let (catalog, models) = (Catalog::embedded(), Models::embedded());
    let model = models.model("llama-3.1-8b").unwrap();
    let order = order(&catalog, &model, TimeModel::Calibrated);
    let pool = chat(&model);
    // A window without a warm-up, one behind one, and one much shorter than a pause.
    let brief = TrialLength { horizon: SimSpan::from_ms(70_000), ..LONG };
    let cold = TrialLength { warmup: SimSpan::ZERO, ..LONG };
    for (engine, length) in [Engine::Macro, Engine::Stepwise]
        .into_iter()
        .flat_map(|e| [LONG, brief, cold].map(|l| (e, l)))
    {
        let terms = Terms { engine, ..terms(&pool, Drive::Concurrency(24), length) };
        let plain: RunResult = at_load(&order, 24, &terms).expect("it fits").result;
        let inside = look_inside(&order, Some(24), &terms).expect("it fits");
        assert_eq!(plain.outcomes, inside.result.outcomes, "{engine:?}");
        assert_eq!(plain.meter.busy(), inside.result.meter.busy(), "{engine:?}");
        let answered = inside.lives.iter().filter(|life| life.is_answered).count();
        assert_eq!(answered, plain.outcomes.len());
        // Nobody in a chat has sub-agents: 24 are at work at any time.
        assert!((inside.agents() / 24.0 - 1.0).abs() < 1e-6, "{} at work", inside.agents());
        let life = whole_life(&stages(&inside.lives, Along::Context, inside.calls_per_task));
        let expected = 24.0 * inside.seconds_per_task().expect("calls were answered");
        assert!((life.total() / expected - 1.0).abs() < 1e-6, "{} {expected}", life.total());
        // Main agents' calls are the same life, call by call.
        let by_call = whole_life(&stages(&inside.lives, Along::Calls, inside.calls_per_task));
        assert!((by_call.total() / expected - 1.0).abs() < 1e-6);
    }
}

/// An agent that waits for sub-agents is not at work; they are.
#[test]
fn sub_agents_work_side_by_side() {
    let (catalog, models) = (Catalog::embedded(), Models::embedded());
    let model = models.model("llama-3.1-8b").unwrap();
    let order = order(&catalog, &model, TimeModel::Calibrated);
    let pause = SimSpan::from_ms(100_000);
    let call = |spawns: &[u32], waits_for: &[u32]| Call {
        gap: pause,
        spawns: spawns.to_vec(),
        waits_for: waits_for.to_vec(),
        ..Task::of_call(100, 10).chains[0].calls[0].clone()
    };
    let main = Chain { calls: vec![call(&[1, 2, 3], &[]), call(&[], &[1, 2, 3])] };
    let sub = Chain { calls: vec![call(&[], &[])] };
    let chains = vec![main, sub.clone(), sub.clone(), sub];
    let task = Task { label: String::new(), start: SimSpan::ZERO, chains };
    let pool = TaskPool::recorded(vec![task; 400]);
    let inside = {
        let terms = terms(&pool, Drive::Concurrency(4), LONG);
        look_inside(&order, Some(4), &terms).expect("it fits")
    };
    // Of the three pauses of a task two have one agent at work, one has three.
    let agents = inside.agents() / 4.0;
    assert!((agents / (5.0 / 3.0) - 1.0).abs() < 0.05, "{agents} a task");
    let mains = inside.lives.iter().filter(|life| life.number.is_some()).count();
    let share = mains as f64 / inside.lives.len() as f64;
    assert!((share - 0.4).abs() < 0.05, "{share} of all calls are main agents'");
}

/// Under the roofline HBM's time is its bytes: KV's part is what the contexts say.
#[test]
fn kvs_part_of_hbm_is_its_bytes() {
    let (catalog, models) = (Catalog::embedded(), Models::embedded());
    let model = models.model("llama-3.1-8b").unwrap();
    let order = order(&catalog, &model, TimeModel::Roofline);
    let tasks = (0..4 * CLIENTS).map(|_| Task::of_call(PROMPT, ANSWER)).collect();
    let pool = TaskPool::recorded(tasks);
    let terms = terms(&pool, Drive::Concurrency(CLIENTS), SHORT);
    let inside = look_inside(&order, Some(CLIENTS), &terms).expect("it fits");
    let [weights, kv] = bytes(Format::Fp8, Format::Fp8);
    let expected = kv / (weights + kv);
    let found = inside.decode_hbm.kv_share();
    assert!((found / expected - 1.0).abs() < 0.02, "{found} for {expected}");
}
