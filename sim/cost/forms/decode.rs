//! Attention of one new token per sequence.

use super::bench::Bench;
use super::setting::{Setting, kv_key};
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::{DecodeRow, MlaDecodeRow};
use crate::cost::norm::{Norm, blend};
use crate::cost::work::{ContextForm, Load, Peaks, Work};
use crate::hardware::Engine;
use crate::model::{Attention, Mla};

/// `t0 + max(τu, δ + keys·key + σu + λL·min(1, max(u, g)))`, each affine in the contexts.
///
/// u: units of work per core, one per sequence and KV head. One pass over all units is a floor of τ
/// each; streaming pays for the second pass that joins split sequences (δ), the memory, σ a unit
/// and λ per key of the mean context, less where there are fewer units than cores, down to the
/// least share g of it that a core takes (latent attention alone). It was measured with equal
/// contexts; mixed ones count at their mean, because kernels cut long ones into more pieces
/// (`FlashAttention`-3's dynamic splits, `FlashInfer`'s planner). Because both branches are affine,
/// the times of consecutive decode steps are an arithmetic series until the maximum flips, once.
pub(in crate::cost) struct DecodeForm {
    pub(super) clip: Option<usize>,
    compression: f64,
    key_flops: f64,
    key_bytes: f64,
    sequence_bytes: f64,
    /// Seconds per key, by cause, and per byte of a sequence.
    key: Breakdown,
    memory: f64,
    /// Units of one sequence, as a share of the cores.
    units: f64,
    t0: f64,
    tau: f64,
    delta: f64,
    sigma: f64,
    lambda: f64,
    /// Least share of a context that a core takes.
    least: f64,
    peaks: Peaks,
}

impl DecodeForm {
    /// Ordinary attention, over all keys or a sliding window.
    pub(in crate::cost) fn attention(attention: &Attention, setting: &mut Setting) -> Self {
        let family = &setting.calibration.decode;
        let engines = setting.engine.attention();
        let wanted = [kv_key(attention.kv)];
        let chosen = setting.choose("decode attention", family, engines, &wanted);
        let lambda = chosen.row.lambda * setting.stream_scale(&chosen);
        let clip = attention.window.and_then(|window| setting.clip(window));
        let row = DecodeRow { lambda, ..chosen.row };
        Self { clip, ..Self::attention_with(attention, row, &setting.bench) }
    }

    /// Ordinary attention over all keys, with the constants `row`.
    ///
    /// Arithmetic at the peak is a floor (many queries on one KV head).
    pub(in crate::cost) fn attention_with(
        attention: &Attention,
        row: DecodeRow,
        on: &Bench,
    ) -> Self {
        let [heads, kv_heads, keys, values] =
            [attention.heads, attention.kv_heads, attention.head_dim, attention.value_dim]
                .map(f64::from);
        let peaks = on.peaks(on.peak(Engine::Bf16));
        let key_flops = 2.0 * heads * (keys + values);
        let key_bytes = kv_heads * (keys + values) * attention.kv.bytes();
        let memory = 1.0 / (row.em.min(1.0) * peaks.bytes);
        let terms =
            [(Bound::HbmBandwidth, key_bytes * memory), (Bound::Compute, key_flops / peaks.flops)];
        Self {
            clip: None,
            compression: 1.0,
            key_flops,
            key_bytes,
            sequence_bytes: 2.0 * heads * (keys + values),
            key: blend(&terms, Norm::Max),
            memory,
            units: kv_heads / on.machine.cores,
            t0: row.t0.get(),
            tau: row.tau.get(),
            delta: row.delta.get(),
            sigma: row.sigma.get(),
            lambda: row.lambda.get(),
            least: 0.0,
            peaks,
        }
    }

    /// Latent attention in its absorbed form, over all, compressed or selected keys.
    pub(in crate::cost) fn mla(mla: &Mla, setting: &mut Setting) -> Self {
        let family = &setting.calibration.mla.decode;
        let engines = setting.engine.latent();
        let chosen = setting.choose("mla decode", family, engines, &[kv_key(mla.kv)]);
        let ec = setting.efficiency(chosen.row.ec, &chosen, mla_engine(mla));
        let lambda = chosen.row.lambda * setting.stream_scale(&chosen);
        let reach = mla.selected.map(|keys| keys.saturating_mul(mla.compression.max(1)));
        let clip = reach.and_then(|reach| setting.clip(reach));
        let row = MlaDecodeRow { ec, lambda, ..chosen.row };
        Self { clip, ..Self::mla_with(mla, row, &setting.bench) }
    }

    /// Latent attention over all keys, with the constants `row`.
    ///
    /// Per key, memory and arithmetic overlap in part; per sequence, a unit grows with the heads.
    pub(in crate::cost) fn mla_with(mla: &Mla, row: MlaDecodeRow, on: &Bench) -> Self {
        let [heads, latent, rope] = [mla.heads, mla.latent, mla.rope].map(f64::from);
        let peaks = on.peaks(on.peak(mla_engine(mla)));
        let key_flops = heads * 2.0 * (2.0 * latent + rope);
        let key_bytes = (latent + rope) * mla.kv.bytes();
        let memory = 1.0 / (row.em.min(1.0) * peaks.bytes);
        let terms = [
            (Bound::HbmBandwidth, key_bytes * memory),
            (Bound::Compute, key_flops / (row.ec * peaks.flops)),
        ];
        Self {
            clip: None,
            compression: 1.0 / f64::from(mla.compression.max(1)),
            key_flops,
            key_bytes,
            sequence_bytes: 0.0,
            key: blend(&terms, Norm::Power(row.p)),
            memory,
            units: (1.0 + heads / 64.0) / on.machine.cores,
            t0: row.t0.get(),
            tau: row.tau.get(),
            delta: row.delta.get(),
            sigma: row.sigma.get(),
            lambda: row.lambda.get(),
            least: row.least,
            peaks,
        }
    }

    /// The same where KV of fewer than `bytes` is read in `part` of the time.
    pub(super) fn warmed(mut self, load: &Load, bytes: f64, part: f64) -> Self {
        if self.keys(load) * self.key_bytes < bytes {
            self.key[Bound::HbmBandwidth] *= part;
        }
        self
    }

    fn keys(&self, load: &Load) -> f64 {
        load.decode_keys(self.clip) * self.compression
    }
}

/// FP8 KV computes in FP8.
fn mla_engine(mla: &Mla) -> Engine {
    if kv_key(mla.kv) == "fp8" { Engine::Fp8 } else { Engine::Bf16 }
}

impl ContextForm for DecodeForm {
    fn work(&self, load: &Load) -> Work {
        let keys = self.keys(load);
        let bytes = keys * self.key_bytes + load.sequences() * self.sequence_bytes;
        Work { flops: keys * self.key_flops, bytes, wire: 0.0 }
    }

    fn time(&self, load: &Load) -> Breakdown {
        let sequences = load.sequences();
        let mut parts = Breakdown::default();
        if sequences == 0.0 {
            return parts;
        }
        let (keys, units) = (self.keys(load), sequences * self.units);
        let floor = self.tau * units;
        parts += self.key.scaled(keys);
        parts[Bound::HbmBandwidth] += sequences * self.sequence_bytes * self.memory;
        let serial = self.lambda * keys / sequences * units.max(self.least).min(1.0);
        parts[Bound::Latency] += self.delta + self.sigma * units + serial;
        if parts.total().get() < floor {
            parts = Breakdown::default();
            parts[Bound::Latency] = floor;
        }
        parts[Bound::Latency] += self.t0;
        parts
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }
}
