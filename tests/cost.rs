//! The cost layer: laws, closed forms, and the measured kernels its constants were fitted to.

use memwall::cost::{
    Batch, Bound, Calibration, CostError, EngineProfile, Pricing, StepProgram, TimeModel,
};
use memwall::hardware::{Chip, Class, Engine, Fabric, Format, Memory, Power, Price, ScaleUp};
use memwall::model::{
    Attention, Collective, CollectiveKind, Gemm, Indexer, LinearAttention, LinearKind, Mla, Moe,
    Op, OpKind, Rows, Spread,
};
use memwall::units::{Bytes, BytesPerSec, FlopPerSec, PerSec, Seconds, SimSpan, Watts};
use proptest::prelude::*;

/// Name, generation, dense bf16/fp8/fp4 TFLOP/s, TB/s, SMs, link GB/s, T exponentials/s, W.
type Row = (&'static str, &'static str, [f64; 3], f64, u32, f64, f64, f64);

/// The chips that were measured, with the figures that the fits assume.
const CHIPS: [Row; 5] = [
    ("a100-80gb", "ampere", [312.0, 0.0, 0.0], 2.039, 108, 300.0, 2.436_48, 400.0),
    ("h100-sxm", "hopper", [989.0, 1978.0, 0.0], 3.35, 132, 450.0, 3.864_96, 700.0),
    ("h200-sxm", "hopper", [989.0, 1978.0, 0.0], 4.8, 132, 450.0, 3.864_96, 700.0),
    ("b200-sxm", "blackwell", [2250.0, 4500.0, 9000.0], 7.7, 148, 900.0, 4.404_48, 1000.0),
    ("gb300", "blackwell-ultra", [2500.0, 5000.0, 15000.0], 8.0, 152, 900.0, 9.728, 1400.0),
];

/// One that was not: a Rubin-like part.
const RUBIN: Row = ("rubin", "rubin", [4000.0, 16000.0, 35000.0], 22.0, 224, 1800.0, 14.3, 1800.0);

fn chip(row: &Row) -> Chip {
    let (name, generation, peaks, bandwidth, cores, link, exp, watts) = *row;
    let engines = [Engine::Bf16, Engine::Fp8, Engine::Fp4].into_iter().zip(peaks);
    Chip {
        name: name.into(),
        title: name.into(),
        maker: "NVIDIA".into(),
        generation: generation.into(),
        aliases: Vec::new(),
        base: None,
        class: Class::Datasheet,
        system: None,
        peaks: engines
            .filter(|(_, peak)| *peak > 0.0)
            .map(|(engine, peak)| (engine, FlopPerSec::new(peak * 1e12)))
            .collect(),
        cores: Some(cores),
        clock: None,
        exp_rate: Some(PerSec::new(exp * 1e12)),
        l2: None,
        memory: Memory {
            kind: "hbm3e".into(),
            bandwidth: BytesPerSec::new(bandwidth * 1e12),
            physical: Bytes::new(80e9),
            usable: Bytes::new(80e9),
            stacks: None,
        },
        scale_up: Some(ScaleUp {
            name: "NVLink".into(),
            bandwidth: BytesPerSec::new(link * 1e9),
            domain: 8,
        }),
        host_link: None,
        nic: Some(BytesPerSec::new(50e9)),
        fabric: Fabric::default(),
        power: Power { tdp: Some(Watts::new(watts)), ..Power::default() },
        price: Price::default(),
    }
}

pub(crate) fn named(name: &str) -> Chip {
    chip(CHIPS.iter().find(|row| row.0 == name).expect("a measured chip"))
}

fn op(kind: OpKind) -> Op {
    Op { name: "op".into(), count: 1, spread: Spread::NONE, kind }
}

fn program(ops: &[Op], chip: &Chip, model: TimeModel, engine: EngineProfile) -> StepProgram {
    let pricing = Pricing { model, engine };
    StepProgram::compile(ops, chip, Calibration::embedded(), pricing).expect("the chip is complete")
}

