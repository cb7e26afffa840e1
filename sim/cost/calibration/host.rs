//! An engine's host terms, for reading, fitting and writing.

use super::catalog::Calibration;
use crate::cost::profile::EngineProfile;
use crate::units::Seconds;

/// What an engine's host adds to the kernels of a step and to a request.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HostTerms {
    /// Per step: scheduling, input preparation, the gap between graphs.
    pub step: Seconds,
    /// Per sequence of a step: its bookkeeping, sampling, detokenising.
    pub sequence: Seconds,
    /// Per kernel of a step: the gap between two nodes of a CUDA graph.
    pub kernel: Seconds,
    /// Per further rank of a step: handing it its inputs, and waiting for the last.
    pub rank: Seconds,
    /// Once per request, before its first token; the engine is free meanwhile.
    pub first_token: Seconds,
    /// The same per token of its prompt: receiving and tokenising it.
    pub token: Seconds,
}

impl Calibration {
    /// The host terms of `engine`.
    pub fn host(&self, engine: EngineProfile) -> HostTerms {
        let row = &self.host.engines[engine.name()];
        HostTerms {
            step: row.step,
            sequence: row.sequence,
            kernel: row.kernel,
            rank: row.rank,
            first_token: row.first_token,
            token: row.token,
        }
    }

    /// The same constants with other host terms for `engine`.
    pub fn with_host(mut self, engine: EngineProfile, terms: HostTerms) -> Self {
        let row =
            self.host.change().engines.get_mut(engine.name()).expect("every engine has host terms");
        row.step = terms.step;
        row.sequence = terms.sequence;
        row.kernel = terms.kernel;
        row.rank = terms.rank;
        row.first_token = terms.first_token;
        row.token = terms.token;
        self
    }
}
