//! Attention of one new token per sequence.

use super::setting::{Setting, kv_key};
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::Combine;
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
    clip: Option<usize>,
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
        let [heads, kv_heads, keys, values] =
            [attention.heads, attention.kv_heads, attention.head_dim, attention.value_dim]
                .map(f64::from);
        let family = &setting.calibration.decode;
        let engines = setting.engine.attention();
        let wanted = [kv_key(attention.kv)];
        let chosen = setting.choose("decode attention", family, engines, &wanted);
        let row = chosen.row;
        let peaks = setting.peaks(setting.peak(Engine::Bf16));
        let key_flops = 2.0 * heads * (keys + values);
        Self {
            clip: attention.window.and_then(|window| setting.clip(window)),
            compression: 1.0,
            combine: row.form,
            key_flops,
            compute: key_flops / peaks.flops,
            key_bytes: kv_heads * (keys + values) * attention.kv.bytes(),
            sequence_bytes: 2.0 * heads * (keys + values),
            memory: 1.0 / (row.em.min(1.0) * peaks.bytes),
            units: kv_heads / setting.machine.cores,
            tau: row.tau.get(),
            lambda: row.lambda.get() * setting.stream_scale(&chosen),
            t0: row.t0.get(),
            peaks,
        }
    }

    /// Latent attention in its absorbed form, over all, compressed or selected keys.
    ///
    /// Heads are computed in groups of 64. FP8 KV computes in FP8.
    pub(in crate::cost) fn mla(mla: &Mla, setting: &mut Setting) -> Self {
        let [heads, latent, rope] = [mla.heads, mla.latent, mla.rope].map(f64::from);
        let key = kv_key(mla.kv);
        let family = &setting.calibration.mla.decode;
        let chosen = setting.choose("mla decode", family, &["trtllm"], &[key]);
        let row = chosen.row;
        let engine = if key == "fp8" { Engine::Fp8 } else { Engine::Bf16 };
        let ec = setting.efficiency(row.ec, &chosen, engine);
        let peaks = setting.peaks(setting.peak(engine));
        let head_flops = 2.0 * (2.0 * latent + rope);
        let compression = mla.compression.max(1);
        let reach = mla.selected.map(|selected| selected.saturating_mul(compression));
        Self {
            clip: reach.and_then(|reach| setting.clip(reach)),
            compression: 1.0 / f64::from(compression),
            combine: row.form,
            key_flops: heads * head_flops,
            compute: 64.0 * libm::ceil(heads / 64.0) * head_flops / (ec * peaks.flops),
            key_bytes: (latent + rope) * mla.kv.bytes(),
            sequence_bytes: 0.0,
            memory: 1.0 / (row.em.min(1.0) * peaks.bytes),
            units: 1.0 / setting.machine.cores,
            tau: row.tau.get(),
            lambda: row.lambda.get() * setting.stream_scale(&chosen),
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
