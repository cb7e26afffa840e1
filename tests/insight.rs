//! What would move the wall, against closed forms of the roofline.

use memwall::cluster::{Load, Order, RunPlan, Ways, simulate};
use memwall::cost::{Batch, EngineProfile, Pricing, Stretch, TimeModel};
use memwall::hardware::{Catalog, Engine, Format, Resource};
use memwall::insight::{Lever, Slope, TILT, crossovers, slopes};
use memwall::model::{Catalog as Models, Plan, Precision, Weights};
use memwall::serving::{Admission, Batching, Limits, Rules};
use memwall::workload::Task;

/// llama-3.1-8b in BF16 on one H100 under the roofline, with room for `max_seqs` sequences.
fn on_roofline<T>(max_seqs: u32, use_it: impl FnOnce(&Order) -> T) -> T {
    let catalog = Catalog::embedded();
    let model = Models::embedded().model("llama-3.1-8b").unwrap();
    use_it(&Order {
        chip: catalog.chip("h100-sxm").unwrap(),
        model: &model,
        plan: Plan::tp(1),
        precision: Precision { weights: Weights::All(Format::Bf16), kv: Format::Bf16 },
        limits: Limits {
            max_batched_tokens: 2048,
            max_seqs,
            admission: Admission::PromptFits,
            batching: Batching::Mixed,
            rules: Rules::default(),
            page_tokens: 16,
            state_pages: 0,
            groups: 1,
        },
        pricing: Pricing { model: TimeModel::Roofline, engine: EngineProfile::Vllm },
        kv: None,
        stretch: Stretch::NONE,
        longest: 4096,
        ways: Ways::default(),
    })
}

/// Output tokens per second of calls that are all there from the start.
fn output(order: &Order, prompt: u32, answer: u32) -> f64 {
    let deployment = order.deploy().expect("it fits");
    let tasks = std::iter::repeat_with(|| Task::of_call(prompt, answer)).take(200);
    let plan = RunPlan::whole(Load::Arrivals);
    simulate(deployment.replica(None), tasks, plan, &mut |_| {}).output_tok_s()
}

fn elasticities(order: &Order, prompt: u32, answer: u32) -> Vec<(Lever, Slope)> {
    let pulled = |lever: Lever, factor: f64| {
        let (chip, stretch) = lever.pull(order.chip, order.stretch, factor);
        output(&Order { chip: &chip, stretch, ..*order }, prompt, answer)
    };
    let levers = Lever::of(order);
    let ends: Vec<_> =
        levers.iter().map(|&of| Some((pulled(of, TILT), pulled(of, 1.0 / TILT)))).collect();
    let found = slopes(output(order, prompt, answer), &ends, TILT);
    levers.into_iter().zip(found.into_iter().map(|slope| slope.expect("it ran"))).collect()
}

fn of(found: &[(Lever, Slope)], resource: Resource) -> f64 {
    found.iter().find(|(lever, _)| *lever == Lever::Resource(resource)).unwrap().1.value
}

/// A busy replica's time is homogeneous in what it is made of: twice of everything, half the time.
#[test]
fn elasticities_of_a_busy_roofline_sum_to_one() {
    for (prompt, answer, max_seqs) in [(100, 200, 16), (4000, 8, 64), (1000, 100, 200)] {
        let found = on_roofline(max_seqs, |order| elasticities(order, prompt, answer));
        let resources = [Resource::HbmBandwidth, Resource::Compute, Resource::Interconnect];
        let sum: f64 = resources.map(|resource| of(&found, resource)).iter().sum();
        let error = found[0].1.error.expect("there are several levers");
        assert!((sum - 1.0).abs() < 0.02 + 2.0 * error, "{prompt}/{answer}: {sum} ± {error}");
    }
}

