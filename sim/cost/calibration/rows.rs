//! One row of constants per family. The forms are written in the files; symbols are theirs.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::hardware::Engine;
use crate::units::Seconds;

/// Dense products.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GemmRow {
    pub(crate) ec: f64,
    pub(crate) em: f64,
    pub(crate) t0: Seconds,
    pub(crate) k0: f64,
    pub(crate) kappa: Seconds,
    pub(crate) p: f64,
}

/// Prefill attention, MLA's included.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrefillRow {
    pub(crate) ec: f64,
    pub(crate) em: f64,
    pub(crate) t0: Seconds,
    pub(crate) ee: f64,
    /// Least time of a block of queries of one head on a core.
    #[serde(default)]
    pub(crate) tau: Seconds,
    /// The engine that multiplies.
    pub(crate) math: Engine,
}

/// Decode attention.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecodeRow {
    pub(crate) em: f64,
    pub(crate) t0: Seconds,
    pub(crate) tau: Seconds,
    pub(crate) delta: Seconds,
    pub(crate) sigma: Seconds,
    pub(crate) lambda: Seconds,
    /// What benchmarks read from a warm cache. Prices of steps leave it out.
    pub(crate) warm: Warm,
}

/// MLA decode.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MlaDecodeRow {
    pub(crate) ec: f64,
    pub(crate) em: f64,
    pub(crate) p: f64,
    pub(crate) t0: Seconds,
    pub(crate) tau: Seconds,
    pub(crate) delta: Seconds,
    pub(crate) sigma: Seconds,
    pub(crate) lambda: Seconds,
    /// Least share of a context that a core takes: kernels cut a sequence into so many parts.
    #[serde(default)]
    pub(crate) least: f64,
    /// What benchmarks read from a warm cache. Prices of steps leave it out.
    pub(crate) warm: Warm,
}

/// KV below `below` of the L2 cache, which replaying a benchmark keeps warm, takes the share `part`
/// of the memory's time.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Warm {
    pub(crate) below: f64,
    pub(crate) part: f64,
}

/// Routed experts.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoeRow {
    pub(crate) ec: f64,
    pub(crate) em: f64,
    pub(crate) t0: Seconds,
    pub(crate) p: f64,
    pub(crate) ra: f64,
    pub(crate) rn: f64,
    pub(crate) tau: Seconds,
}

/// The most-loaded expert rank.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SkewRow {
    /// Its time over the balanced time, less one, per doubling of the ranks.
    pub(crate) skew: f64,
}

/// NCCL.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NcclRow {
    pub(crate) alpha: Seconds,
    pub(crate) hop: Seconds,
    pub(crate) e: f64,
    pub(crate) beta: Seconds,
}

/// An engine's own all-reduce.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AllReduceRow {
    pub(crate) one_alpha: Seconds,
    pub(crate) one_e: f64,
    pub(crate) two_alpha: Seconds,
    pub(crate) two_e: f64,
    pub(crate) beta: Seconds,
    /// Per other rank, of either.
    #[serde(default)]
    pub(crate) hop: Seconds,
}

/// Dispatch and combine.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct AllToAllRow {
    pub(crate) alpha: Seconds,
    pub(crate) e: f64,
    /// How long the kernel takes to copy a rank's own tokens, in passes through its memory.
    #[serde(default)]
    pub(crate) passes: f64,
    /// Per root of the bytes that a rank sends.
    #[serde(default)]
    pub(crate) beta: Seconds,
    pub(crate) nic_e: Option<f64>,
}

/// The engines' hosts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hosts {
    #[expect(dead_code, reason = "stated in every file; read by people")]
    form: String,
    #[expect(dead_code, reason = "stated in every file; read by people")]
    source: String,
    pub(crate) engines: BTreeMap<String, HostRow>,
}

/// An engine's host.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct HostRow {
    /// What it was fitted to.
    pub(crate) fitted: String,
    /// Per step: scheduling, input preparation, the gap between graphs.
    pub(crate) step: Seconds,
    /// Per sequence of a step: its bookkeeping, sampling, detokenising.
    pub(crate) sequence: Seconds,
    /// Per kernel of a step: the gap between two nodes of a CUDA graph.
    #[serde(default)]
    pub(crate) kernel: Seconds,
    /// Per further rank of a step: handing it its inputs, and waiting for the last.
    #[serde(default)]
    pub(crate) rank: Seconds,
    /// Once per request, before its first token; the engine is free meanwhile.
    pub(crate) first_token: Seconds,
    /// The same per token of its prompt: receiving and tokenising it.
    #[serde(default)]
    pub(crate) token: Seconds,
}

/// Operators without a fitted family.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Others {
    pub(crate) elementwise: Stream,
    pub(crate) network: Network,
    pub(crate) send: Send,
}

/// A kernel that streams.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stream {
    pub(crate) launch: Seconds,
    pub(crate) em: f64,
}

/// An indexer of sparse attention, decodes or prefills.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndexerRow {
    pub(crate) launch: Seconds,
    pub(crate) ec: f64,
    pub(crate) em: f64,
    /// Per query on one core.
    pub(crate) sigma: Seconds,
    /// Per key of the mean context.
    pub(crate) lambda: Seconds,
}

/// One kernel of a recurrent mixer: a step or a scan of the state, a short convolution.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinearRow {
    pub(crate) em: f64,
    pub(crate) t0: Seconds,
    /// Per token of a prompt and head on one core, whatever the chip.
    pub(crate) serial: Seconds,
    /// What benchmarks read from a warm cache. Prices of steps leave it out.
    pub(crate) warm: Warm,
}

/// The network between domains.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Network {
    pub(crate) alpha: Seconds,
    pub(crate) e: f64,
}

impl Network {
    /// For groups of one domain, which use no network.
    pub(crate) const NONE: Self = Self { alpha: Seconds::ZERO, e: 1.0 };
}

/// A send from one rank to the next.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Send {
    pub(crate) e: f64,
}
