//! Dense matrix products.

use super::bench::Bench;
use super::setting::Setting;
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::GemmRow;
use crate::cost::machine::Arithmetic;
use crate::cost::norm::{Norm, blend};
use crate::cost::work::{Peaks, RowForm, Work};
use crate::model::Gemm;

/// `t0 + [(F(1+k0/k)/(ec P))^p + (B/(em W))^p + (κk)^p]^(1/p) + Q/(em W)`.
///
/// F = 2mnk; B = weights + m(k·wa + 2n) bytes; Q = m·k(2+wa) bytes of the quantise pass, where
/// activations are quantised; engines that fuse it into the kernel before pay neither Q nor its
/// launch, so t0 is a 16-bit product's. No tile search: it gains a third of a point of error.
pub(in crate::cost) struct GemmForm {
    flops: f64,
    weights: f64,
    row_bytes: f64,
    compute: f64,
    memory: f64,
    k_loop: f64,
    quantise: f64,
    t0: f64,
    p: f64,
    peaks: Peaks,
}

impl GemmForm {
    pub(in crate::cost) fn new(gemm: &Gemm, setting: &mut Setting) -> Self {
        let mut math = setting.arithmetic(gemm.weights);
        let engines = setting.engine.gemms(math.key);
        let family = &setting.calibration.gemm;
        let chosen = setting.choose_for("gemm", family, engines, math);
        let ec = setting.efficiency(chosen.row.ec, &chosen, math.engine);
        let mut row = GemmRow { ec, ..chosen.row };
        if setting.engine.fuses_quantise(math.key) {
            row.t0 = setting.choose("gemm", family, engines, &["bf16"]).row.t0;
            math.quantises = false;
        }
        Self::with(gemm, math, row, &setting.bench)
    }

    /// The form with the constants `row`, computed as `math` says.
    pub(in crate::cost) fn with(gemm: &Gemm, math: Arithmetic, row: GemmRow, on: &Bench) -> Self {
        let (n, k) = (gemm.n as f64, gemm.k as f64);
        let memory = 1.0 / (row.em.min(1.0) * on.machine.bandwidth);
        let quantised = if math.quantises { k * (2.0 + math.activation) } else { 0.0 };
        Self {
            flops: 2.0 * n * k,
            weights: n * k * gemm.weights.bytes(),
            row_bytes: k * math.activation + 2.0 * n,
            compute: 2.0 * n * k * (1.0 + row.k0 / k) / (row.ec * math.peak),
            memory,
            k_loop: row.kappa.get() * k,
            quantise: quantised * memory,
            t0: row.t0.get(),
            p: row.p,
            peaks: on.ceilings(gemm.weights),
        }
    }
}

impl RowForm for GemmForm {
    fn work(&self, rows: f64) -> Work {
        let bytes = self.weights + rows * self.row_bytes;
        Work { flops: rows * self.flops, bytes, wire: 0.0 }
    }

    fn time(&self, rows: f64) -> Breakdown {
        let terms = [
            (Bound::Compute, rows * self.compute),
            (Bound::HbmBandwidth, self.work(rows).bytes * self.memory),
            (Bound::Latency, self.k_loop),
        ];
        let mut parts = blend(&terms, Norm::Power(self.p));
        parts[Bound::HbmBandwidth] += rows * self.quantise;
        parts[Bound::Latency] += self.t0;
        parts
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }
}
