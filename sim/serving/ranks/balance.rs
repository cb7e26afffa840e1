//! Which group of ranks a request goes to.

use std::fmt;

use crate::cost::EngineProfile;

/// How requests are spread over the groups of an attention-DP plan, each of which has sequences,
/// pages and limits of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// In turns. `SGLang` 0.5 (`--load-balance-method round_robin`).
    RoundRobin,
    /// To the group with the lowest sum of running requests and four times those that wait, the
    /// first of those that are equal. vLLM 0.12 (`DPLBAsyncMPClient.get_core_engine_for_request`),
    /// whose front end hears of counts every 100 ms and adds up what it sends meanwhile; here they
    /// are always fresh.
    LeastLoaded,
    /// To the group that has most of its prompt in its cache, the least loaded of those that are
    /// equal. No engine ships it; routers before them do.
    Prefix,
}

impl Balance {
    /// What `engine` does if nothing is set. TensorRT-LLM counts tokens of requests that run.
    pub const fn shipped(engine: EngineProfile) -> Self {
        match engine {
            EngineProfile::Vllm | EngineProfile::Trtllm => Self::LeastLoaded,
            EngineProfile::Sglang => Self::RoundRobin,
        }
    }

    /// The name in flags and documents.
    pub const fn key(self) -> &'static str {
        match self {
            Self::RoundRobin => "round-robin",
            Self::LeastLoaded => "least-loaded",
            Self::Prefix => "prefix",
        }
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}
