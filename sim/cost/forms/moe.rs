//! Routed experts.

use super::bench::Bench;
use super::setting::Setting;
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::{MoeRow, SkewRow};
use crate::cost::machine::Arithmetic;
use crate::cost::norm::{Norm, blend};
use crate::cost::profile::EngineProfile;
use crate::cost::work::{Peaks, RowForm, Work};
use crate::model::{Moe, Placement};

/// Rows of one expert are computed in blocks of this many.
const BLOCK: f64 = 64.0;

/// Tokens up to which routing is as good as balanced, and from which the measured imbalance holds.
const IMBALANCED: (f64, f64) = (512.0, 2048.0);

/// `t0 + f·{[(F/(ec P))^p + (Wb/(em W))^p]^(1/p) + τ·act + (ra·Ab + rn·An)/W}`.
///
/// Tokens choose experts at random: the distinct experts of `n` tokens are `E(1 − (1 − k/E)ⁿ)`, and
/// `f` is the measured excess of the most-loaded of `ep` ranks, `1 + skew·log₂ ep` from many tokens
/// on (power law of exponent 1.01), interpolated over the logarithm of the tokens; copies of
/// popular experts level it out.
///
/// MXFP4 is priced with the constants of 16-bit experts, or of NVFP4 where a chip has FP4 units.
/// Its own benchmarks are slower than gpt-oss is served: with them its TPOT is 15 to 50 % too long.
pub(in crate::cost) struct MoeForm {
    /// Experts on this rank, and assignments to it per token.
    experts: f64,
    assignments: f64,
    /// Logarithm of the chance that a token misses a given expert; none if routing is balanced.
    miss: Option<f64>,
    row_flops: f64,
    expert_bytes: f64,
    /// Activation bytes per token, per assignment, and per assignment to any rank.
    token_bytes: f64,
    assignment_bytes: f64,
    global_bytes: f64,
    compute: f64,
    memory: f64,
    activation: f64,
    global: f64,
    expert: f64,
    excess: f64,
    t0: f64,
    p: f64,
    peaks: Peaks,
}

impl MoeForm {
    pub(in crate::cost) fn new(moe: &Moe, setting: &mut Setting) -> Self {
        let math = setting.arithmetic(moe.weights);
        let engines = setting.engine.experts(math.key);
        let family = &setting.calibration.moe;
        let chosen = setting.choose_for("moe", family, engines, math);
        let ec = setting.efficiency(chosen.row.ec, &chosen, math.engine);
        let row = MoeRow { ec, ..chosen.row };
        let is_received_alone = moe.dispatched && setting.engine == EngineProfile::Sglang;
        // Only TensorRT-LLM was measured with this routing, which is the model's, not the engine's.
        let keys = [math.key, "fp8-block", "bf16"];
        let skew = setting.choose("moe skew", &setting.calibration.skew, &["trtllm"], &keys).row;
        let form = Self::with(moe, math, row, &setting.bench).skewed(moe, skew);
        if is_received_alone { form.received(moe) } else { form }
    }

    /// The form with the constants `row`, computed as `math` says.
    pub(in crate::cost) fn with(moe: &Moe, math: Arithmetic, row: MoeRow, on: &Bench) -> Self {
        let [hidden, inter, experts, top_k, ep] =
            [moe.hidden, moe.inter, moe.experts, moe.top_k, moe.ep.max(1)].map(f64::from);
        // Copies are experts like others; a token passes one of those of an expert.
        let slots = experts + ep * f64::from(moe.redundant);
        let bandwidth = on.machine.bandwidth;
        let matrices = if moe.gated { 3.0 } else { 2.0 };
        let row_flops = 2.0 * matrices * hidden * inter;
        let up = 4.0 * (matrices - 1.0) + math.activation;
        Self {
            experts: slots / ep,
            assignments: top_k / ep,
            miss: Some(libm::log1p(-(top_k / slots).min(1.0 - 1e-12))),
            row_flops,
            expert_bytes: matrices * hidden * inter * moe.weights.bytes(),
            token_bytes: 4.0 * hidden,
            assignment_bytes: hidden * (2.0 * math.activation + 4.0) + inter * up,
            global_bytes: 4.0 * top_k * hidden,
            compute: row_flops / (row.ec * math.peak),
            memory: 1.0 / (row.em.min(1.0) * bandwidth),
            activation: row.ra.max(1.0) / bandwidth,
            global: row.rn / bandwidth,
            expert: row.tau.get(),
            excess: 0.0,
            t0: row.t0.get(),
            p: row.p,
            peaks: on.ceilings(moe.weights),
        }
    }

    /// The same with every expert given as many tokens as any other.
    pub(super) fn balanced(self) -> Self {
        Self { miss: None, ..self }
    }

    /// The same where a rank moves the tokens alone that were sent to it. So `SGLang`'s kernels
    /// behind `DeepEP`; TensorRT-LLM's are slower than that, and go through the buffers of all
    /// ranks.
    pub(in crate::cost) fn received(self, moe: &Moe) -> Self {
        Self {
            token_bytes: self.token_bytes * moe.received(),
            global_bytes: self.global_bytes / f64::from(moe.ep.max(1)),
            ..self
        }
    }

    /// The same for the most-loaded rank.
    pub(super) fn skewed(self, moe: &Moe, row: SkewRow) -> Self {
        let excess = row.skew * libm::log2(f64::from(moe.ep.max(1)));
        let Moe { experts, ep, redundant, .. } = *moe;
        let placement = Placement { experts, ranks: ep.max(1), redundant };
        Self { excess: placement.excess_left(excess), ..self }
    }

    /// Experts of this rank that have work: the coupon collector's expectation.
    fn distinct(&self, tokens: f64) -> f64 {
        let touched = self.miss.map_or(1.0, |miss| -libm::expm1(tokens * miss));
        (self.experts * touched).min(self.assignments * tokens)
    }

    fn activation_bytes(&self, tokens: f64) -> f64 {
        tokens * (self.token_bytes + self.assignments * self.assignment_bytes)
    }

    /// The factor on the balanced time.
    fn imbalance(&self, tokens: f64) -> f64 {
        let (from, to) = IMBALANCED;
        let progress = libm::log(tokens / from) / libm::log(to / from);
        1.0 + self.excess * progress.clamp(0.0, 1.0)
    }
}

impl RowForm for MoeForm {
    fn work(&self, rows: f64) -> Work {
        let weights = self.distinct(rows) * self.expert_bytes;
        let flops = rows * self.assignments * self.row_flops;
        Work { flops, bytes: weights + self.activation_bytes(rows), wire: 0.0 }
    }

    fn time(&self, rows: f64) -> Breakdown {
        let active = self.distinct(rows);
        let per_expert = rows * self.assignments / active;
        let padded = active * BLOCK * libm::ceil(per_expert / BLOCK);
        let terms = [
            (Bound::Compute, padded * self.compute),
            (Bound::HbmBandwidth, active * self.expert_bytes * self.memory),
        ];
        let mut parts = blend(&terms, Norm::Power(self.p));
        parts[Bound::HbmBandwidth] += self.activation_bytes(rows) * self.activation;
        parts[Bound::HbmBandwidth] += rows * self.global_bytes * self.global;
        parts[Bound::Latency] += active * self.expert;
        let mut parts = parts.scaled(self.imbalance(rows));
        parts[Bound::Latency] += self.t0;
        parts
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }
}
