//! Context parallelism: closed forms of what groups compute, hold and pass on.

use memwall::cost::{
    Batch, Bound, Calibration, EngineProfile, OpTime, Pricing, StepProgram, TimeModel,
};
use memwall::hardware::{self, Chip, Format};
use memwall::model::{self, Model, Op, Plan, compile, forward};

fn model(name: &str) -> Model {
    model::Catalog::embedded().model(name).unwrap().clone()
}

fn plan(text: &str) -> Plan {
    text.parse().unwrap()
}

fn ops(name: &str, as_plan: &str) -> Vec<Op> {
    let model = model(name);
    compile(&forward(&model, &plan(as_plan), &model.native_precision()).unwrap())
}

fn chip(name: &str) -> Chip {
    hardware::Catalog::embedded().chip(name).unwrap().clone()
}

fn on(ops: &[Op], chip: &Chip, time: TimeModel) -> StepProgram {
    let how = Pricing { model: time, engine: EngineProfile::Vllm };
    StepProgram::compile(ops, chip, Calibration::embedded(), how).unwrap()
}

fn program(name: &str, as_plan: &str) -> StepProgram {
    on(&ops(name, as_plan), &chip("h100-sxm"), TimeModel::Calibrated)
}

fn prompt(program: &StepProgram, past: u32, new: u32) -> Batch {
    let mut batch = Batch { logits: 1, ..Batch::default() };
    batch.prefill.add(past, new, program.clips());
    batch
}

fn find(program: &StepProgram, batch: &Batch, name: &str) -> OpTime {
    program.price_ops(batch).into_iter().find(|op| op.name == name).unwrap()
}

/// Softmax attention of one rank: queries on it, KV heads, width of a head.
const HEADS: f64 = 8.0;
const WIDTH: f64 = 128.0;

#[test]
fn one_part_is_no_context_parallelism() {
    for name in ["llama-3.1-70b", "deepseek-r1", "qwen3-next-80b"] {
        assert_eq!(ops(name, "tp4-cp1"), ops(name, "tp4"));
        assert!(ops(name, "tp4").iter().all(|op| !op.name.starts_with("attn.pass")));
    }
}

#[test]
fn what_a_long_prompt_computes_is_divided() {
    let whole = program("llama-3.1-70b", "tp8");
    for cp in [2u32, 4, 8] {
        let parted = program("llama-3.1-70b", &format!("tp8-cp{cp}"));
        let batches = (prompt(&whole, 0, 1 << 18), prompt(&parted, 0, 1 << 18));
        for name in ["attn.core", "attn.qkv", "mlp.up"] {
            let (all, part) = (find(&whole, &batches.0, name), find(&parted, &batches.1, name));
            let flops = all.flops.get() / part.flops.get();
            assert!((flops / f64::from(cp) - 1.0).abs() < 1e-6, "{name} cp{cp}: {flops}");
            let times = all.parts[Bound::Compute] / part.parts[Bound::Compute];
            assert!((times / f64::from(cp) - 1.0).abs() < 0.02, "{name} cp{cp}: {times}");
        }
    }
}

/// Keys and values go round, (N − 1)/N of them over each rank's wire; or queries do where few are
/// new, and outputs come back.
#[test]
fn the_wires_carry_what_is_cheaper_to_pass() {
    let parted = program("llama-3.1-70b", "tp8-cp4");
    let kv = model("llama-3.1-70b").kv.bytes();
    let wire = |past, new| {
        let op = find(&parted, &prompt(&parted, past, new), "attn.pass");
        op.wire.get() / f64::from(op.count)
    };
    let key = 2.0 * WIDTH * kv;
    let keys = |tokens: u32| 0.75 * f64::from(tokens) * key;
    assert!((wire(0, 65_536) / keys(65_536) - 1.0).abs() < 1e-9);
    // Past ones as well.
    assert!((wire(65_536, 65_536) / keys(131_072) - 1.0).abs() < 1e-9);
    // 512 queries over 256 k keys: queries out, outputs back, 16 bits each.
    let tokens = 0.75 * 512.0 * HEADS * WIDTH * 2.0;
    assert!((wire(262_144 - 512, 512) / (2.0 * tokens) - 1.0).abs() < 1e-9);
    // A latent is passed once for all heads.
    let latent = program("deepseek-r1", "tp8-cp2");
    let op = find(&latent, &prompt(&latent, 0, 32_768), "attn.pass");
    let passed = op.wire.get() / f64::from(op.count);
    let expected = 0.5 * 32_768.0 * 576.0 * model("deepseek-r1").kv.bytes();
    assert!((passed / expected - 1.0).abs() < 1e-9, "{passed} {expected}");
}

