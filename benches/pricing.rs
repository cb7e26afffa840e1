//! How long pricing one step takes: a dense 70B and a mixture of experts, tokens varying as they do
//! in a run.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use memwall::cost::{Batch, Calibration, Pricing, StepProgram};
use memwall::hardware::{Chip, Class, Engine, Fabric, Format, Memory, Power, Price, ScaleUp};
use memwall::model::{
    Attention, Collective, CollectiveKind, Gemm, Mla, Moe, Op, OpKind, Rows, Spread,
};
use memwall::units::{Bytes, BytesPerSec, FlopPerSec, PerSec};

fn b200() -> Chip {
    let peaks = [(Engine::Bf16, 2250e12), (Engine::Fp8, 4500e12), (Engine::Fp4, 9000e12)];
    Chip {
        name: "b200-sxm".into(),
        title: "B200 SXM".into(),
        maker: "NVIDIA".into(),
        generation: "blackwell".into(),
        aliases: Vec::new(),
        base: None,
        class: Class::Datasheet,
        system: None,
        peaks: peaks.map(|(engine, peak)| (engine, FlopPerSec::new(peak))).into(),
        cores: Some(148),
        clock: None,
        exp_rate: Some(PerSec::new(4.4e12)),
        l2: None,
        memory: Memory {
            kind: "hbm3e".into(),
            bandwidth: BytesPerSec::new(7.7e12),
            physical: Bytes::new(192e9),
            usable: Bytes::new(180e9),
            stacks: None,
        },
        scale_up: Some(ScaleUp {
            name: "NVLink5".into(),
            bandwidth: BytesPerSec::new(900e9),
            domain: 8,
        }),
        host_link: None,
        nic: None,
        fabric: Fabric::default(),
        power: Power::default(),
        price: Price::default(),
    }
}

fn op(count: u32, kind: OpKind) -> Op {
    Op { name: "op".into(), count, spread: Spread::NONE, kind }
}

fn gemm(n: u64, k: u64, rows: Rows) -> OpKind {
    OpKind::Gemm(Gemm { n, k, weights: Format::Fp8, rows })
}

fn all_reduce(hidden: u32) -> OpKind {
    let bytes_per_token = f64::from(2 * hidden);
    let (kind, ranks, rows) = (CollectiveKind::AllReduce, 8, Rows::Tokens);
    OpKind::Collective(Collective { kind, ranks, bytes_per_token, rows })
}

/// Llama-70B-like on eight ranks.
fn dense() -> Vec<Op> {
    let attention = Attention {
        heads: 8,
        kv_heads: 1,
        head_dim: 128,
        value_dim: 128,
        window: None,
        kv: Format::Fp8,
    };
    let norm = OpKind::Elementwise { bytes_per_token: 65536.0 };
    vec![
        op(80, norm.clone()),
        op(80, gemm(1280, 8192, Rows::Tokens)),
        op(80, OpKind::Attention(attention)),
        op(80, gemm(8192, 1024, Rows::Tokens)),
        op(80, all_reduce(8192)),
        op(80, norm),
        op(80, gemm(7168, 8192, Rows::Tokens)),
        op(80, gemm(8192, 3584, Rows::Tokens)),
        op(80, all_reduce(8192)),
        op(1, gemm(16032, 8192, Rows::Logits)),
    ]
}

/// DeepSeek-V3-like on eight ranks.
fn experts() -> Vec<Op> {
    let mla = Mla {
        heads: 16,
        latent: 512,
        rope: 64,
        nope: 128,
        value_dim: 128,
        selected: None,
        compression: 1,
        kv: Format::Fp8,
    };
    let moe = Moe {
        hidden: 7168,
        inter: 2048,
        experts: 256,
        top_k: 8,
        ep: 8,
        redundant: 0,
        gated: true,
        weights: Format::Fp8Block,
        dispatched: false,
    };
    vec![
        op(61, gemm(2112, 7168, Rows::Tokens)),
        op(61, gemm(3072, 1536, Rows::Tokens)),
        op(61, OpKind::Mla(mla)),
        op(61, gemm(7168, 2048, Rows::Tokens)),
        op(61, all_reduce(7168)),
        op(58, OpKind::Moe(moe)),
        op(58, all_reduce(7168)),
        op(1, gemm(16160, 7168, Rows::Logits)),
    ]
}

/// A step of `sequences` decodes, with a chunk of a prompt if `chunk` is not zero.
fn batch(sequences: u32, chunk: u32) -> Batch {
    let mut batch = Batch { logits: sequences, ..Batch::default() };
    (0..sequences).for_each(|i| batch.decode.add(20_000 + 100 * i, &[]));
    if chunk > 0 {
        batch.prefill.add(30_000, chunk, &[]);
    }
    batch
}

fn pricing(criterion: &mut Criterion) {
    for (name, ops) in [("dense", dense()), ("experts", experts())] {
        let compile = || {
            StepProgram::compile(&ops, &b200(), Calibration::embedded(), Pricing::default())
                .expect("the chip is complete")
        };
        let program = compile();
        for (step, chunk) in [("decode", 0), ("mixed", 1900)] {
            let batches: Vec<Batch> = (1..=128).map(|n| batch(n, chunk)).collect();
            let mut next = batches.iter().cycle();
            criterion.bench_function(&format!("{name}/{step}"), |bencher| {
                bencher.iter(|| program.price(black_box(next.next().expect("a cycle"))));
            });
        }
        criterion.bench_function(&format!("{name}/compile"), |bencher| bencher.iter(compile));
    }
}

criterion_group!(benches, pricing);
criterion_main!(benches);
