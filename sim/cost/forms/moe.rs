//! Routed experts.

use super::bench::Bench;
use super::setting::Setting;
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::{Imbalance, MoeRow};
use crate::cost::machine::Arithmetic;
use crate::cost::norm::{Norm, blend};
use crate::cost::work::{Peaks, RowForm, Work};
use crate::model::Moe;

/// Rows of one expert are computed in blocks of this many.
const BLOCK: f64 = 64.0;

/// Tokens up to which routing is as good as balanced, and from which the measured imbalance holds.
const IMBALANCED: (f64, f64) = (512.0, 2048.0);

/// `t0 + f·{[(F/(ec P))^p + (Wb/(em W))^p + (κ(h+I))^p]^(1/p) + ra·Ab/W}`.
///
/// The fits are to balanced routing. Here tokens choose experts at random: the distinct experts of
/// `n` tokens are `E(1 − (1 − k/E)ⁿ)`, and `f` is the measured excess of the most-loaded of `ep`
/// ranks (power law of exponent 1.01), interpolated over the logarithms of ranks and tokens.
pub(in crate::cost) struct MoeForm {
    /// Experts on this rank, and assignments to it per token.
    experts: f64,
    assignments: f64,
    /// Logarithm of the chance that a token misses a given expert.
    miss: f64,
    row_flops: f64,
    expert_bytes: f64,
    /// Activation bytes per token and per assignment.
    token_bytes: f64,
    assignment_bytes: f64,
    compute: f64,
    memory: f64,
    activation: f64,
    serial: f64,
    excess: f64,
    t0: f64,
    p: f64,
    peaks: Peaks,
}

impl MoeForm {
    pub(in crate::cost) fn new(moe: &Moe, setting: &mut Setting) -> Self {
        let math = setting.arithmetic(moe.weights);
        let engines = setting.engine.experts(math.key);
        let family = &setting.calibration.moe.experts;
        let chosen = setting.choose("moe", family, engines, &[math.key]);
        let ec = setting.efficiency(chosen.row.ec, &chosen, math.engine);
        let excess = excess(&setting.calibration.moe.imbalance, moe.ep.max(1));
        Self { excess, ..Self::with(moe, math, MoeRow { ec, ..chosen.row }, &setting.bench) }
    }

    /// The form with the constants `row`, computed as `math` says, without a rank's excess.
    pub(in crate::cost) fn with(moe: &Moe, math: Arithmetic, row: MoeRow, on: &Bench) -> Self {
        let [hidden, inter, experts, top_k, ep] =
            [moe.hidden, moe.inter, moe.experts, moe.top_k, moe.ep.max(1)].map(f64::from);
        let bandwidth = on.machine.bandwidth;
        let matrices = if moe.gated { 3.0 } else { 2.0 };
        let row_flops = 2.0 * matrices * hidden * inter;
        let up = 4.0 * (matrices - 1.0) + math.activation;
        Self {
            experts: experts / ep,
            assignments: top_k / ep,
            miss: libm::log1p(-(top_k / experts).min(1.0 - 1e-12)),
            row_flops,
            expert_bytes: matrices * hidden * inter * moe.weights.bytes(),
            token_bytes: 4.0 * hidden,
            assignment_bytes: hidden * (2.0 * math.activation + 4.0) + inter * up,
            compute: row_flops / (row.ec * math.peak),
            memory: 1.0 / (row.em.min(1.0) * bandwidth),
            activation: row.ra.max(1.0) / bandwidth,
            serial: row.kappa.get() * (hidden + inter),
            excess: 0.0,
            t0: row.t0.get(),
            p: row.p,
            peaks: on.ceilings(moe.weights),
        }
    }

    /// Experts of this rank that have work: the coupon collector's expectation.
    fn distinct(&self, tokens: f64) -> f64 {
        (self.experts * -libm::expm1(tokens * self.miss)).min(self.assignments * tokens)
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

/// The most-loaded rank's excess time over balanced, as a share, at `ranks`.
fn excess(table: &Imbalance, ranks: u32) -> f64 {
    let points = || table.ranks.iter().zip(&table.factor).map(|(&ranks, &f)| (f64::from(ranks), f));
    let ranks = f64::from(ranks);
    let below = points().rfind(|point| point.0 <= ranks);
    let above = points().find(|point| point.0 >= ranks);
    let factor = match (below, above) {
        (Some((low, a)), Some((high, b))) if high > low => {
            a + (b - a) * libm::log(ranks / low) / libm::log(high / low)
        }
        (Some((_, factor)), _) | (None, Some((_, factor))) => factor,
        (None, None) => 1.0,
    };
    factor - 1.0
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
            (Bound::Latency, self.serial),
        ];
        let mut parts = blend(&terms, Norm::Power(self.p));
        parts[Bound::HbmBandwidth] += self.activation_bytes(rows) * self.activation;
        let mut parts = parts.scaled(self.imbalance(rows));
        parts[Bound::Latency] += self.t0;
        parts
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }
}
