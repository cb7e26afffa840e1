//! Operators without a fitted family: streams, and the indexer's score pass.

use super::bench::Bench;
use super::setting::Setting;
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::Scores;
use crate::cost::norm::{Norm, blend};
use crate::cost::work::{ContextForm, Load, Peaks, RowForm, Work};
use crate::hardware::Format;
use crate::model::Indexer;

/// `launch + bytes/(em W)`: one kernel, as engines fuse it. `em` is the channel model's triad times
/// the on-die factor; the file's where the memory is not stacked.
pub(in crate::cost) struct ElementwiseForm {
    bytes: f64,
    memory: f64,
    launch: f64,
    peaks: Peaks,
}

impl ElementwiseForm {
    pub(in crate::cost) fn new(bytes_per_token: f64, setting: &Setting) -> Self {
        let stream = setting.calibration.others.elementwise;
        Self {
            bytes: bytes_per_token,
            memory: 1.0 / (setting.unmeasured_stream(stream.em) * setting.bench.machine.bandwidth),
            launch: stream.launch.get(),
            peaks: setting.bench.ceilings(Format::Bf16),
        }
    }
}

impl RowForm for ElementwiseForm {
    fn work(&self, rows: f64) -> Work {
        Work { bytes: rows * self.bytes, ..Work::default() }
    }

    fn time(&self, rows: f64) -> Breakdown {
        let mut parts = Breakdown::default();
        parts[Bound::HbmBandwidth] = rows * self.bytes * self.memory;
        parts[Bound::Latency] = self.launch;
        parts
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }
}

/// `launch + max(2·h·d·pairs/(ec P), bytes/(em W))`, once for decodes and once for prefills.
///
/// Every query is scored against every index key in FP8 where there is FP8. Bytes: each sequence's
/// keys once, and its 32-bit scores three times (written, then read twice to select).
pub(in crate::cost) struct IndexerForm {
    pair_flops: f64,
    key_bytes: f64,
    compute: f64,
    memory: f64,
    launch: f64,
    compression: f64,
    peaks: Peaks,
}

/// Bytes moved for one score.
const SCORE_BYTES: f64 = 12.0;

impl IndexerForm {
    pub(in crate::cost) fn new(indexer: &Indexer, setting: &Setting) -> Self {
        Self::with(indexer, setting.calibration.others.indexer, &setting.bench)
    }

    /// The form with the constants `scores`.
    pub(in crate::cost) fn with(indexer: &Indexer, scores: Scores, on: &Bench) -> Self {
        let peaks = on.ceilings(indexer.keys);
        Self {
            pair_flops: 2.0 * f64::from(indexer.heads) * f64::from(indexer.dim),
            key_bytes: f64::from(indexer.dim) * indexer.keys.bytes(),
            compute: 1.0 / (scores.ec * peaks.flops),
            memory: 1.0 / (scores.em * peaks.bytes),
            launch: scores.launch.get(),
            compression: 1.0 / f64::from(indexer.compression.max(1)),
            peaks,
        }
    }

    fn pass(&self, pairs: f64, keys: f64) -> Work {
        let (pairs, keys) = (pairs * self.compression, keys * self.compression);
        let bytes = keys * self.key_bytes + pairs * SCORE_BYTES;
        Work { flops: pairs * self.pair_flops, bytes, wire: 0.0 }
    }

    fn pass_time(&self, work: Work) -> Breakdown {
        if work == Work::default() {
            return Breakdown::default();
        }
        let terms = [
            (Bound::Compute, work.flops * self.compute),
            (Bound::HbmBandwidth, work.bytes * self.memory),
        ];
        let mut parts = blend(&terms, Norm::Max);
        parts[Bound::Latency] += self.launch;
        parts
    }

    fn passes(&self, load: &Load) -> [Work; 2] {
        let decode = load.decode_keys(None);
        [self.pass(decode, decode), self.pass(load.pairs(None), load.prefill_keys(None))]
    }
}

impl ContextForm for IndexerForm {
    fn work(&self, load: &Load) -> Work {
        let [decode, prefill] = self.passes(load);
        decode + prefill
    }

    fn time(&self, load: &Load) -> Breakdown {
        let [decode, prefill] = self.passes(load);
        self.pass_time(decode) + self.pass_time(prefill)
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }
}
