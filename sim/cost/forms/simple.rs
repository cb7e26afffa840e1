//! Streams, which have no fitted family, and the indexer of sparse attention.

use super::bench::Bench;
use super::setting::Setting;
use crate::cost::bound::{Bound, Breakdown};
use crate::cost::calibration::IndexerRow;
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

/// `launch + max(2·h·d·pairs/(ec P), bytes/(em W)) + σ·q/SM + λ·c`, once for decodes and once for
/// prefills, each with constants of its own.
///
/// Every one of q queries is scored against every index key in FP8 where there is FP8. Bytes: each
/// sequence's keys once, and its 32-bit scores three times (written, then read twice to select). σ:
/// one query's selection on a core; λ: one key that a selection walks through, of c: decodes' mean
/// context, prefills' longest. At a given number of decodes affine in their contexts.
pub(in crate::cost) struct IndexerForm {
    pair_flops: f64,
    key_bytes: f64,
    decode: Pass,
    prefill: Pass,
    compression: f64,
    peaks: Peaks,
}

/// Constants of one phase, on a chip.
struct Pass {
    compute: f64,
    memory: f64,
    launch: f64,
    /// Seconds per query, all cores at work, and per key of a query.
    query: f64,
    lambda: f64,
}

/// What one phase asks for.
#[derive(Clone, Copy)]
struct Scored {
    queries: f64,
    pairs: f64,
    keys: f64,
    /// Keys that one query's selection walks through.
    chain: f64,
}

/// Bytes moved for one score.
const SCORE_BYTES: f64 = 12.0;

impl IndexerForm {
    pub(in crate::cost) fn new(indexer: &Indexer, setting: &mut Setting) -> Self {
        let keys = match indexer.compression {
            ..=1 => ["dsa-decode", "dsa-prefill"],
            _ => ["csa-decode", "csa-prefill"],
        };
        let (family, engines) = (&setting.calibration.sparse, setting.engine.attention());
        let engine = setting.bench.chip.engine_for(indexer.keys);
        let [decode, prefill] = keys.map(|key| {
            let chosen = setting.choose("indexer", family, engines, &[key]);
            let ec = setting.efficiency(chosen.row.ec, &chosen, engine);
            let lambda = chosen.row.lambda * setting.stream_scale(&chosen);
            IndexerRow { ec, lambda, ..chosen.row }
        });
        Self::with(indexer, [decode, prefill], &setting.bench)
    }

    /// The form with the constants of decodes and of prefills.
    pub(in crate::cost) fn with(
        indexer: &Indexer,
        [decode, prefill]: [IndexerRow; 2],
        on: &Bench,
    ) -> Self {
        let peaks = on.ceilings(indexer.keys);
        let pass = |row: IndexerRow| Pass {
            compute: 1.0 / (row.ec * peaks.flops),
            memory: 1.0 / (row.em.min(1.0) * peaks.bytes),
            launch: row.launch.get(),
            query: row.sigma.get() / on.machine.cores,
            lambda: row.lambda.get(),
        };
        Self {
            pair_flops: 2.0 * f64::from(indexer.heads) * f64::from(indexer.dim),
            key_bytes: f64::from(indexer.dim) * indexer.keys.bytes(),
            decode: pass(decode),
            prefill: pass(prefill),
            compression: 1.0 / f64::from(indexer.compression.max(1)),
            peaks,
        }
    }

    fn decodes(&self, load: &Load) -> Scored {
        let (queries, keys) = (load.sequences(), load.decode_keys(None) * self.compression);
        Scored { queries, pairs: keys, keys, chain: keys / queries.max(1.0) }
    }

    fn prefills(&self, load: &Load) -> Scored {
        let pairs = load.pairs(None) * self.compression;
        let keys = load.prefill_keys(None) * self.compression;
        let chain = load.prefill_longest() * self.compression;
        Scored { queries: load.new_tokens(), pairs, keys, chain }
    }

    fn pass_work(&self, scored: Scored) -> Work {
        let bytes = scored.keys * self.key_bytes + scored.pairs * SCORE_BYTES;
        Work { flops: scored.pairs * self.pair_flops, bytes, wire: 0.0 }
    }

    fn pass_time(&self, scored: Scored, pass: &Pass) -> Breakdown {
        if scored.queries == 0.0 {
            return Breakdown::default();
        }
        let work = self.pass_work(scored);
        let terms = [
            (Bound::Compute, work.flops * pass.compute),
            (Bound::HbmBandwidth, work.bytes * pass.memory),
        ];
        let mut parts = blend(&terms, Norm::Max);
        let walk = pass.lambda * scored.chain;
        parts[Bound::Latency] += pass.launch + pass.query * scored.queries + walk;
        parts
    }
}

impl ContextForm for IndexerForm {
    fn work(&self, load: &Load) -> Work {
        self.pass_work(self.decodes(load)) + self.pass_work(self.prefills(load))
    }

    fn time(&self, load: &Load) -> Breakdown {
        let decode = self.pass_time(self.decodes(load), &self.decode);
        decode + self.pass_time(self.prefills(load), &self.prefill)
    }

    fn peaks(&self) -> Peaks {
        self.peaks
    }
}
