//! Attention of one new token per sequence.

use super::bench::Bench;
use super::setting::{Setting, kv_key};
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::{Combine, DecodeRow, MlaDecodeRow};
use crate::cost::norm::{Norm, blend};
use crate::cost::work::{ContextForm, Load, Peaks, Work};
use crate::hardware::Engine;
use crate::model::{Attention, Mla};

/// `t0 + sum or max of memory, units and the serial loop`, each affine in the contexts.
///
/// Memory: KV bytes of all contexts; units: τ per (sequence, KV head) and core; loop: λ per key of
/// the mean context, less where there are fewer units than cores. It was measured with equal
/// contexts; mixed ones count at their mean, because kernels cut long ones into more pieces
/// (`FlashAttention`-3's dynamic splits, `FlashInfer`'s planner). Latent attention adds its
/// arithmetic. For sums, arithmetic at the peak is a floor (many queries on one KV head). Because
/// every term is affine, the times of consecutive decode steps are an arithmetic series until a
/// maximum flips.
pub(in crate::cost) struct DecodeForm {
    pub(super) clip: Option<usize>,
    compression: f64,
    combine: Combine,
    /// Operations per key as needed, and seconds per key as computed.
    key_flops: f64,
    compute: f64,
    key_bytes: f64,
    sequence_bytes: f64,
    memory: f64,
    /// Units of one sequence, as a share of the cores.
    units: f64,
    tau: f64,
    lambda: f64,
    t0: f64,
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
        Self {
            clip: None,
            compression: 1.0,
            combine: row.form,
            key_flops,
            compute: key_flops / peaks.flops,
            key_bytes: kv_heads * (keys + values) * attention.kv.bytes(),
            sequence_bytes: 2.0 * heads * (keys + values),
            memory: 1.0 / (row.em.min(1.0) * peaks.bytes),
            units: kv_heads / on.machine.cores,
            tau: row.tau.get(),
            lambda: row.lambda.get(),
            t0: row.t0.get(),
            peaks,
        }
    }

    /// Latent attention in its absorbed form, over all, compressed or selected keys.
    ///
    /// Heads are computed in groups of 64.
    pub(in crate::cost) fn mla(mla: &Mla, setting: &mut Setting) -> Self {
        let family = &setting.calibration.mla.decode;
        let chosen = setting.choose("mla decode", family, &["trtllm"], &[kv_key(mla.kv)]);
        let ec = setting.efficiency(chosen.row.ec, &chosen, mla_engine(mla));
        let lambda = chosen.row.lambda * setting.stream_scale(&chosen);
        let reach = mla.selected.map(|keys| keys.saturating_mul(mla.compression.max(1)));
        let clip = reach.and_then(|reach| setting.clip(reach));
        let row = MlaDecodeRow { ec, lambda, ..chosen.row };
        Self { clip, ..Self::mla_with(mla, row, &setting.bench) }
    }

    /// Latent attention over all keys, with the constants `row`.
    pub(in crate::cost) fn mla_with(mla: &Mla, row: MlaDecodeRow, on: &Bench) -> Self {
        let [heads, latent, rope] = [mla.heads, mla.latent, mla.rope].map(f64::from);
        let peaks = on.peaks(on.peak(mla_engine(mla)));
        let head_flops = 2.0 * (2.0 * latent + rope);
        Self {
            clip: None,
            compression: 1.0 / f64::from(mla.compression.max(1)),
            combine: row.form,
            key_flops: heads * head_flops,
            compute: 64.0 * libm::ceil(heads / 64.0) * head_flops / (row.ec * peaks.flops),
            key_bytes: (latent + rope) * mla.kv.bytes(),
            sequence_bytes: 0.0,
            memory: 1.0 / (row.em.min(1.0) * peaks.bytes),
            units: 1.0 / on.machine.cores,
            tau: row.tau.get(),
            lambda: row.lambda.get(),
            t0: row.t0.get(),
            peaks,
        }
    }

    fn keys(&self, load: &Load) -> f64 {
        load.decode_keys(self.clip) * self.compression
    }

    fn bytes(&self, load: &Load) -> f64 {
        self.keys(load) * self.key_bytes + load.sequences() * self.sequence_bytes
    }
}

/// FP8 KV computes in FP8.
fn mla_engine(mla: &Mla) -> Engine {
    if kv_key(mla.kv) == "fp8" { Engine::Fp8 } else { Engine::Bf16 }
}

impl ContextForm for DecodeForm {
    fn work(&self, load: &Load) -> Work {
        Work { flops: self.keys(load) * self.key_flops, bytes: self.bytes(load), wire: 0.0 }
    }

    fn time(&self, load: &Load) -> Breakdown {
        let sequences = load.sequences();
        if sequences == 0.0 {
            return Breakdown::default();
        }
        let filled = sequences * self.units;
        let mean = self.keys(load) / sequences;
        let compute = (Bound::Compute, self.keys(load) * self.compute);
        let terms = [
            compute,
            (Bound::HbmBandwidth, self.bytes(load) * self.memory),
            (Bound::Latency, filled * self.tau),
            (Bound::Latency, mean * filled.min(1.0) * self.lambda),
        ];
        let mut parts = match self.combine {
            Combine::Max => blend(&terms, Norm::Max),
            Combine::Sum => {
                let sum = blend(&terms[1..], Norm::Sum);
                let floor = Breakdown::of(compute.0, crate::units::Seconds::new(compute.1));
                if sum.total() < floor.total() { floor } else { sum }
            }
        };
        parts[Bound::Latency] += self.t0;
        parts
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }
}