pub(crate) fn calibrated(kind: OpKind, chip: &Chip, engine: EngineProfile) -> StepProgram {
    program(&[op(kind)], chip, TimeModel::Calibrated, engine)
}

/// Seconds of the program's only operator.
pub(crate) fn seconds(program: &StepProgram, batch: &Batch) -> f64 {
    program.price_ops(batch)[0].time.get()
}

pub(crate) fn prefill(chunks: u32, past: u32, new: u32, clips: &[u32]) -> Batch {
    let mut batch = Batch { logits: chunks, ..Batch::default() };
    (0..chunks).for_each(|_| batch.prefill.add(past, new, clips));
    batch
}

pub(crate) fn decode(sequences: u32, context: u32, clips: &[u32]) -> Batch {
    let mut batch = Batch { logits: sequences, ..Batch::default() };
    (0..sequences).for_each(|_| batch.decode.add(context, clips));
    batch
}

pub(crate) fn gemm(n: u64, k: u64, weights: Format) -> OpKind {
    OpKind::Gemm(Gemm { n, k, weights, rows: Rows::Tokens })
}

pub(crate) fn attention(heads: u32, kv_heads: u32, head_dim: u32, kv: Format) -> OpKind {
    let (value_dim, window) = (head_dim, None);
    OpKind::Attention(Attention { heads, kv_heads, head_dim, value_dim, window, kv })
}

pub(crate) fn mla(heads: u32, kv: Format) -> Mla {
    let (selected, compression) = (None, 1);
    Mla { heads, latent: 512, rope: 64, nope: 128, value_dim: 128, selected, compression, kv }
}

pub(crate) fn collective(kind: CollectiveKind, ranks: u32, bytes_per_token: f64) -> OpKind {
    OpKind::Collective(Collective { kind, ranks, bytes_per_token, rows: Rows::Tokens })
}

/// One operator of every sort, and of every branch of its form.
fn every_op() -> Vec<Op> {
    let moe = |ep, weights| {
        let (hidden, inter, experts, top_k) = (7168, 2048, 256, 8);
        OpKind::Moe(Moe {
            hidden,
            inter,
            experts,
            top_k,
            ep,
            redundant: 0,
            gated: true,
            weights,
            dispatched: false,
        })
    };
    let window = Attention {
        heads: 8,
        kv_heads: 1,
        head_dim: 64,
        value_dim: 64,
        window: Some(128),
        kv: Format::Bf16,
    };
    let linear = |kind| LinearAttention {
        kind,
        heads: 16,
        key_dim: 128,
        value_dim: 128,
        state: Format::Fp32,
        conv_channels: 4096,
        conv_width: 4,
    };
    let mut kinds: Vec<OpKind> =
        Format::ALL.into_iter().map(|format| gemm(8192, 4096, format)).collect();
    kinds.extend(Format::ALL.map(|format| moe(8, format)));
    kinds.extend([
        moe(1, Format::Bf16),
        attention(64, 8, 128, Format::Bf16),
        attention(8, 1, 128, Format::Fp8),
        attention(128, 1, 128, Format::Nvfp4),
        OpKind::Attention(window),
        OpKind::Mla(mla(128, Format::Bf16)),
        OpKind::Mla(Mla { selected: Some(2048), ..mla(16, Format::Fp8) }),
        OpKind::Mla(Mla { compression: 128, ..mla(16, Format::Fp8) }),
        OpKind::Indexer(Indexer { heads: 64, dim: 128, compression: 1, keys: Format::Fp8 }),
        OpKind::Linear(linear(LinearKind::Gdn)),
        OpKind::Linear(linear(LinearKind::Kda)),
        OpKind::Elementwise { bytes_per_token: 65536.0 },
        collective(CollectiveKind::AllReduce, 8, 16384.0),
        collective(CollectiveKind::AllReduce, 16, 16384.0),
        collective(CollectiveKind::AllGather, 4, 16384.0),
        collective(CollectiveKind::ReduceScatter, 4, 16384.0),
        collective(CollectiveKind::Dispatch, 8, 7168.0 * 5.25),
        collective(CollectiveKind::Combine, 64, 7168.0 * 15.0),
        collective(CollectiveKind::Send, 2, 16384.0),
    ]);
    kinds.into_iter().map(op).collect()
}

