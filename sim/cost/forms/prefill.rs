//! Attention of prompt chunks over past and new keys.

use super::bench::Bench;
use super::setting::{Setting, kv_key};
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::PrefillRow;
use crate::cost::norm::{ceil, power};
use crate::cost::profile::EngineProfile;
use crate::cost::work::{ContextForm, Load, Peaks, Work};
use crate::hardware::{Engine, Format};
use crate::model::{Attention, Mla};

/// Queries that one CTA takes.
const BLOCK: f64 = 128.0;

/// Scores per query that a causal block computes and masks away at its diagonal: (128 − 1)/2.
const EDGE: f64 = 63.5;

/// `t0 + Qr/(em W) + [C³ + (B/(em W))³]^⅓` with `C = max(S·s, 128·L·s·SM)`.
///
/// The study's form S for whole prompts, generalised to chunks with past context: S counts
/// query-key pairs plus the masked edge of a block (63.5 a query; twice with a window) and at least
/// one block per chunk; L is the longest context at a chunk's end, one CTA's share. Rows that fill
/// up a block are not charged (at most 127 a chunk). On whole prompts it equals the study's form.
/// Latent attention that expands its heads has a least time for each head and block of queries on a
/// core, τ: many short prompts take at least `τ·heads·blocks/SM` beside `t0` and queries.
/// Where parts share a context, each meets all keys with its part of the queries (`Load`).
pub(in crate::cost) struct PrefillForm {
    pub(super) clip: Option<usize>,
    /// Keys that a query sees at most, after compression.
    most_keys: f64,
    compression: f64,
    heads: f64,
    edge: f64,
    pair_flops: f64,
    /// Seconds per score of one head, and of one CTA per key.
    score: f64,
    straggler: f64,
    /// Least seconds per block of queries, over all cores.
    block: f64,
    /// Bytes per new token (queries, outputs), and per key (K and V) on this rank.
    token_bytes: f64,
    key_bytes: f64,
    /// Bytes of the rotation and append pass, per new token.
    append_bytes: f64,
    /// Operations per past key (latent attention expands it anew for every chunk).
    past_flops: f64,
    past: f64,
    memory: f64,
    t0: f64,
    peaks: Peaks,
}

/// A shape, before constants.
struct Shape {
    heads: f64,
    pair_flops: f64,
    token_bytes: f64,
    key_bytes: f64,
    append_bytes: f64,
    past_flops: f64,
    /// Least seconds of a block of queries of one head on a core.
    tau: f64,
}

impl PrefillForm {
    /// Ordinary attention, over all keys or a sliding window.
    pub(in crate::cost) fn attention(attention: &Attention, setting: &mut Setting) -> Self {
        let engine = setting.engine;
        let family = &setting.calibration.prefill;
        let wanted = prefill_keys(engine, attention.kv);
        let chosen = setting.choose("prefill attention", family, engine.attention(), wanted);
        let ec = setting.efficiency(chosen.row.ec, &chosen, chosen.row.math);
        let clip = attention.window.and_then(|window| setting.clip(window));
        let row = PrefillRow { ec, ..chosen.row };
        Self { clip, ..Self::attention_with(attention, row, &setting.bench) }
    }

    /// Ordinary attention with the constants `row`; its clip is that of the whole prompt.
    pub(in crate::cost) fn attention_with(
        attention: &Attention,
        row: PrefillRow,
        on: &Bench,
    ) -> Self {
        let [heads, kv_heads, keys, values] =
            [attention.heads, attention.kv_heads, attention.head_dim, attention.value_dim]
                .map(f64::from);
        let (width, kv) = (keys + values, attention.kv.bytes());
        let shape = Shape {
            heads,
            pair_flops: 2.0 * width,
            token_bytes: 2.0 * heads * width,
            key_bytes: kv_heads * width * kv,
            append_bytes: 4.0 * heads * keys + kv_heads * width * (2.0 + kv),
            past_flops: 0.0,
            tau: 0.0,
        };
        let mut form = Self::with(&shape, row, on);
        if let Some(window) = attention.window {
            form.most_keys = f64::from(window) + BLOCK;
            form.edge = 2.0 * EDGE;
        }
        form
    }

    /// Latent attention: expanded heads over all keys, or absorbed over selected ones.
    pub(in crate::cost) fn mla(mla: &Mla, setting: &mut Setting) -> Self {
        let family = &setting.calibration.mla.prefill;
        let chosen = setting.choose("mla prefill", family, &["trtllm"], &[kv_key(mla.kv)]);
        let ec = setting.efficiency(chosen.row.ec, &chosen, chosen.row.math);
        let reach = mla.selected.map(|keys| keys.saturating_mul(mla.compression.max(1)));
        let clip = reach.and_then(|reach| setting.clip(reach));
        let row = PrefillRow { ec, ..chosen.row };
        Self { clip, ..Self::mla_with(mla, row, &setting.bench) }
    }