/// All of it is hidden where attention takes longer, but the launches of further kernels.
#[test]
fn passing_is_hidden_behind_attention_as_far_as_that_lasts() {
    let (h100, ops) = (chip("h100-sxm"), ops("llama-3.1-70b", "tp8-cp4"));
    let exposed = |chip: &Chip, new| {
        let program = on(&ops, chip, TimeModel::Calibrated);
        let op = find(&program, &prompt(&program, 0, new), "attn.pass");
        (op.parts[Bound::Interconnect], op.wire.get())
    };
    assert!(exposed(&h100, 262_144).0.abs() < 1e-12);
    let (short, wire) = exposed(&h100, 4096);
    let nic = h100.nic.unwrap().get();
    assert!(short > 0.0 && short < wire / nic / 0.7, "{short} {wire}");
    // A network of a tenth exposes even the long one, by what the hops exceed attention's parts.
    let slow = Chip { nic: Some(h100.nic.unwrap() * 0.01), ..h100.clone() };
    let program = on(&ops, &slow, TimeModel::Calibrated);
    let batch = prompt(&program, 0, 262_144);
    let (pass, core) = (find(&program, &batch, "attn.pass"), find(&program, &batch, "attn.core"));
    let hops = pass.wire.get() / (0.73 * nic * 0.01);
    let expected = hops - 0.75 * core.time.get();
    let found = pass.time.get();
    assert!((found / expected - 1.0).abs() < 0.01, "{found} {expected}");
    // The roofline says what the wires take longer than attention at its peak: nothing.
    let bound = on(&ops, &h100, TimeModel::Roofline);
    let op = find(&bound, &prompt(&bound, 0, 262_144), "attn.pass");
    assert!(op.time.is_zero() && op.wire.get() > 0.0);
}

/// The wires of one domain are the link, those of several the network.
#[test]
fn groups_of_one_domain_pass_over_its_link() {
    let wire = |chip_name: &str| {
        let chip = chip(chip_name);
        let bound = on(&ops("llama-3.1-70b", "tp4-cp4"), &chip, TimeModel::Roofline);
        // Decodes hide nothing.
        let batch = Batch::decoding(256, 4096, bound.clips());
        let op = find(&bound, &batch, "attn.pass");
        (op.wire.get() / op.time.get(), chip)
    };
    let (rate, h100) = wire("h100-sxm");
    assert!((rate / h100.nic.unwrap().get() - 1.0).abs() < 1e-9);
    let (rate, gb200) = wire("gb200");
    assert!((rate / gb200.scale_up.unwrap().bandwidth.get() - 1.0).abs() < 1e-9);
}

#[test]
fn contexts_are_spread_and_weights_are_not() {
    let model = model("llama-3.1-70b");
    let precision = model.native_precision();
    for cp in [2u32, 8] {
        let (alone, parted) = (plan("tp8"), Plan { cp, ..plan("tp8") });
        assert_eq!(parted.gpus(), 8 * cp);
        let weights = |plan: &Plan| model.weight_bytes(&precision, plan);
        assert_eq!(weights(&alone), weights(&parted));
        let token = |plan: &Plan| model.kv_bytes_per_token(Format::Bf16, plan).get();
        assert!((token(&alone) / token(&parted) - f64::from(cp)).abs() < 1e-9);
    }
}