fn engine() -> impl Strategy<Value = EngineProfile> {
    prop::sample::select(EngineProfile::ALL.to_vec())
}

fn any_chip() -> impl Strategy<Value = Chip> {
    let rows: Vec<Row> = CHIPS.into_iter().chain([RUBIN]).collect();
    prop::sample::select(rows).prop_map(|row| chip(&row))
}

/// Contexts of decodes, and (past, new) of chunks.
type Contexts = (Vec<u32>, Vec<(u32, u32)>);

fn contexts() -> impl Strategy<Value = Contexts> {
    let decodes = prop::collection::vec(1..200_000_u32, 0..20);
    let chunks = prop::collection::vec((0..200_000_u32, 1..5000_u32), 0..4);
    (decodes, chunks).prop_filter("not empty", |(d, c)| !(d.is_empty() && c.is_empty()))
}

fn batch((decodes, chunks): &Contexts, clips: &[u32]) -> Batch {
    let mut batch = Batch { logits: decodes.len() as u32, ..Batch::default() };
    for context in decodes {
        batch.decode.add(*context, clips);
    }
    for (past, new) in chunks {
        batch.prefill.add(*past, *new, clips);
    }
    batch
}

/// Whether `a` is at most `b`, but for rounding.
fn at_most(a: Seconds, b: Seconds) -> bool {
    a.get() <= b.get() * (1.0 + 1e-9)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_operator_beats_its_roofline(chip in any_chip(), engine in engine(), step in contexts()) {
        let ops = every_op();
        let bound = program(&ops, &chip, TimeModel::Roofline, engine);
        let model = program(&ops, &chip, TimeModel::Calibrated, engine);
        let batch = batch(&step, model.clips());
        for (bound, model) in bound.price_ops(&batch).iter().zip(model.price_ops(&batch)) {
            prop_assert!(at_most(bound.time, model.time), "{bound:?} {model:?}");
        }
    }

    #[test]
    fn parts_and_operators_add_up(chip in any_chip(), engine in engine(), step in contexts()) {
        for model in TimeModel::ALL {
            let program = program(&every_op(), &chip, model, engine);
            let batch = batch(&step, program.clips());
            let price = program.price(&batch);
            let ops: f64 = program.price_ops(&batch).iter().map(|op| op.time.get()).sum();
            let host = price.parts[Bound::Host];
            prop_assert!((price.parts.total().get() / price.total.get() - 1.0).abs() < 1e-9);
            prop_assert!(((ops + host) / price.total.get() - 1.0).abs() < 1e-9);
            prop_assert_eq!(program.price(&batch), price);
            prop_assert_eq!(program.span(&batch), SimSpan::from_seconds(price.total));
        }
    }

    #[test]
    fn more_work_never_takes_less_time(
        chip in any_chip(),
        engine in engine(),
        step in contexts(),
        at in 0..20_usize,
        by in 1..300_u32,
    ) {
        let program = program(&every_op(), &chip, TimeModel::Calibrated, engine);
        let before = program.price_ops(&batch(&step, program.clips()));
        let mut more = step.clone();
        match at % 4 {
            0 if !more.0.is_empty() => { let i = at % more.0.len(); more.0[i] += by; }
            1 if !more.1.is_empty() => { let i = at % more.1.len(); more.1[i].1 += by; }
            // A shorter one would lower the mean context, at which serial loops are priced.
            2 => more.0.push(by + more.0.iter().max().copied().unwrap_or(0)),
            _ => more.1.push((by, by)),
        }
        let after = program.price_ops(&batch(&more, program.clips()));
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(at_most(before.time, after.time), "{before:?} {after:?}");
        }
    }

    #[test]
    fn more_bandwidth_never_makes_an_operator_slower(
        chip in any_chip(), engine in engine(), step in contexts(), factor in 1.0..4.0_f64,
    ) {
        let mut faster = chip.clone();
        faster.memory.bandwidth = chip.memory.bandwidth * factor;
        let ops = every_op();
        for model in TimeModel::ALL {
            let [slow, fast] = [&chip, &faster].map(|chip| program(&ops, chip, model, engine));
            let batch = batch(&step, slow.clips());
            for (slow, fast) in slow.price_ops(&batch).iter().zip(fast.price_ops(&batch)) {
                prop_assert!(at_most(fast.time, slow.time), "{slow:?} {fast:?}");
            }
        }
    }

    /// What macro-steps rest on: with every context growing by one, decode steps take times that
    /// rise by a constant until a maximum flips, and then by more.
    #[test]
    fn decode_steps_are_arithmetic_series(
        chip in any_chip(),
        engine in engine(),
        start in prop::collection::vec(1..100_000_u32, 1..20),
    ) {
        let kinds = [
            attention(8, 1, 128, Format::Fp8),
            OpKind::Mla(mla(16, Format::Bf16)),
            OpKind::Indexer(Indexer { heads: 64, dim: 128, compression: 4, keys: Format::Fp8 }),
        ];
        for kind in kinds {
            let program = calibrated(kind, &chip, engine);
            let time = |j: u32| {
                let grown = start.iter().map(|context| context + 100 * j).collect();
                seconds(&program, &batch(&(grown, Vec::new()), &[]))
            };
            let times: Vec<f64> = (0..200).map(time).collect();
            let bends: Vec<f64> = times.windows(3).map(|t| t[2] - 2.0 * t[1] + t[0]).collect();
            let flips = bends.iter().filter(|bend| bend.abs() > 1e-14).count();
            prop_assert!(flips <= 6 && bends.iter().all(|bend| *bend > -1e-14), "{bends:?}");
        }
    }

    #[test]
    fn splitting_a_batch_never_reduces_weight_traffic(a in 1..5000_u32, b in 1..5000_u32) {
        let has_weights = |op: &Op| matches!(op.kind, OpKind::Gemm(_) | OpKind::Moe(_));
        let ops: Vec<Op> = every_op().into_iter().filter(has_weights).collect();
        let program = program(&ops, &named("b200-sxm"), TimeModel::Calibrated, EngineProfile::Vllm);
        let price = |tokens| program.price_ops(&prefill(1, 0, tokens, &[]));
        for ((whole, a), b) in price(a + b).iter().zip(price(a)).zip(price(b)) {
            let split = a.bytes.get() + b.bytes.get();
            prop_assert!(split >= whole.bytes.get() * (1.0 - 1e-9), "{whole:?}");
        }
    }
}