#[test]
fn small_batches_follow_bandwidth_and_long_prompts_compute() {
    let decode = on_roofline(4, |order| elasticities(order, 16, 400));
    assert!((of(&decode, Resource::HbmBandwidth) - 1.0).abs() < 0.02, "{decode:?}");
    assert!(of(&decode, Resource::HbmCapacity).abs() < 1e-9, "four sequences need no more room");
    let prefill = on_roofline(64, |order| elasticities(order, 4000, 1));
    // Norms and activations stream through HBM even so.
    assert!((0.85..1.01).contains(&of(&prefill, Resource::Compute)), "{prefill:?}");
}

/// KV of a batch is read as long as the weights when it is as large as they are.
#[test]
fn decode_turns_where_bytes_and_operations_say() {
    let (turns, weights, per_token) = on_roofline(1, |order| {
        let deployment = order.deploy().expect("it fits");
        let all = order.model.weight_bytes(&order.precision, &order.plan).get();
        // The embedding table is looked up, not read.
        let table = f64::from(order.model.vocab) * f64::from(order.model.hidden) * 2.0;
        let kv = order.model.kv_bytes_per_token(order.precision.kv, &order.plan).get();
        (crossovers(&deployment), all - table, kv)
    });
    assert!(turns.len() > 5 && turns.is_sorted_by_key(|turn| turn.context));
    for turn in turns {
        let expected = weights / (per_token * f64::from(turn.context));
        match turn.kv_batch {
            Some(batch) => {
                let error = f64::from(batch) / expected - 1.0;
                // Products also read the activations of the batch.
                assert!(error.abs() < 0.06 + 1.0 / expected, "{turn:?}: {expected}");
                assert!(batch <= turn.capacity_batch);
            }
            None => assert!(expected > f64::from(turn.capacity_batch) * 0.94, "{turn:?}"),
        }
        // GQA of 4 heads a KV head does 4 operations a byte: KV keeps decode under the roof.
        assert!(turn.compute_batch.is_none_or(|batch| turn.context < 2_000 && batch > 200));
    }
}

/// Seconds of one decode step under the roofline, with so many times the bandwidth, the arithmetic.
fn step(order: &Order, batch: u32, context: u32, lever: Lever, factor: f64) -> f64 {
    let (chip, stretch) = lever.pull(order.chip, order.stretch, factor);
    let deployment = Order { chip: &chip, stretch, ..*order }.deploy().expect("it fits");
    let program = &deployment.program;
    program.price(&Batch::decoding(batch, context, program.clips())).parts.total().get()
}

/// An operator of the roofline takes the longer of its bytes over the bandwidth and its operations
/// over the peak. So the elasticity of a step's speed is, in closed form, the share of its time
/// that is spent on the operators which the resource bounds, and these shares sum to one.
#[test]
fn on_a_pure_roofline_elasticities_are_the_shares_of_the_bounds() {
    on_roofline(256, |order| {
        let deployment = order.deploy().expect("it fits");
        let program = &deployment.program;
        let (bandwidth, peak) =
            (order.chip.memory.bandwidth.get(), order.chip.peak(Engine::Bf16).unwrap().get());
        for (batch, context) in [(1, 1_000), (16, 8_000), (256, 1_000), (128, 60)] {
            let ops = program.price_ops(&Batch::decoding(batch, context, program.clips()));
            let (mut by_bytes, mut by_flops) = (0.0, 0.0);
            for op in &ops {
                let (bytes, flops) = (op.bytes.get() / bandwidth, op.flops.get() / peak);
                if bytes >= flops { by_bytes += bytes } else { by_flops += flops }
            }
            let total = by_bytes + by_flops;
            let small = 1.0001;
            for (resource, expected) in [
                (Resource::HbmBandwidth, by_bytes / total),
                (Resource::Compute, by_flops / total),
                (Resource::Interconnect, 0.0),
            ] {
                let lever = Lever::Resource(resource);
                let speed = |factor| 1.0 / step(order, batch, context, lever, factor);
                let ends = [Some((speed(small), speed(1.0 / small)))];
                let found = slopes(speed(1.0), &ends, small)[0].expect("it ran").value;
                assert!(
                    (found - expected).abs() < 1e-3,
                    "{resource:?} at {batch} of {context}: {found} for {expected}"
                );
            }
        }
    });
}
