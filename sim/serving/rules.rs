//! What an engine may be told about the order of its work.

/// Who is served first, and who gives way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheduling {
    /// Whoever came first; where pages run out, the latest admitted gives way. The default of vLLM
    /// 0.12 (`--scheduling-policy fcfs`), of `SGLang` 0.5 and of TensorRT-LLM 1.1.
    #[default]
    Fcfs,
    /// By priority, then by arrival; where pages run out, the last in that order gives way,
    /// whenever it was admitted. vLLM's `--scheduling-policy priority`: nobody is preempted for
    /// the sake of a request that waits.
    Priority,
    /// The same, and a request that waits takes the places of less urgent ones that run, the last
    /// of them first, if that makes room for it: `SGLang`'s `--enable-priority-scheduling` with
    /// `--priority-scheduling-preemption-threshold 0`.
    Preemptive,
}

/// Prompts wait for company while answers are written: TensorRT-LLM's `batch_wait_timeout_iters`
/// and `batch_wait_max_tokens_ratio`, both 0 as version 1.1 ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PrefillDelay {
    /// For so many steps at most.
    pub steps: u32,
    /// Or until a step would have so many of its tokens, in millionths.
    pub fill_ppm: u32,
}

/// Rules that engines have off, or none of, unless they are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Who is served first.
    pub scheduling: Scheduling,
    /// Whether prompts wait for company.
    pub delay: Option<PrefillDelay>,
    /// Most tokens of one prompt in a step, if that is not the step's own limit: vLLM's
    /// `--long-prefill-token-threshold`, 0 (none) as version 0.12 ships.
    pub longest_chunk: Option<u32>,
}

impl Rules {
    /// As much of `tokens` tokens of one prompt as a step may compute.
    pub(super) fn chunk(&self, tokens: u32) -> u32 {
        tokens.min(self.longest_chunk.unwrap_or(u32::MAX))
    }
}