#[test]
fn a_ring_all_reduce_sends_its_wire_bytes() {
    let chip = named("h100-sxm");
    for ranks in [2, 4, 8] {
        let kind = collective(CollectiveKind::AllReduce, ranks, 16384.0);
        let program = program(&[op(kind)], &chip, TimeModel::Roofline, EngineProfile::Vllm);
        let price = &program.price_ops(&decode(100, 10, &[]))[0];
        let wire = 2.0 * f64::from(ranks - 1) / f64::from(ranks) * 16384.0 * 100.0;
        assert!((price.wire.get() / wire - 1.0).abs() < 1e-12);
        assert!((price.time.get() / (wire / 450e9) - 1.0).abs() < 1e-12);
        assert_eq!(price.parts.largest(), Bound::Interconnect);
    }
}

#[test]
fn the_roofline_turns_at_its_ridge() {
    // y = x W with 16-bit weights on an H100 balances where 2mnk/989e12 = 2(mk + nk + mn)/3.35e12.
    let (n, k) = (16384.0_f64, 16384.0_f64);
    let ridge = n * k / (n * k * 3.35 / 989.0 - k - n);
    let kind = gemm(16384, 16384, Format::Bf16);
    let program =
        program(&[op(kind)], &named("h100-sxm"), TimeModel::Roofline, EngineProfile::Vllm);
    let bound = |rows: f64| program.price_ops(&prefill(1, 0, rows as u32, &[]))[0].parts.largest();
    assert_eq!(bound(ridge.floor()), Bound::HbmBandwidth);
    assert_eq!(bound(ridge.ceil()), Bound::Compute);
}