    /// Latent attention with the constants `row`; its clip is that of the whole prompt.
    pub(in crate::cost) fn mla_with(mla: &Mla, row: PrefillRow, on: &Bench) -> Self {
        let [heads, latent, rope, nope, values] =
            [mla.heads, mla.latent, mla.rope, mla.nope, mla.value_dim].map(f64::from);
        let queries = nope + rope;
        let append_bytes = 4.0 * heads * queries + 4.0 * (latent + rope);
        let token_bytes = 2.0 * heads * (queries + values);
        let absorbed = mla.selected.is_some() || mla.compression > 1;
        let shape = if absorbed {
            let pair_flops = 2.0 * (2.0 * latent + rope);
            let key_bytes = (latent + rope) * mla.kv.bytes();
            let (past_flops, tau) = (0.0, 0.0);
            Shape { heads, pair_flops, token_bytes, key_bytes, append_bytes, past_flops, tau }
        } else {
            Shape {
                heads,
                pair_flops: 2.0 * (queries + values),
                token_bytes,
                key_bytes: token_bytes,
                append_bytes,
                past_flops: 2.0 * latent * heads * (nope + values),
                tau: row.tau.get(),
            }
        };
        let mut form = Self::with(&shape, row, on);
        form.compression = 1.0 / f64::from(mla.compression.max(1));
        if let Some(selected) = mla.selected {
            form.most_keys = f64::from(selected);
        }
        form
    }

    fn with(shape: &Shape, row: PrefillRow, on: &Bench) -> Self {
        let machine = &on.machine;
        let peak = on.peak(row.math);
        let arithmetic = shape.pair_flops / (row.ec * peak);
        let exponentials = machine.exp_rate.map_or(0.0, |rate| 1.0 / (row.ee * rate));
        let score = libm::cbrt(cube(arithmetic) + cube(exponentials));
        let peak_16bit = on.peak(Engine::Bf16);
        Self {
            clip: None,
            most_keys: f64::INFINITY,
            compression: 1.0,
            heads: shape.heads,
            edge: EDGE,
            pair_flops: shape.pair_flops,
            score,
            straggler: BLOCK * score * machine.cores,
            block: shape.tau * shape.heads / machine.cores,
            token_bytes: shape.token_bytes,
            key_bytes: shape.key_bytes,
            append_bytes: shape.append_bytes,
            past_flops: shape.past_flops,
            past: shape.past_flops / (row.ec * peak_16bit.min(peak)),
            memory: 1.0 / (row.em.min(1.0) * machine.bandwidth),
            t0: row.t0.get(),
            peaks: on.peaks(peak.max(peak_16bit)),
        }
    }

    /// Seconds before a kernel of it begins to work.
    pub(super) const fn launch(&self) -> f64 {
        self.t0
    }

    fn bytes(&self, load: &Load) -> f64 {
        let keys = load.prefill_keys(self.clip) * self.compression;
        load.new_tokens() * self.token_bytes + keys * self.key_bytes
    }
}

/// Which rows serve a KV format: FP8 KV means FP8 arithmetic with `SGLang`, and 16-bit arithmetic
/// with vLLM and TensorRT-LLM, whose FP8 context kernels are an option.
const fn prefill_keys(engine: EngineProfile, kv: Format) -> &'static [&'static str] {
    match (kv.bytes() < 2.0, engine) {
        (false, _) => &["bf16"],
        (true, EngineProfile::Sglang) => &["fp8-math", "fp8"],
        (true, _) => &["fp8", "fp8-math"],
    }
}

fn cube(x: f64) -> f64 {
    x * x * x
}

impl ContextForm for PrefillForm {
    fn work(&self, load: &Load) -> Work {
        let pairs = load.pairs(self.clip) * self.compression;
        let past = load.past_keys() * self.past_flops;
        let flops = self.heads * pairs * self.pair_flops + past;
        Work { flops, bytes: self.bytes(load), wire: 0.0 }
    }

    fn time(&self, load: &Load) -> Breakdown {
        let mut parts = Breakdown::default();
        let chunks = load.chunks();
        if chunks == 0.0 {
            return parts;
        }
        let pairs = load.pairs(self.clip) * self.compression + self.edge * load.new_tokens();
        let scores = self.heads * pairs.max(chunks * BLOCK * BLOCK);
        let spread_out = scores * self.score;
        let block = BLOCK * ceil(load.prefill_longest() * self.compression / BLOCK);
        let longest = block.min(self.most_keys) * self.straggler;
        let compute = spread_out.max(longest) + load.past_keys() * self.past;
        let memory = self.bytes(load) * self.memory;
        let (c, m) = (cube(compute), cube(memory));
        let total = power(c + m, 1.0 / 3.0);
        // What the longest CTA takes beyond an even spread is a serial loop.
        let serial = (longest - spread_out).max(0.0) / compute;
        let from_compute = total * c / (c + m);
        let append = load.new_tokens() * self.append_bytes * self.memory;
        let blocks = chunks * libm::ceil(load.new_tokens() / chunks / BLOCK);
        let least = (blocks * self.block - total).max(0.0);
        parts[Bound::Compute] = from_compute * (1.0 - serial);
        parts[Bound::HbmBandwidth] = total - from_compute + append;
        parts[Bound::Latency] = self.t0 + from_compute * serial + least;
        parts
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }
}