/// A decode reads its part of every context, all weights, and waits for its peers.
#[test]
fn decodes_read_less_and_are_not_faster_for_it() {
    let (alone, parted) = (program("llama-3.1-70b", "tp8"), program("llama-3.1-70b", "tp8-cp4"));
    let batches = [&alone, &parted].map(|program| Batch::decoding(1, 131_072, program.clips()));
    let bytes =
        |program: &StepProgram, batch: &Batch, name: &str| find(program, batch, name).bytes.get();
    let of = |name| bytes(&alone, &batches[0], name) / bytes(&parted, &batches[1], name);
    assert!((of("attn.core") - 4.0).abs() < 0.01);
    assert!((of("mlp.up") - 1.0).abs() < 1e-9);
    let [one, four] = [alone.price(&batches[0]), parted.price(&batches[1])];
    assert!(four.total > one.total, "{one:?} {four:?}");
}

/// Experts over the ranks of all groups take their tokens by dispatch, as under attention-DP.
#[test]
fn experts_lie_over_the_ranks_of_all_groups() {
    let parted = ops("deepseek-r1", "tp8-ep32-cp4");
    let names: Vec<_> = parted.iter().map(|op| op.name.as_str()).collect();
    assert!(names.contains(&"moe.dispatch") && names.contains(&"moe.combine"));
    let model = model("deepseek-r1");
    let precision = model.native_precision();
    let bytes = |text: &str| model.weight_bytes(&precision, &plan(text)).get();
    assert!(bytes("tp8-ep32-cp4") < 0.5 * bytes("tp8-ep8"));
    assert!((bytes("tp8-ep32-cp4") / bytes("tp8-ep32-dp4") - 1.0).abs() < 1e-12);
}

#[test]
fn mixers_that_cannot_pass_their_keys_on_are_refused() {
    for (name, mixer) in [
        ("qwen3-next-80b", "gdn"),
        ("deepseek-v3.2", "dsa"),
        ("deepseek-v4-flash", "swa"),
        ("nemotron-3-nano", "mamba2"),
    ] {
        let error = model(name).check_plan(&plan("tp2-cp2")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("cp 2") && text.contains("tp2 works"), "{text}");
        assert!(text.contains(mixer), "{text}");
    }
    for name in ["gpt-oss-120b", "llama-3.1-405b", "deepseek-r1", "kimi-k2"] {
        assert!(model(name).check_plan(&plan("tp8-cp4")).is_ok(), "{name}");
    }
}

/// Groups with sequences of their own may each share theirs: tokens round up twice.
#[test]
fn groups_and_parts_divide_one_after_the_other() {
    let parted = program("deepseek-r1", "tp2-ep16-dp2-cp4");
    let rows = |batch: &Batch| {
        let op = find(&parted, batch, "attn.qkv_a");
        op.flops.get() / f64::from(op.count) / (2.0 * 7168.0 * 2112.0)
    };
    // Five of nine sequences are in one group, whose four parts have at most two of them.
    assert!((rows(&Batch::decoding(9, 1000, parted.clips())) - 2.0).abs() < 1e-9);
    // A prompt stays in one group.
    assert!((rows(&prompt(&parted, 0, 1001)) - 251.0).abs() < 1e-9);
}

/// Of a window two ends come from the neighbours, however long the prompt is.
#[test]
fn windows_pass_no_more_than_their_ends() {
    let parted = program("gpt-oss-120b", "tp2-cp4");
    let batch = prompt(&parted, 0, 65_536);
    let passes: Vec<OpTime> =
        parted.price_ops(&batch).into_iter().filter(|op| op.name == "attn.pass").collect();
    let kv = model("gpt-oss-120b").kv.bytes();
    // Four of eight KV heads, 64 wide, key and value.
    let key = 4.0 * 128.0 * kv;
    let mut found: Vec<f64> =
        passes.iter().map(|op| op.wire.get() / f64::from(op.count) / key).collect();
    found.sort_by(f64::total_cmp);
    assert_eq!(found, [2.0 * 128.0, 0.75 * 65_536.0]);
}