#[test]
fn an_unmeasured_chip_inherits_and_says_so() {
    let ops = [op(gemm(8192, 8192, Format::Nvfp4)), op(attention(8, 1, 128, Format::Fp8))];
    let rubin = program(&ops, &chip(&RUBIN), TimeModel::Calibrated, EngineProfile::Vllm);
    let lines = rubin.provenance();
    let gemm = "gemm nvfp4: blackwell pooled, sglang 0.5.14, inherited";
    let decode = "decode attention fp8: blackwell pooled, vllm 0.24.0, inherited";
    assert!(lines.contains(&gemm) && lines.contains(&decode), "{lines:?}");
    let own = program(&ops, &named("b200-sxm"), TimeModel::Calibrated, EngineProfile::Vllm);
    assert!(own.provenance().iter().all(|line| !line.contains("inherited")));
    let roofline = program(&ops, &named("b200-sxm"), TimeModel::Roofline, EngineProfile::Vllm);
    assert!(roofline.provenance().is_empty());
}

#[test]
fn power_density_costs_an_inherited_chip_efficiency() {
    let kind = gemm(16384, 16384, Format::Nvfp4);
    let cool = RUBIN;
    let cooler = (cool.0, cool.1, cool.2, cool.3, cool.4, cool.5, cool.6, 9000.0);
    let [hot, cool] = [RUBIN, cooler].map(|row| {
        let program = calibrated(kind.clone(), &chip(&row), EngineProfile::Vllm);
        seconds(&program, &prefill(1, 0, 16384, &[]))
    });
    // 19.4 TFLOPS/W against the donors' 10.2: (1 + 0.135 × 19.4) / (1 + 0.135 × 10.2) = 1.52.
    assert!(hot / cool > 1.3 && hot / cool < 1.52, "{}", hot / cool);
}

#[test]
fn a_chip_without_figures_is_priced_or_refused_but_never_panics() {
    let mut sram = named("h100-sxm");
    (sram.name, sram.generation) = ("lpu".into(), "lpu".into());
    (sram.cores, sram.exp_rate, sram.scale_up, sram.nic) = (Some(2), None, None, None);
    sram.peaks = [(Engine::Fp8, FlopPerSec::new(1e15))].into();
    let ops: Vec<Op> =
        every_op().into_iter().filter(|op| !matches!(op.kind, OpKind::Collective(_))).collect();
    for engine in EngineProfile::ALL {
        let program = program(&ops, &sram, TimeModel::Calibrated, engine);
        assert!(program.price(&decode(4, 1000, program.clips())).total.get() > 0.0);
        assert!(program.provenance().contains(&"cores: 132 SM-like cores assumed"));
    }
    let pricing = Pricing::default();
    let compile =
        |chip: &Chip| StepProgram::compile(&every_op(), chip, Calibration::embedded(), pricing);
    assert_eq!(compile(&sram).err(), Some(CostError::NoLink { chip: "lpu".into(), ranks: 8 }));
    sram.memory.bandwidth = BytesPerSec::ZERO;
    assert_eq!(compile(&sram).err(), Some(CostError::NoBandwidth { chip: "lpu".into() }));
}
